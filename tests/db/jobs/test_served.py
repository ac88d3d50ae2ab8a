"""Which models the living workers serve, and what of them an answer depends on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.jobs import served
from db.jobs.counts import HEARTBEAT_LIFE
from db.jobs.served import Maker
from db.schema.tables import Worker
from db.session import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CODE = {"packages": {"bm3-vl": "0.2.0"}}


def add(database: Database, name: str, *models: dict[str, Any], late: timedelta = timedelta(), **data: Any) -> None:
    with database.write() as session:
        worker = Worker(id=name, role="gpu", queues=["gpu"], slots=2, started_at=NOW, heartbeat_at=NOW - late)
        worker.data = {"models": [*models], **data}
        session.add(worker)


def maker(database: Database, model: str | None = None, queue: str = "gpu") -> Maker | None:
    with database.read() as session:
        return served.maker_for(session, NOW, queue, model)


def test_an_answer_depends_on_the_weights_of_the_model_named_or_of_the_first(database: Database) -> None:
    add(database, "a", {"name": "one", "weights_sha256": "1"}, {"name": "two", "weights_sha256": "2"}, **CODE)
    assert maker(database) == maker(database, "one") == Maker("1", "0.2.0")
    assert maker(database, "two") == Maker("2", "0.2.0")


@pytest.mark.parametrize("model", [{}, {"name": "one"}, {"name": "one", "weights_sha256": ""}])
def test_where_no_weights_are_told_nothing_is_known(database: Database, model: dict[str, Any]) -> None:
    add(database, "a", *([model] if model else []), **CODE)
    assert maker(database) is None
    assert maker(database, "one") is None
    assert maker(database, "another") is None


def test_workers_that_differ_and_those_of_other_queues_and_dead_ones_decide_nothing(database: Database) -> None:
    add(database, "a", {"name": "one", "weights_sha256": "1"}, **CODE)
    add(database, "dead", {"name": "one", "weights_sha256": "2"}, late=HEARTBEAT_LIFE, **CODE)
    assert maker(database) == Maker("1", "0.2.0")
    assert maker(database, queue="cpu") is None
    add(database, "new", {"name": "one", "weights_sha256": "1"}, packages={"bm3-vl": "0.3.0"})
    assert maker(database) is None


def test_a_model_is_what_its_workers_tell_and_no_demonstration_unless_they_say_so(database: Database) -> None:
    add(database, "a", {"name": "one", "weights_sha256": "1"}, {"name": "nano", "weights_sha256": "0", "demo": True})
    add(database, "b", {"name": "one", "weights_sha256": "1"}, {"name": "bad", "problem": "no such folder"})
    with database.read() as session:
        nano, one = served.models(session, NOW)
        broken = served.broken(session, NOW)
    assert (nano.name, nano.demo, nano.default, nano.workers) == ("nano", True, False, 1)
    assert (one.name, one.demo, one.default, one.workers, one.slots) == ("one", False, True, 2, 4)
    assert [(model.worker, model.name) for model in broken] == [("b", "bad")]
