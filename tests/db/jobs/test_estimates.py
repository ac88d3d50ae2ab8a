"""When a job will be done, from rates that were measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from db.access import tenants
from db.jobs import estimates, jobs, leases, progress
from db.jobs.estimates import Estimate, Rates
from db.jobs.jobs import NewJob
from db.jobs.leases import Usage
from db.jobs.progress import JobProgress
from db.schema.tables import Job, State, Worker
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


def test_a_wait_counts_from_when_the_job_may_begin(database: Database) -> None:
    first, second = submit(database), submit(database)
    with database.write() as session:
        for job_id in (first, second):
            session.get_one(Job, job_id).available_at = later(60)
    rates = Rates(20.0, None, 1)
    assert (estimate(database, first, rates).starts_at, estimate(database, second, rates).starts_at) == (
        later(60),
        later(80),
    )
    with database.write() as session:
        session.get_one(Job, first).available_at = later(-60)
        session.get_one(Job, second).state = State.AWAITING_INPUT
    assert estimate(database, first, rates) == Estimate(0, NOW, later(20), None)
    assert estimate(database, second, rates).starts_at is None, "nobody knows when its input comes"


@pytest.mark.parametrize(
    ("done_ms", "ran_s", "rates", "realtime", "finishes_s"),
    [
        (20_000, 10, Rates(99.0, 1.0, 1), 2.0, 20),
        (20_000, 1, Rates(99.0, 4.0, 1), 4.0, 10),  # too short to tell its speed
        (0, 10, Rates(99.0, 4.0, 1), 4.0, 15),
        (0, 10, Rates(30.0, None, 1), None, 20),  # as long as others took, from its beginning
        (0, 10, Rates(5.0, None, 1), None, 0),  # longer than others already
        (0, 10, Rates(None, None, 1), None, None),
    ],
)
def test_when_a_running_job_will_be_done(
    database: Database, done_ms: int, ran_s: float, rates: Rates, realtime: float | None, finishes_s: float | None
) -> None:
    job_id = submit(database)
    with database.write() as session:
        job = leases.claim(session, later(-ran_s), "gpu", "w", 60)
        assert job is not None
        leases.start(session, later(-ran_s), job.id, job.epoch)
        progress.report(session, NOW, job.id, job.epoch, JobProgress(done_ms, 60_000))
    found = estimate(database, job_id, rates)
    assert (found.ahead, found.starts_at, found.realtime) == (0, later(-ran_s), realtime)
    assert found.finishes_at == (None if finishes_s is None else later(finishes_s))


def test_of_a_job_that_is_done_all_is_known(database: Database) -> None:
    job_id = submit(database)
    run(database, later(-30), 20, 60_000)
    assert estimate(database, job_id, Rates(99.0, 1.0, 1)) == Estimate(0, later(-30), later(-10), 3.0)


def test_only_living_workers_of_the_queue_have_slots(database: Database) -> None:
    with database.write() as session:
        for name, queue, ago_s, draining in (
            ("alive", "gpu", 0, False),
            ("dead", "gpu", 3600, False),
            ("leaving", "gpu", 0, True),
            ("other", "cpu", 0, False),
        ):
            beat = later(-ago_s)
            session.add(
                Worker(
                    id=name, role=queue, queues=[queue], slots=2, started_at=NOW, heartbeat_at=beat, draining=draining
                )
            )
    with database.read() as session:
        assert estimates.measure(session, NOW, "gpu", "video.caption") == Rates(None, None, 2)


def test_rates_look_back_on_fifty_attempts_of_the_kind(database: Database) -> None:
    for number in range(51):
        submit(database)
        run(database, later(100 * number - 20_000 * (not number)), 10 if number else 10_000, 0)
    with database.read() as session:
        assert estimates.measure(session, NOW, "gpu", "video.caption") == Rates(10.0, None, 0)
        assert estimates.measure(session, NOW, "gpu", "chat.complete") == Rates()


def test_rates_are_measured_once_for_many_asked_at_once(database: Database) -> None:
    job_id, estimator = submit(database), estimates.Estimator()

    def starts() -> datetime | None:
        with database.read() as session:
            return estimator.of(session, NOW, session.get_one(Job, job_id)).starts_at

    assert starts() is None
    worker(database, 1)
    assert starts() is None, "as it was a moment ago"
    estimator._kept = {key: (at - 6, rates) for key, (at, rates) in estimator._kept.items()}
    assert starts() == NOW
