"""The dispatcher's rounds: one leads, a failing step stops no other, and files go when their job goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from db.jobs import jobs, leases
from db.jobs.leases import FileEntry, Usage
from db.schema.tables import Job, State
from db.schema.tables_access import Tenant
from db.session import Database
from db.settings import Settings
from db.storage.local import LocalObjects
from worker.dispatcher.loop import Dispatcher, DispatchStep, steps

SETTINGS = Settings(dispatch_every_s=1.0)


@pytest.fixture
def objects(tmp_path: Path) -> LocalObjects:
    return LocalObjects(tmp_path / "store")


def counting(name: str, taken: list[str], error: Exception | None = None) -> DispatchStep:
    def run(database: Database, settings: Settings) -> int:
        taken.append(name)
        if error is not None:
            raise error
        return 1

    return DispatchStep(name, run)


def test_one_leads_and_the_next_takes_over(database: Database) -> None:
    taken: list[str] = []
    first = Dispatcher(database, SETTINGS, (counting("first", taken),), "first")
    second = Dispatcher(database, SETTINGS, (counting("second", taken),), "second")
    for dispatcher in (first, second, first):
        assert dispatcher.round() == 0
    assert taken == ["first", "first"]
    first.leadership.resign()
    second.round()
    first.round()
    assert taken == ["first", "first", "second"]


def test_a_failing_step_stops_no_other(database: Database) -> None:
    taken: list[str] = []
    plan = (
        counting("a", taken, OperationalError("x", {}, Exception())),
        counting("b", taken, OSError("disk")),
        counting("c", taken),
    )
    assert Dispatcher(database, SETTINGS, plan, "one").round() == 2
    assert taken == ["a", "b", "c"]


def test_every_step_runs_on_an_empty_database_twice(database: Database, objects: LocalObjects) -> None:
    dispatcher = Dispatcher(database, SETTINGS, steps(objects), "one")
    for _ in range(16):
        assert dispatcher.round() == 0


def test_a_deleted_job_goes_with_its_files_and_leaves_those_others_need(
    database: Database, objects: LocalObjects
) -> None:
    now = datetime.now(UTC)
    with database.write() as session:
        tenant = Tenant(name="a", created_at=now)
        session.add(tenant)
        session.flush()
        jobs.submit(session, now, jobs.NewJob(tenant.id, "video.caption", "gpu", {}))
        job = leases.claim(session, now, "gpu", "w", 60)
        assert job is not None
        files = [FileEntry(name, f"jobs/{job.id}/1/{name}", "text/vtt", 1, "0" * 64) for name in ("a.vtt", "b.vtt")]
        leases.start(session, now, job.id, job.epoch)
        leases.finalize(session, job.id, job.epoch)
        leases.succeed(session, now, job.id, job.epoch, {}, files, Usage())
    for key in (*(file.object_key for file in files), f"jobs/{job.id}/0/of-a-lost-attempt"):
        objects.put(key, b"x", "text/vtt")
    with database.write() as session:
        new = jobs.NewJob(tenant.id, "video.caption", "gpu", {})
        heir = jobs.submit_cached(session, now, new, session.get_one(Job, job.id))
        session.get_one(Job, job.id).deleted_at = now - timedelta(hours=1)
    dispatcher = Dispatcher(database, SETTINGS, steps(objects), "one")
    dispatcher.round()
    with database.read() as session:
        assert session.get(Job, job.id) is None
        assert session.get_one(Job, heir.id).state is State.SUCCEEDED
    assert {info.key for info in objects.list_prefix("jobs/")} == {file.object_key for file in files}
    with database.write() as session:
        session.get_one(Job, heir.id).deleted_at = now - timedelta(hours=1)
    Dispatcher(database, SETTINGS, steps(objects), "one").round()
    assert list(objects.list_prefix("jobs/")) == []
