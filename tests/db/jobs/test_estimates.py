"""When a job will be done, from rates that were measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from db.access import tenants
from db.jobs import estimates, jobs, leases, progress
from db.jobs.estimates import Estimate, Rates
from db.jobs.jobs import NewJob
from db.jobs.leases import Usage
from db.jobs.progress import JobProgress
from db.schema.tables import Job, Worker
from db.session import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def submit(database: Database) -> UUID:
    with database.write() as session:
        new = NewJob(tenants.default(session, NOW).id, "video.caption", "gpu", {})
        return jobs.submit(session, NOW, new).id


def run(database: Database, began: datetime, seconds: float, done_ms: int) -> None:
    """One job from claim to success."""
    with database.write() as session:
        job = leases.claim(session, began, "gpu", "w", 60)
        assert job is not None
        leases.start(session, began, job.id, job.epoch)
        progress.report(session, began, job.id, job.epoch, JobProgress(done_ms, done_ms))
        leases.finalize(session, job.id, job.epoch)
        leases.succeed(session, began + timedelta(seconds=seconds), job.id, job.epoch, {}, [], Usage(seconds))


def worker(database: Database, slots: int) -> None:
    with database.write() as session:
        session.add(Worker(id="w", role="gpu", queues=["gpu"], slots=slots, started_at=NOW, heartbeat_at=NOW))


def estimate(database: Database, job_id: UUID, rates: Rates) -> Estimate:
    with database.read() as session:
        return estimates.estimate(session, NOW, session.get_one(Job, job_id), rates)


def test_rates_are_means_of_what_was_measured(database: Database) -> None:
    worker(database, 3)
    for seconds in (10, 30):
        submit(database)
        run(database, NOW, seconds, 60_000)
    with database.read() as session:
        rates = estimates.measure(session, NOW, "gpu", "video.caption")
    assert rates == Rates(run_s=20.0, realtime=3.0, slots=3)


def test_a_queue_is_worked_off_slot_by_slot(database: Database) -> None:
    ids = [submit(database) for _ in range(4)]
    starts = [estimate(database, job_id, Rates(20.0, 3.0, 2)).starts_at for job_id in ids]
    assert starts == [later(0), later(10), later(20), later(30)]
    assert estimate(database, ids[3], Rates(20.0, 3.0, 2)).finishes_at == later(50)


def test_nothing_is_promised_without_workers_or_measurements(database: Database) -> None:
    ids = [submit(database) for _ in range(2)]
    assert estimate(database, ids[0], Rates()).starts_at is None
    assert estimate(database, ids[0], Rates(None, None, 1)) == Estimate(0, NOW, None, None)
    assert estimate(database, ids[1], Rates(None, None, 1)) == Estimate(1, None, None, None)


def test_a_running_job_is_judged_by_its_own_speed(database: Database) -> None:
    job_id = submit(database)
    with database.write() as session:
        job = leases.claim(session, later(-10), "gpu", "w", 60)
        assert job is not None
        leases.start(session, later(-10), job.id, job.epoch)
        progress.report(session, NOW, job.id, job.epoch, JobProgress(20_000, 60_000))
    found = estimate(database, job_id, Rates(99.0, 1.0, 1))
    assert (found.realtime, found.finishes_at) == (2.0, later(20))
