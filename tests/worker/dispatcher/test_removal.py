"""What the dispatcher removes, and what it must not: segments, orphans, and history when the clock is wrong."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from db.documents.kinds.video import Cue
from db.jobs import jobs, leases, progress, segments
from db.jobs.leases import FileEntry, Usage
from db.jobs.progress import ProgressStep
from db.ops import clock
from db.schema.tables import CueRow, Job, Leader, State
from db.schema.tables_access import Tenant
from db.session import Database
from db.settings import Settings
from db.storage.local import LocalObjects
from worker.dispatcher.loop import Dispatcher, steps
from worker.dispatcher.orphans import Orphans

SETTINGS = Settings(dispatch_every_s=1.0)
DAY = timedelta(days=1)


@pytest.fixture
def database(each_database: Database) -> Database:
    return each_database


@pytest.fixture
def objects(tmp_path: Path) -> LocalObjects:
    return LocalObjects(tmp_path / "store")


def tenant(database: Database, born: datetime) -> UUID:
    with database.write() as session:
        row = Tenant(name="a", created_at=born)
        session.add(row)
        session.flush()
        return row.id


def claim(database: Database, at: datetime) -> Job:
    with database.write() as session:
        job = leases.claim(session, at, "gpu", "w", 60)
        assert job is not None
        assert leases.start(session, at, job.id, job.epoch)
    return job


def finish(database: Database, objects: LocalObjects, at: datetime) -> Job:
    """Do the next job: one cue, one file."""
    job = claim(database, at)
    file = FileEntry("a.vtt", f"jobs/{job.id}/1/a.vtt", "text/vtt", 1, "0" * 64)
    objects.put(file.object_key, b"x", "text/vtt")
    cue = Cue(seq=0, start_ms=0, end_ms=1, text="said", chunk_first=0, chunk_last=0)
    with database.write() as session:
        assert progress.save(session, at, job.id, job.epoch, ProgressStep([cue], {}, 1))
        leases.finalize(session, job.id, job.epoch)
        assert leases.succeed(session, at, job.id, job.epoch, {}, [file], Usage())
    return job


def submit(database: Database, owner: UUID, at: datetime) -> Job:
    with database.write() as session:
        return jobs.submit(session, at, jobs.NewJob(owner, "video.caption", "gpu", {}))


def split(database: Database, at: datetime) -> Job:
    job = claim(database, at)
    with database.write() as session:
        assert segments.split(session, at, job.id, job.epoch, [{}, {}], Usage())
    return job


def rounds(database: Database, objects: LocalObjects, number: int = 2) -> None:
    """Each with every step in it."""
    for _ in range(number):
        Dispatcher(database, SETTINGS, steps(objects), "one").round()


def left(database: Database, objects: LocalObjects) -> tuple[int, int, int]:
    """Jobs, cues, objects."""
    with database.read() as session:
        counts = [session.scalars(select(func.count()).select_from(table)).one() for table in (Job, CueRow)]
    return counts[0], counts[1], len([*objects.list_prefix("jobs/")])


def test_a_deleted_split_job_goes_with_its_segments(database: Database, objects: LocalObjects) -> None:
    now = datetime.now(UTC) - timedelta(minutes=5)
    submit(database, tenant(database, now), now)
    parent = split(database, now)
    finish(database, objects, now)
    claim(database, now + timedelta(minutes=5))  # the second is at work
    assert left(database, objects) == (3, 1, 1)
    with database.write() as session:
        # Longer ago than readers are waited for, and shorter than a worker may take to hear of it.
        jobs.tombstone(session, datetime.now(UTC) - timedelta(seconds=70), session.get_one(Job, parent.id))
    rounds(database, objects)
    assert left(database, objects) == (1, 0, 0), "the one at work is not gone before its worker has let go"
    with database.write() as session:
        running = session.scalars(select(Job)).one()
        assert running.cancel_requested_at is not None
        assert leases.cancel_owned(session, now, running.id, running.epoch, Usage())
    rounds(database, objects)
    assert left(database, objects) == (0, 0, 0)


def test_segments_whose_parent_was_purged_long_ago_go_too(database: Database, objects: LocalObjects) -> None:
    """As earlier versions left them."""
    now = datetime.now(UTC) - timedelta(minutes=5)
    submit(database, tenant(database, now), now)
    parent = split(database, now)
    finish(database, objects, now)
    finish(database, objects, now)
    with database.write() as session:
        session.delete(session.get_one(Job, parent.id))
    rounds(database, objects, 1)
    with database.write() as session:
        for row in session.scalars(select(Job)):
            assert row.deleted_at is not None
            row.deleted_at = now
    rounds(database, objects, 1)
    assert left(database, objects) == (0, 0, 0)


def test_a_segment_is_kept_as_long_as_its_parent(database: Database, objects: LocalObjects) -> None:
    now = datetime.now(UTC)
    submit(database, tenant(database, now - 40 * DAY), now - 40 * DAY)
    split(database, now - 40 * DAY)
    finish(database, objects, now - 40 * DAY)
    with database.write() as session:
        clock.implausible(session, now, now)
        session.merge(Leader(role=clock.LOOKED, holder="x", until=now))
    rounds(database, objects)
    assert left(database, objects) == (3, 1, 1)


def test_a_job_canceled_while_it_is_split_leaves_no_segments(database: Database, objects: LocalObjects) -> None:
    now = datetime.now(UTC)
    submit(database, tenant(database, now), now)
    job = claim(database, now)
    with database.write() as session:
        jobs.request_cancel(session, now, session.get_one(Job, job.id))
    with database.write() as session:
        assert segments.split(session, now, job.id, job.epoch, [{}, {}], Usage())
    with database.read() as session:
        assert [row.state for row in session.scalars(select(Job))] == [State.CANCELED]


def looked(database: Database, at: datetime) -> None:
    with database.write() as session:
        session.merge(Leader(role=clock.LOOKED, holder="dispatcher", until=at))


def test_a_clock_that_leaps_purges_nothing(database: Database, objects: LocalObjects) -> None:
    """All was finished 40 days ago, as it looks; the dispatcher's last look, too."""
    then = datetime.now(UTC) - 40 * DAY
    owner = tenant(database, then)
    submit(database, owner, then)
    finish(database, objects, then)
    submit(database, owner, then)
    running = claim(database, then)
    queued = submit(database, owner, then)
    looked(database, then)
    with database.write() as session:  # its worker beats by the same clock
        assert leases.renew(session, datetime.now(UTC), running.id, running.epoch, 60) is not None
    rounds(database, objects)
    assert left(database, objects) == (3, 1, 1)
    with database.read() as session:
        assert session.scalars(select(Job).where(Job.deleted_at.is_not(None))).first() is None
        assert session.get_one(Job, queued.id).state is State.QUEUED
        assert session.get_one(Job, running.id).state is State.RUNNING


