"""Listening to the queue, by a broker whose connections die without a word."""

from __future__ import annotations

import gc
import logging
import signal
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
import redis
from celery.exceptions import DuplicateTaskNameWarning

from db.broker import queue
from db.broker.queue import LOOK, celery_app
from db.names import GPU
from tests.faults.servers import proxy_to
from tests.servers import redis_server
from tests.waiting import GUARD_S, until
from worker.process.consumer import Consumer

pytestmark = pytest.mark.processes


def test_a_listener_that_is_started_anew_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(queue._SOCKET, "socket_timeout", 2)  # how long a dead connection holds its thread
    heard = threading.Semaphore(0)
    (tmp_path / "redis").mkdir()
    with redis_server(tmp_path / "redis") as broker, proxy_to(broker.port, tmp_path) as proxy:
        link = redis.Redis.from_url(broker.url)
        consumer = Consumer(proxy.url, GPU, 2, heard.release)
        with warnings.catch_warnings():
            warnings.simplefilter("error", DuplicateTaskNameWarning)
            consumer.start()
            _call(broker.url, 1)
            assert heard.acquire(timeout=GUARD_S)
            files = 0
            for _ in range(3):
                proxy.send(signal.SIGUSR1)
                _call(broker.url, 2)  # the first is swallowed by the dead connection
                until(lambda: link.llen(GPU) == 0, meanwhile=lambda: consumer.check(free_slots=2, consumer_stall_s=0.5))
                assert heard.acquire(timeout=GUARD_S)
                until(lambda: _threads() == 1)
                files = files or _open_files()
            until(lambda: _open_files() <= files, "it leaves files open")
            consumer.close()
            until(lambda: _threads() == 0)


def test_a_worker_at_a_full_broker_does_not_flood_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    looks: list[float] = []
    with redis_server(tmp_path) as broker, redis.Redis.from_url(broker.url) as link, celery_app(broker.url) as app:
        for _ in range(5):
            app.send_task(LOOK, args=[GPU, "hint"], queue=GPU, ignore_result=True)
        link.config_set("maxmemory-policy", "noeviction")
        link.config_set("maxmemory", 1)
        consumer = Consumer(broker.url, GPU, 2, lambda: looks.append(time.monotonic()))
        consumer.start()
        end = time.monotonic() + 6
        while time.monotonic() < end:
            consumer.check(free_slots=2, consumer_stall_s=6)
            time.sleep(0.2)
        assert len(caplog.records) <= 4, caplog.text
        assert not any(record.exc_info for record in caplog.records)
        assert "refuses" in caplog.text
        link.config_set("maxmemory", 0)
        until(lambda: len(looks) > 0, meanwhile=lambda: consumer.check(free_slots=2, consumer_stall_s=6))
        consumer.close()


def test_a_listener_that_needs_longer_to_start_than_messages_may_lie_is_given_the_time(tmp_path: Path) -> None:
    class Slow(Consumer):
        """What listens on a machine where nothing gets its turn for a second."""

        def _listen(self, controller: Any) -> None:
            time.sleep(1)
            if controller is self._controller:
                super()._listen(controller)

    heard = threading.Semaphore(0)
    with redis_server(tmp_path) as broker:
        _call(broker.url, 1)
        consumer = Slow(broker.url, GPU, 2, heard.release)
        consumer.start()
        until(
            lambda: heard.acquire(blocking=False), meanwhile=lambda: consumer.check(free_slots=2, consumer_stall_s=0.2)
        )
        consumer.close()
        until(lambda: _threads() == 0)


def test_a_listener_that_takes_a_message_while_it_is_left_behind_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", failed.append)
    heard = threading.Semaphore(0)
    with redis_server(tmp_path) as broker, redis.Redis.from_url(broker.url) as link:

        class Late(Consumer):
            """A message comes when the old listener is left behind and the new one is not there yet."""

            def start(self) -> None:
                _call(broker.url, 1)
                left_at = time.monotonic()
                while self._thread is not None and link.llen(GPU) and time.monotonic() < left_at + 3:
                    time.sleep(0.05)
                super().start()

            def _messages_wait(self) -> bool:
                return True

        consumer = Late(broker.url, GPU, 2, heard.release)
        consumer.start()
        assert heard.acquire(timeout=GUARD_S)
        for _ in range(3):
            time.sleep(3)  # it listens again
            consumer.check(free_slots=2, consumer_stall_s=-1)
        consumer.close()
        until(lambda: _threads() == 0)
    assert not failed, failed[0].exc_value


def _call(broker: str, times: int) -> None:
    app = celery_app(broker)
    for _ in range(times):
        app.send_task(LOOK, args=[GPU, "hint"], queue=GPU, ignore_result=True)
    app.close()


def _open_files() -> int:
    gc.collect()
    return len([*Path("/proc/self/fd").iterdir()])


def _threads() -> int:
    return sum(thread.name == "consumer" for thread in threading.enumerate())
