"""When a listener is started anew, to the border of each clock, and what it leaves alone; its broker is in test_consumer."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from celery.bootsteps import CLOSE

from db.broker.queue import LOOK, celery_app
from db.names import GPU
from tests.servers import free_port, redis_server
from tests.waiting import GUARD_S, until
from worker import metrics
from worker.process.consumer import Consumer

STALL_S = 100.0


class Noted(Consumer):
    """A consumer whose listeners are only counted."""

    def __init__(self, redis_url: str) -> None:
        super().__init__(redis_url, GPU, 2, self.looked)
        self.starts, self.looks, self.listens = 0, 0, True

    def looked(self) -> None:
        self.looks += 1

    def start(self) -> None:
        self.starts += 1
        self._heard_at = self._quiet_since = time.monotonic()
        self._thread = threading.Thread(target=lambda: None)
        if self.listens:
            self._thread = threading.current_thread()

    def restarts_after(self, seconds: float, free_slots: int = 1) -> bool:
        """Whether a check so long after the last sign of life starts it anew."""
        before, self._heard_at = self.starts, time.monotonic() - seconds
        self._quiet_since = self._heard_at - 50
        self.check(free_slots, STALL_S)
        return self.starts > before


@pytest.fixture
def consumer(redis_url: str) -> Noted:
    made = Noted(redis_url)
    with celery_app(redis_url) as app:
        app.send_task(LOOK, args=[GPU, "hint"], queue=GPU, ignore_result=True)
    return made


def test_it_is_left_alone_before_it_begins_and_after_it_is_closed(consumer: Noted) -> None:
    assert not consumer.restarts_after(1e6)
    consumer.start()
    consumer.close()
    assert not consumer.restarts_after(1e6)


def test_unheard_messages_start_it_anew_and_each_listener_has_twice_the_time(consumer: Noted) -> None:
    consumer.start()
    counted = metrics.CONSUMER_RESTARTS._value.get()
    for patience in (1, 2, 4, 8, 16, 32, 32):
        assert not consumer.restarts_after(STALL_S * patience - 5)
        assert consumer.restarts_after(STALL_S * patience + 5)
    assert metrics.CONSUMER_RESTARTS._value.get() == counted + 7
    consumer._app.tasks[LOOK](GPU, "hint")
    assert consumer.looks == 1
    assert not consumer.restarts_after(STALL_S - 5), "it has heard, and has its time again"
    assert consumer.restarts_after(STALL_S + 5)


@pytest.mark.parametrize("why", ["no slot", "no message"])
def test_a_listener_that_has_nothing_to_hear_is_not_deaf_however_long(
    consumer: Noted, redis_url: str, why: str
) -> None:
    consumer.start()
    if why == "no message":
        redis.Redis.from_url(redis_url).delete(GPU)
    assert not consumer.restarts_after(1e6, free_slots=0 if why == "no slot" else 1)
    assert consumer._quiet_since > time.monotonic() - GUARD_S, "and the time begins to count now"


def test_a_broker_that_is_away_is_no_deafness() -> None:
    consumer = Noted(f"redis://127.0.0.1:{free_port()}")
    consumer.start()
    assert not consumer.restarts_after(1e6)


def test_a_listener_that_was_sent_away_comes_back_at_once_then_after_pauses_that_double(consumer: Noted) -> None:
    consumer.listens = False
    consumer.start()
    counted = metrics.CONSUMER_RESTARTS._value.get()
    for pause_s in (0, 1, 2, 4, 8, 16, 30, 30):
        before = consumer.starts
        if pause_s:
            asked = time.monotonic()
            consumer.check(1, STALL_S)
            assert asked + pause_s <= consumer._again_at <= time.monotonic() + pause_s
            consumer._again_at += GUARD_S
            consumer.check(1, STALL_S)
            assert consumer.starts == before, "asked again, it goes on waiting"
            consumer._again_at = time.monotonic()
        consumer.check(1, STALL_S)
        assert consumer.starts == before + 1
    assert metrics.CONSUMER_RESTARTS._value.get() == counted + 8
    consumer._app.tasks[LOOK](GPU, "hint")
    before = consumer.starts
    consumer.check(1, STALL_S)
    assert consumer.starts == before + 1, "after a message there is no pause"
    consumer.check(1, STALL_S)
    assert consumer.starts == before + 1, "but before the second start there is"


def controller(error: Exception | None, consumer: Any = None) -> Any:
    def start(_: Any) -> None:
        if error is not None:
            raise error

    return SimpleNamespace(blueprint=SimpleNamespace(start=start), consumer=consumer)


def test_a_refusal_of_the_broker_is_told_and_the_connection_goes(
    consumer: Noted, caplog: pytest.LogCaptureFixture
) -> None:
    gone: list[bool] = []
    inner = SimpleNamespace(shutdown=lambda: gone.append(True))
    consumer._listen(controller(redis.ResponseError("OOM command not allowed"), inner))
    assert gone == [True]
    assert f"queue {GPU} refuses: OOM" in caplog.text
    consumer._app.tasks[LOOK](GPU, "hint")
    caplog.clear()
    consumer._listen(controller(ConnectionError("no route")))
    assert "is not reachable: no route" in caplog.text, "it had been back in between"


def test_a_bug_of_the_listener_is_an_error_unless_it_was_left_behind(consumer: Noted) -> None:
    own = controller(RuntimeError("a bug"))
    consumer._listen(own)
    consumer._controller = own
    with pytest.raises(RuntimeError, match="a bug"):
        consumer._listen(own)
    consumer._closed = True
    consumer._listen(own)


def test_closing_ends_the_listening_and_waits_for_no_job_that_runs(consumer: Noted) -> None:
    release, executor = threading.Event(), ThreadPoolExecutor(1)
    job = executor.submit(release.wait, GUARD_S)
    listening = controller(None, SimpleNamespace(blueprint=SimpleNamespace()))
    listening.pool = SimpleNamespace(executor=executor)
    consumer._controller = listening
    consumer.close()
    assert not job.done()
    release.set()
    assert listening.blueprint.state == listening.consumer.blueprint.state == CLOSE
    consumer.close()


@pytest.mark.processes
def test_a_listener_says_nothing_to_others_and_holds_nobody_up(tmp_path: Path) -> None:
    """What Celery's workers tell each other costs a broker more than the messages do."""
    heard = threading.Semaphore(0)
    with redis_server(tmp_path) as broker, redis.Redis.from_url(broker.url) as link, link.pubsub() as others:
        others.psubscribe("*celeryev*", "*pidbox*")
        until(lambda: link.pubsub_numpat() == 2)
        consumer = Consumer(broker.url, GPU, 2, heard.release)
        consumer.start()
        with celery_app(broker.url) as app:
            app.send_task(LOOK, args=[GPU, "hint"], queue=GPU, ignore_result=True)
        assert heard.acquire(timeout=GUARD_S)
        told = [others.get_message(timeout=0.5) for _ in range(3)]
        assert [message and message["type"] for message in told] == ["psubscribe", "psubscribe", None]
        assert not [*link.scan_iter("*celeryev*")]
        assert all(thread.daemon for thread in threading.enumerate() if thread.name == "consumer")
        consumer.close()
