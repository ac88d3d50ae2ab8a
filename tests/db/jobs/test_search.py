"""The words of cues: filled in for what is there already, and kept whoever writes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from db.access import tenants
from db.documents import search_query
from db.documents.kinds.video import Cue
from db.jobs import jobs, leases, progress, search
from db.jobs.jobs import NewJob
from db.jobs.progress import ProgressStep
from db.jobs.search import SearchQuestion
from db.ops import migrate
from db.session import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BEFORE = "0002"


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """As the version before search left it."""
    sqlite = request.param == "sqlite"
    opened = Database(f"sqlite:///{tmp_path / 'a.sqlite3'}" if sqlite else request.getfixturevalue("postgres_url"))
    migrate.upgrade(opened, BEFORE)
    yield opened
    opened.dispose()


def started(database: Database) -> tuple[UUID, UUID, int]:
    """A running job: tenant, job, epoch."""
    with database.write() as session:
        tenant = tenants.create(session, NOW, "ann").id
        params = {"video": {"url": "https://example.com/a"}}
        jobs.submit(session, NOW, NewJob(tenant, "video.caption", "gpu", params, labels={"camera": "gate"}))
    with database.write() as session:
        job = leases.claim(session, NOW, "gpu", "w", 60)
        assert job is not None
        assert leases.start(session, NOW, job.id, job.epoch)
    return tenant, job.id, job.epoch


def say(database: Database, job_id: UUID, epoch: int, seq: int, words: str) -> None:
    cue = Cue(seq=seq, start_ms=seq, end_ms=seq + 1, text=words, chunk_first=seq, chunk_last=seq)
    with database.write() as session:
        assert progress.save(session, NOW, job_id, epoch, ProgressStep([cue], {"n": seq}, seq + 1))


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
        worker.join(30)
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
