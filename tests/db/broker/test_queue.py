"""Signals through a real Redis: wake-up messages that never pile up, and news of jobs, each said once in a burst."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Callable
from uuid import UUID

import pytest
import redis
from sqlalchemy.orm import Session

from db.broker.queue import EVENTS_CHANNEL, LOOK, MAX_MESSAGES, RedisSignals, how_it_failed
from db.broker.signals import CancelAsked, Changed, NoSignals, Nudge, signal
from db.schema.base import new_id
from tests.servers import free_port
from tests.waiting import GUARD_S, until


@pytest.fixture
def broker(redis_url: str) -> redis.Redis:
    return redis.Redis.from_url(redis_url)


def messages(broker: redis.Redis, queue: str) -> list[tuple[str, list[str]]]:
    """Task and arguments of what waits in a queue, the next first."""
    found = []
    for raw in reversed(broker.lrange(queue, 0, -1)):  # type: ignore[arg-type]
        message = json.loads(raw)
        found.append((message["headers"]["task"], json.loads(_decoded(message["body"]))[0]))
    return found


def _decoded(body: str) -> str:
    return base64.b64decode(body).decode()


def test_a_nudge_is_a_message_that_names_the_queue_and_a_job(redis_url: str, broker: redis.Redis) -> None:
    job_id = new_id()
    RedisSignals(redis_url).send([Nudge("gpu", job_id)])
    until(lambda: broker.llen("gpu") == 1)
    assert messages(broker, "gpu") == [(LOOK, ["gpu", str(job_id)])]


def test_queues_are_nudged_in_the_order_of_their_jobs(redis_url: str, broker: redis.Redis) -> None:
    names = [f"queue-{number}" for number in range(20)]
    RedisSignals(redis_url).send([Nudge(name, new_id()) for name in names])
    until(lambda: broker.llen(names[-1]) == 1)
    assert [broker.llen(name) for name in names] == [1] * 20


def test_each_queue_has_its_own_messages(redis_url: str, broker: redis.Redis) -> None:
    RedisSignals(redis_url).send([Nudge("gpu", new_id()), Nudge("cpu", new_id()), Nudge("gpu", new_id())])
    until(lambda: broker.llen("gpu") == 2 and broker.llen("cpu") == 1)


def test_a_burst_is_some_messages_for_a_nudged_worker_goes_on_until_nothing_is_left(
    redis_url: str, broker: redis.Redis
) -> None:
    signals = RedisSignals(redis_url)
    signals.send([Nudge("gpu", new_id()) for _ in range(100)])
    signals.send([Nudge("last", new_id())])
    until(lambda: broker.llen("last") == 1)
    assert (
        1 <= broker.llen("gpu") <= MAX_MESSAGES
    )  # fewer on a quiet machine: MAX_NUDGES a batch, and one or two batches


@pytest.mark.parametrize(("waiting", "more"), [(MAX_MESSAGES, 0), (MAX_MESSAGES + 5, 0), (MAX_MESSAGES - 1, 1)])
def test_a_queue_that_is_full_gets_no_more(redis_url: str, broker: redis.Redis, waiting: int, more: int) -> None:
    broker.rpush("gpu", *["old"] * waiting)
    signals = RedisSignals(redis_url)
    signals.send([Nudge("gpu", new_id()), Nudge("gpu", new_id())])
    signals.send([Nudge("last", new_id())])
    until(lambda: broker.llen("last") == 1)
    assert broker.llen("gpu") == waiting + more


def heard(broker: redis.Redis, send: Callable[[], None], count: int) -> list[dict[str, str]]:
    """The first messages on the channel of events after something was sent."""
    with broker.pubsub(ignore_subscribe_messages=True) as pubsub:
        pubsub.subscribe(EVENTS_CHANNEL)
        until(lambda: broker.pubsub_numsub(EVENTS_CHANNEL)[0][1] == 1)
        pubsub.get_message(timeout=1)
        send()
        found: list[dict[str, str]] = []
        deadline = time.monotonic() + GUARD_S
        while len(found) < count and time.monotonic() < deadline:
            if (message := pubsub.get_message(timeout=1)) is not None:
                found.append(json.loads(message["data"]))
        return found


def test_news_says_what_kind_it_is_and_of_which_job(redis_url: str, broker: redis.Redis) -> None:
    changed, canceled = new_id(), new_id()
    signals = RedisSignals(redis_url)
    news = heard(broker, lambda: signals.send([Changed(changed), CancelAsked(canceled)]), 2)
    assert news == [{"job": str(changed)}, {"cancel": str(canceled)}]


def test_the_same_news_is_told_once_in_a_burst(redis_url: str, broker: redis.Redis) -> None:
    one, last = new_id(), new_id()
    signals = RedisSignals(redis_url)
    news = heard(broker, lambda: signals.send([*[Changed(one)] * 50, Changed(last)]), 2)
    told = [UUID(message["job"]) for message in news]
    assert set(told) <= {one, last}
    assert told.count(last) <= 1


def test_a_broker_that_is_away_costs_nobody_time_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "db.broker.queue")
    signals = RedisSignals(f"redis://127.0.0.1:{free_port()}/0")
    began = time.monotonic()
    for _ in range(3):
        signals.send([Nudge("gpu", new_id()), Changed(new_id())])
    assert time.monotonic() - began < 10, "a wait would be 3 s for each of six messages"
    until(lambda: "news of jobs) is not reachable" in caplog.text)
    assert caplog.text.count("Redis (wake-up messages) is not reachable") == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (redis.ResponseError("OOM command not allowed"), "refuses"),
        (redis.ConnectionError("refused"), "is not reachable"),
        (OSError("no route"), "is not reachable"),
    ],
)
def test_a_server_that_answers_is_not_away(error: Exception, words: str) -> None:
    assert how_it_failed(error) == words
    wrapped = RuntimeError("by kombu")
    wrapped.__cause__ = error
    assert how_it_failed(wrapped) == words


def test_signals_of_a_transaction_are_kept_once_each() -> None:
    session, job_id = Session(), new_id()
    signal(session, Changed(job_id), Nudge("gpu", job_id))
    signal(session, Changed(job_id), Changed(new_id()))
    assert len(session.info["signals"]) == 3
    NoSignals().send(session.info["signals"])
