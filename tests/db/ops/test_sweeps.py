"""What the dispatcher finds and takes up again, on both databases; every step does nothing the second time."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from db.failures import Failure
from db.jobs import jobs, leases
from db.ops import sweeps
from db.schema.base import new_id
from db.schema.tables import Job, JobAttempt, Leader, State
from db.session import Database
from db.settings import Settings
from tests.db.ops.swept import NOW, SETTINGS, Heard, after, claim, stored, submit


def test_one_leads_until_it_stops_beating(database: Database) -> None:
    def lead(holder: str, at: datetime) -> bool:
        with database.write() as session:
            return sweeps.lead(session, at, "dispatcher", holder, 10)

    assert lead("a", NOW)
    assert lead("a", after(5))
    assert not lead("b", after(14))
    assert lead("b", after(16))
    assert not lead("a", after(17))
    with database.write() as session:
        sweeps.abdicate(session, "dispatcher", "b")
        assert session.get(Leader, "dispatcher") is None
    assert lead("a", after(17))


def test_an_expired_lease_is_reaped_once(database: Database, owner: UUID) -> None:
    submit(database, owner)
    job = claim(database)
    with database.write() as session:
        assert sweeps.expired_leases(session, after(59)) == []
        assert sweeps.expired_leases(session, after(61)) == [job.id]
        assert sweeps.reap(session, after(61), job.id, SETTINGS) is State.RETRY_WAIT
    with database.write() as session:
        assert sweeps.reap(session, after(61), job.id, SETTINGS) is None
        assert sweeps.expired_leases(session, after(61)) == []


@pytest.mark.parametrize("workers", [("w", "w"), ("w", "other")])
def test_jobs_lost_with_one_worker_do_not_blame_each_other(
    database: Database, owner: UUID, workers: tuple[str, str]
) -> None:
    """Both are reaped, one after another; a job that was alone with its worker may be what killed it."""
    lost = []
    for worker in workers:
        submit(database, owner)
        with database.write() as session:
            job = leases.claim(session, NOW, "gpu", worker, 60)
            assert job is not None
            assert leases.start(session, NOW, job.id, job.epoch)
            lost.append(job)
    for job in lost:
        with database.write() as session:
            assert sweeps.reap(session, after(61), job.id, SETTINGS) is State.RETRY_WAIT
    alone = workers[0] != workers[1]
    assert [stored(database, job).losses_here for job in lost] == [int(alone), int(alone)]


def test_a_worker_that_beats_in_time_keeps_its_job(database: Database, owner: UUID) -> None:
    submit(database, owner)
    job = claim(database)
    with database.write() as session:
        assert sweeps.expired_leases(session, after(61)) == [job.id]
        assert leases.renew(session, after(61), job.id, job.epoch, 60) is not None
        assert sweeps.reap(session, after(61), job.id, SETTINGS) is None


@pytest.mark.slow
def test_a_lost_job_whose_cancel_was_asked_is_canceled(database: Database, owner: UUID) -> None:
    job = submit(database, owner)
    claim(database)
    with database.write() as session:
        jobs.request_cancel(session, NOW, session.get_one(Job, job.id))
    with database.write() as session:
        assert sweeps.reap(session, after(61), job.id, SETTINGS) is State.CANCELED


def test_retries_wake_when_their_delay_is_over(database: Database, owner: UUID, heard: Heard) -> None:
    job = submit(database, owner)
    claim(database)
    with database.write() as session:
        sweeps.reap(session, after(61), job.id, SETTINGS)
        available_at = session.get_one(Job, job.id).available_at
    assert available_at is not None
    heard.signals.clear()
    with database.write() as session:
        assert sweeps.wake(session, available_at - timedelta(milliseconds=1)) == 0
        assert sweeps.wake(session, available_at) == 1
        assert sweeps.wake(session, available_at) == 0
    assert heard.nudges() == [job.id]
    assert stored(database, job).state is State.QUEUED


def test_unheard_jobs_are_nudged_again_but_not_all_the_time(database: Database, owner: UUID, heard: Heard) -> None:
    job = submit(database, owner)
    heard.signals.clear()
    for seconds, expected in ((0.5, 0), (2, 1), (10, 0), (18, 1), (19, 0)):
        with database.write() as session:
            assert sweeps.renudge(session, after(seconds), 15) == expected
    assert heard.nudges() == [job.id, job.id]
    claim(database)
    with database.write() as session:
        assert sweeps.renudge(session, after(1000), 15) == 0


def test_jobs_that_wait_too_long_expire(database: Database, owner: UUID) -> None:
    queued, waiting = submit(database, owner), submit(database, owner, new_id(), asset_ready=False)
    with database.write() as session:
        assert sweeps.expire(session, after(99), 100) == 0
        assert sweeps.expire(session, after(101), 100) == 2
        assert sweeps.expire(session, after(101), 100) == 0
    assert {stored(database, job).state for job in (queued, waiting)} == {State.EXPIRED}


def test_attempts_without_end_are_ended(database: Database, owner: UUID) -> None:
    submit(database, owner)
    job = claim(database)
    patient = Settings(max_run_s=1000, stall_s=100)
    with database.write() as session:
        assert leases.start(session, NOW, job.id, job.epoch)
        assert sweeps.overdue(session, after(150), patient) == []
        assert sweeps.overdue(session, after(170), patient) == [(job.id, job.epoch, Failure.WORKER_LOST)]
        assert sweeps.overdue(session, after(1100), patient) == [(job.id, job.epoch, Failure.RUN_TIME_EXCEEDED)]
        sweeps.end_overdue(session, after(1100), job.id, job.epoch, Failure.RUN_TIME_EXCEEDED, patient)
    assert stored(database, job).failure is Failure.RUN_TIME_EXCEEDED
    assert stored(database, job).failure_message == "the attempt ran too long"


def test_an_attempt_without_progress_says_so(database: Database, owner: UUID) -> None:
    submit(database, owner)
    job = claim(database)
    with database.write() as session:
        assert leases.start(session, NOW, job.id, job.epoch)
        sweeps.end_overdue(session, after(170), job.id, job.epoch, Failure.WORKER_LOST, SETTINGS)
    with database.read() as session:
        (attempt,) = session.scalars(select(JobAttempt))
        assert (attempt.failure, attempt.message) == (Failure.WORKER_LOST, "no progress")
    assert stored(database, job).state is State.RETRY_WAIT


def test_a_cancel_that_nobody_carries_out_is_carried_out(database: Database, owner: UUID) -> None:
    job = submit(database, owner)
    claimed = claim(database)
    with database.write() as session:
        jobs.request_cancel(session, NOW, session.get_one(Job, job.id))
        assert sweeps.cancel_unanswered(session, after(80), SETTINGS) == []
        assert sweeps.cancel_unanswered(session, after(95), SETTINGS) == [(job.id, claimed.epoch)]
        assert sweeps.force_cancel(session, after(95), job.id, claimed.epoch)
        assert leases.renew(session, after(95), job.id, claimed.epoch, 60) is None
    assert stored(database, job).state is State.CANCELED
