"""The live side of a worker, over a link to the broker that goes silent without closing."""

from __future__ import annotations

import json
import logging
import queue
import signal
import threading
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import redis

from db.broker.queue import EVENTS_CHANNEL, LIVE_CHANNEL
from tests.faults.servers import proxy_to
from tests.servers import redis_server
from tests.waiting import GUARD_S, until
from worker.supervisor.live import CancelListener, LiveTextPublisher, canceled_job

HEALTH_S = 0.5


def test_a_cancel_is_heard_after_the_link_has_gone_silent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    heard: queue.Queue[UUID] = queue.Queue()
    (tmp_path / "redis").mkdir()
    with redis_server(tmp_path / "redis") as broker, proxy_to(broker.port, tmp_path) as proxy:
        CancelListener(proxy.url, heard.put, HEALTH_S)
        with redis.Redis.from_url(broker.url) as link:
            _cancel_until_heard(link, heard)
            for _ in range(2):
                proxy.send(signal.SIGUSR1)
                _drain(heard)
                _cancel_until_heard(link, heard)
    assert "no answer" in caplog.text


def test_a_quiet_link_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    heard: queue.Queue[UUID] = queue.Queue()
    (tmp_path / "redis").mkdir()
    with redis_server(tmp_path / "redis") as broker, redis.Redis.from_url(broker.url) as link:
        CancelListener(broker.url, heard.put, 0.1)
        _cancel_until_heard(link, heard)
        before = link.info("stats")["total_connections_received"]
        threading.Event().wait(2)
        assert link.info("stats")["total_connections_received"] == before
    assert "no answer" not in caplog.text


def test_text_goes_to_who_watches_its_job_in_order(redis_url: str) -> None:
    job, other = uuid4(), uuid4()
    heard: list[dict[str, object]] = []
    with redis.Redis.from_url(redis_url) as link, link.pubsub(ignore_subscribe_messages=True) as watching:
        watching.subscribe(f"{LIVE_CHANNEL}{job}")
        until(lambda: link.pubsub_numsub(f"{LIVE_CHANNEL}{job}")[0][1] == 1)
        publisher = LiveTextPublisher(redis_url)
        for job_id, text, at in ((job, "a dog", 0), (other, "a cat", 0), (job, " runs", 5)):
            publisher.say(job_id, text, at)

        def listen() -> None:
            if message := watching.get_message(timeout=0.1):
                heard.append(json.loads(message["data"]))

        until(lambda: len(heard) == 2, meanwhile=listen)
    assert heard == [{"text": "a dog", "at": 0}, {"text": " runs", "at": 5}]


def test_cancels_and_good_ends_are_told_apart(redis_url: str) -> None:
    canceled: list[UUID] = []
    stopped: list[UUID] = []
    one, other = uuid4(), uuid4()
    CancelListener(redis_url, canceled.append, 5.0, stopped.append)
    with redis.Redis.from_url(redis_url) as link:
        until(lambda: link.pubsub_numsub(EVENTS_CHANNEL)[0][1] == 1)
        for message in ({"job": str(uuid4())}, {"stop": str(other)}, {"cancel": str(one)}):
            link.publish(EVENTS_CHANNEL, json.dumps(message))
        until(lambda: canceled and stopped)
    assert (canceled, stopped) == ([one], [other])


def test_a_word_names_its_job_and_no_other_word_does() -> None:
    job = uuid4()
    said = json.dumps({"stop": str(job)}).encode()
    assert (canceled_job(said), canceled_job(said, "stop")) == (None, job)


def _cancel_until_heard(link: redis.Redis, heard: queue.Queue[UUID]) -> None:
    deadline = time.monotonic() + GUARD_S
    while heard.empty():
        assert time.monotonic() < deadline, "no cancel was heard"
        link.publish(EVENTS_CHANNEL, json.dumps({"cancel": str(uuid4())}))
        time.sleep(0.1)


def _drain(heard: queue.Queue[UUID]) -> None:
    while not heard.empty():
        heard.get()
