"""Jobs of one dead worker are lost together, however far apart they are reaped; none of them is blamed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from db.failures import Failure
from db.jobs import jobs, leases
from db.ops import sweeps
from db.schema.tables import Job, State, Worker
from db.schema.tables_access import Tenant
from db.session import Database
from db.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = Settings(lease_s=60, retry_first_s=5, retry_cap_s=5)


@pytest.fixture
def database(each_database: Database) -> Database:
    return each_database


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def begun(database: Database, seconds: float, worker_id: str = "dying") -> UUID:
    """A job that a worker runs from then on, and whose lease it renews no more."""
    with database.write() as session:
        tenant = Tenant(name=f"{seconds}", created_at=NOW)
        session.add(tenant)
        session.flush()
        jobs.submit(session, at(seconds), jobs.NewJob(tenant.id, "video.caption", "gpu", {}))
        job = leases.claim(session, at(seconds), "gpu", worker_id, SETTINGS.lease_s)
        assert job is not None
        leases.start(session, at(seconds), job.id, job.epoch)
        return job.id


def reaped(database: Database, job_id: UUID, seconds: float) -> int:
    """How many losses count against a job after its reaping."""
    with database.write() as session:
        assert sweeps.reap(session, at(seconds), job_id, SETTINGS) is not None
    with database.read() as session:
        return session.get_one(Job, job_id).losses_here


def test_a_job_reaped_long_after_another_is_lost_with_it_still(database: Database) -> None:
    """The first is at work elsewhere again, or even done, by the time the second one's lease has run out."""
    first, second, third = (begun(database, seconds) for seconds in (0, 5, 9))
    assert reaped(database, first, 61) == 0
    with database.write() as session:
        sweeps.wake(session, at(64 + SETTINGS.retry_first_s))
        again = leases.claim(session, at(65), "gpu", "healthy", SETTINGS.lease_s)
        assert again is not None
        assert again.id == first
    assert reaped(database, second, 66) == 0
    with database.write() as session:
        leases.start(session, at(67), first, again.epoch)
        leases.finalize(session, first, again.epoch)
        assert leases.succeed(session, at(68), first, again.epoch, {}, [], leases.Usage())
        job = session.get_one(Job, second)
        jobs.request_cancel(session, at(68), job)
    assert reaped(database, third, 70) == 0


def test_a_job_alone_is_blamed_whatever_else_was_lost_before(database: Database) -> None:
    other = begun(database, 0)
    assert reaped(database, other, 61) == 1
    long_after = begun(database, 200)
    elsewhere = begun(database, 201, "healthy")
    assert reaped(database, long_after, 261) == 1
    assert reaped(database, elsewhere, 262) == 1


def heard(database: Database, worker_id: str, seconds: float) -> None:
    """The worker's heartbeat, as it writes it itself."""
    with database.write() as session:
        row = Worker(id=worker_id, role="gpu", queues=["gpu"], started_at=NOW, heartbeat_at=at(seconds))
        session.merge(row)


def again(database: Database, job_id: UUID, seconds: float, worker_id: str) -> None:
    """The job's next attempt."""
    with database.write() as session:
        sweeps.wake(session, at(seconds))
        job = leases.claim(session, at(seconds), "gpu", worker_id, SETTINGS.lease_s)
        assert job is not None
        assert job.id == job_id
        leases.start(session, at(seconds), job.id, job.epoch)


@pytest.mark.parametrize("wakes", [True, False])
def test_workers_that_only_froze_do_not_make_a_job_poison(database: Database, wakes: bool) -> None:
    """Each is heard of again after its lease was taken; a job whose workers stay silent is what killed them."""
    heard(database, "w0", 0)
    job_id = begun(database, 0, "w0")
    for loss in range(1, SETTINGS.poison_losses + 2 if wakes else SETTINGS.poison_losses):
        assert reaped(database, job_id, loss * 100 - 10) == (1 if wakes else loss)
        heard(database, f"w{loss}", loss * 100)
        again(database, job_id, loss * 100, f"w{loss}")
        if wakes:
            heard(database, f"w{loss - 1}", loss * 100 + 1)
    reaped(database, job_id, 490)
    with database.read() as session:
        job = session.get_one(Job, job_id)
    expected = (State.RETRY_WAIT, None) if wakes else (State.FAILED, Failure.POISON)
    assert (job.state, job.failure) == expected


def test_a_killed_child_is_not_forgiven_because_its_worker_lives(database: Database) -> None:
    job_id = begun(database, 0, "w")
    for loss in (1, 2, 3):
        ending = leases.Ending(Failure.WORKER_LOST, "the model process was killed")
        with database.write() as session:
            job = session.get_one(Job, job_id)
            leases.fail(session, at(loss * 100), job_id, job.epoch, ending, SETTINGS)
        heard(database, "w", loss * 100 + 1)
        if loss < SETTINGS.poison_losses:
            again(database, job_id, loss * 100 + 50, "w")
    with database.read() as session:
        assert session.get_one(Job, job_id).failure is Failure.POISON
