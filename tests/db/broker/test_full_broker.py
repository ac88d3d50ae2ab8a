"""A broker that is there but has no room: what needs none still works, and the log names the reason once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import redis

from db.broker.queue import EVENTS_CHANNEL, RedisSignals
from db.broker.signals import CancelAsked, Changed, Nudge
from db.names import GPU
from tests.servers import RedisServer, redis_server
from tests.waiting import GUARD_S, until
from worker.supervisor.live import canceled_job


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path, append_only=False) as server:
        yield server


def test_cancels_and_changes_go_out_although_nudges_are_refused(
    broker: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    signals, asked = RedisSignals(broker.url), uuid4()
    with redis.Redis.from_url(broker.url) as link, link.pubsub(ignore_subscribe_messages=True) as events:
        events.subscribe(EVENTS_CHANNEL)
        _fill(link)
        for _ in range(3):
            signals.send([Nudge(GPU, uuid4()), Changed(uuid4()), CancelAsked(asked)])
            assert _heard(events, asked)
        until(lambda: "refuses" in caplog.text)
        _make_room(link)
        signals.send([Nudge(GPU, uuid4())])
        until(lambda: link.llen(GPU) == 1)
    lines = [record.getMessage() for record in caplog.records if record.name == "db.broker.queue"]
    assert len([line for line in lines if "refuses" in line]) == 1
    assert not any("is not reachable" in line for line in lines)


def _fill(link: redis.Redis) -> None:
    link.config_set("maxmemory-policy", "noeviction")
    link.config_set("maxmemory", 1)


def _make_room(link: redis.Redis) -> None:
    link.config_set("maxmemory", 0)


def _heard(events: redis.client.PubSub, asked: UUID) -> bool:
    deadline = time.monotonic() + GUARD_S
    while time.monotonic() < deadline:
        message = events.get_message(timeout=0.2)
        if message is not None and canceled_job(message["data"]) == asked:
            return True
    return False
