"""The words of cues: filled in for what is there already, and kept whoever writes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import MetaData, Table, text

from db.documents import search_query
from db.jobs import search
from db.jobs.search import SearchQuestion
from db.ops import migrate
from db.schema.base import new_id
from db.session import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BEFORE = "0002"
DATA = {"chunk_first": 0, "chunk_last": 0, "tokens": 0}


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """As the version before search left it."""
    sqlite = request.param == "sqlite"
    opened = Database(f"sqlite:///{tmp_path / 'a.sqlite3'}" if sqlite else request.getfixturevalue("postgres_url"))
    migrate.upgrade(opened, BEFORE)
    yield opened
    opened.dispose()


def started(database: Database) -> tuple[UUID, UUID, int]:
    """A running job as the version before stored it: tenant, job, epoch."""
    tenant, job = new_id(), new_id()
    add(database, "tenants", id=tenant, name="ann", created_at=NOW)
    counts = ("priority", "attempt", "epoch", "setbacks", "losses_here", "memory_setbacks", "done_ms")
    counts += ("checkpoint_ms", "cue_count", "event_seq")
    words = {"kind": "video.caption", "queue": "gpu", "state": "running", "params": {}, "labels": {"camera": "gate"}}
    add(database, "jobs", id=job, tenant_id=tenant, created_at=NOW, **words, **dict.fromkeys(counts, 1))
    return tenant, job, 1


def add(database: Database, table_name: str, **values: Any) -> None:
    """A row in a table as it is there, whatever later versions add to it."""
    table = Table(table_name, MetaData(), autoload_with=database.engine)
    plain = {
        key: value.hex if isinstance(value, UUID) and database.is_sqlite else value for key, value in values.items()
    }
    with database.write() as session:
        session.execute(table.insert().values(**plain))


def say(database: Database, job_id: UUID, epoch: int, seq: int, words: str) -> None:
    """A cue, by whoever writes."""
    add(database, "cues", job_id=job_id, seq=seq, start_ms=seq, end_ms=seq + 1, text=words, data=DATA, epoch=epoch)


def found(database: Database, tenant: UUID, q: str) -> list[int]:
    with database.read() as session:
        hits = search.find(session, tenant, SearchQuestion(search_query.parse(q)), 10_000)
    return [hit.cue.seq for hit in hits]


def test_what_is_there_already_is_found_after_the_upgrade(database: Database) -> None:
    tenant, job_id, epoch = started(database)
    say(database, job_id, epoch, 0, "a red car")
    say(database, job_id, epoch, 1, "红色汽车")
    migrate.upgrade(database)
    say(database, job_id, epoch, 2, "a red bus")
    assert found(database, tenant, "red") == [0, 2]
    assert found(database, tenant, "汽车") == [1]


@pytest.mark.slow
def test_nothing_is_lost_that_is_written_during_the_upgrade(database: Database) -> None:
    tenant, job_id, epoch = started(database)
    for seq in range(200):
        say(database, job_id, epoch, seq, f"car {seq}")
    said, done = [200], threading.Event()

    def work() -> None:
        while not done.is_set():
            say(database, job_id, epoch, said[0], f"car {said[0]}")
            said[0] += 1

    worker = threading.Thread(target=work)
    worker.start()
    try:
        migrate.upgrade(database)
    finally:
        done.set()
        worker.join(60)
    say(database, job_id, epoch, said[0], "car")
    assert found(database, tenant, "car") == [*range(said[0] + 1)]


def test_a_changed_text_is_found_by_its_new_words(database: Database) -> None:
    tenant, job_id, epoch = started(database)
    migrate.upgrade(database)
    say(database, job_id, epoch, 0, "a red car")
    with database.write() as session:
        session.execute(text("UPDATE cues SET text = 'a blue 汽车'"))
    assert (found(database, tenant, "red"), found(database, tenant, "blue")) == ([], [0])


def test_common_and_rare_words_are_found_beyond_the_newest(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "RECENT", 5)
    tenant, job_id, epoch = started(database)
    migrate.upgrade(database)
    for seq in range(20):
        say(database, job_id, epoch, seq, "car" if seq % 2 else f"bus {seq}")
    assert found(database, tenant, "car") == [*range(1, 20, 2)]
    assert found(database, tenant, '"bus 18"') == [18]