def test_without_a_last_look_the_last_trace_of_work_counts(database: Database, objects: LocalObjects) -> None:
    then = datetime.now(UTC) - 40 * DAY
    submit(database, tenant(database, then), then)
    finish(database, objects, then)
    rounds(database, objects)
    assert left(database, objects) == (1, 1, 1)
    with database.read() as session:
        assert session.get_one(Job, session.scalars(select(Job.id)).one()).deleted_at is None


def test_old_jobs_go_while_the_clock_is_steady(database: Database, objects: LocalObjects) -> None:
    now = datetime.now(UTC)
    submit(database, tenant(database, now - 40 * DAY), now - 40 * DAY)
    finish(database, objects, now - 31 * DAY)
    looked(database, now - timedelta(hours=23))
    rounds(database, objects, 1)
    with database.read() as session:
        assert session.scalars(select(Job.deleted_at)).one() is not None


def test_a_leap_is_believed_after_a_day_and_forgotten_when_the_clock_is_set_back(database: Database) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)

    def implausible(at: datetime) -> bool:
        with database.write() as session:
            return clock.implausible(session, at, at) is not None

    assert not implausible(start)
    assert not implausible(start + DAY)
    assert implausible(start + 41 * DAY)
    assert not implausible(start + DAY + timedelta(minutes=2)), "set right again"
    assert implausible(start + 41 * DAY)
    assert implausible(start + 42 * DAY - timedelta(seconds=1))
    assert not implausible(start + 42 * DAY)
    assert not implausible(start + 43 * DAY)


def test_a_clock_that_differs_from_the_databases_is_not_believed(database: Database) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with database.write() as session:
        assert clock.implausible(session, start, start + timedelta(minutes=5)) is None
        assert clock.implausible(session, start, start + timedelta(minutes=6)) is not None
        assert clock.implausible(session, start, start - timedelta(minutes=6)) is not None


def lay(objects: LocalObjects, root: Path, key: str, age: timedelta) -> str:
    objects.put(key, b"x", "text/plain")
    at = time.time() - age.total_seconds()
    os.utime(root / "store" / "objects" / key, (at, at))
    return key


def test_objects_that_no_row_knows_go_after_a_day(database: Database, objects: LocalObjects, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    owner = tenant(database, now - 10 * DAY)
    submit(database, owner, now)
    job = finish(database, objects, now)
    heir_of = UUID(int=7)
    kept = {
        lay(objects, tmp_path, f"jobs/{job.id}/1/a.vtt", 2 * DAY),
        lay(objects, tmp_path, f"jobs/{UUID(int=1)}/1/fresh.vtt", timedelta(hours=23)),
        lay(objects, tmp_path, f"jobs/{UUID(int=2)}/1/older-than-the-database.vtt", 11 * DAY),
        lay(objects, tmp_path, f"jobs/{heir_of}/1/of-a-cached-answer.vtt", 2 * DAY),
        lay(objects, tmp_path, "somebody/else", 2 * DAY),
        lay(objects, tmp_path, "jobs/not-an-id/1/a", 2 * DAY),
    }
    lay(objects, tmp_path, f"jobs/{UUID(int=3)}/1/a.vtt", 2 * DAY)
    lay(objects, tmp_path, f"assets/{owner}/{UUID(int=4)}", 2 * DAY)
    with database.write() as session:
        twin = jobs.submit_cached(session, now, jobs.NewJob(owner, "video.caption", "gpu", {}), job)
        for file in jobs.files(session, twin.id):
            file.object_key = f"jobs/{heir_of}/1/of-a-cached-answer.vtt"
    assert Orphans(objects).sweep(database, SETTINGS) == 2
    assert {info.key for info in objects.list_prefix("")} == kept


def test_a_store_that_belongs_to_another_database_is_left_alone(
    database: Database, objects: LocalObjects, tmp_path: Path
) -> None:
    tenant(database, datetime.now(UTC) - 10 * DAY)
    for number in range(11):
        lay(objects, tmp_path, f"jobs/{UUID(int=number)}/1/a.vtt", 2 * DAY)
    assert Orphans(objects).sweep(database, SETTINGS) == 0
    assert len([*objects.list_prefix("")]) == 11
