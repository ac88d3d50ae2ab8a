"""Claims and leases on both databases: one holder at a time, fair order, writes only under a lease that still holds."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from db.documents.event_types import HistoryEventType
from db.documents.kinds.video import Cue
from db.failures import Failure
from db.jobs import events, jobs, leases, progress
from db.jobs.claims import Served
from db.jobs.leases import Ending, Usage
from db.jobs.progress import JobProgress, ProgressStep
from db.schema.base import new_id
from db.schema.tables import CueRow, Job, JobAttempt, JobEvent, State
from db.schema.tables_access import Tenant
from db.session import Database
from db.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = Settings()


@pytest.fixture
def database(each_database: Database) -> Database:
    return each_database


def tenant(database: Database, max_running: int | None = None) -> UUID:
    with database.write() as session:
        row = Tenant(name=new_id().hex, created_at=NOW, max_running=max_running)
        session.add(row)
        session.flush()
        return row.id


def submit(database: Database, tenant_id: UUID, priority: int = 0) -> UUID:
    with database.write() as session:
        new = jobs.NewJob(tenant_id, "video.caption", "gpu", {"n": 1}, priority=priority)
        return jobs.submit(session, NOW, new).id


def claim(database: Database, worker: str = "w") -> Job | None:
    with database.write() as session:
        return leases.claim(session, NOW, "gpu", worker, 60)


def running(database: Database) -> Job:
    """A job that its worker has begun."""
    submit(database, tenant(database))
    job = claim(database)
    assert job is not None
    with database.write() as session:
        assert leases.start(session, NOW, job.id, job.epoch)
    return job


def cue(seq: int) -> Cue:
    return Cue(seq=seq, start_ms=seq, end_ms=seq + 1, text=f"cue {seq}", chunk_first=seq, chunk_last=seq)


def save(database: Database, job: Job, seq: int, epoch: int | None = None) -> bool:
    with database.write() as session:
        return progress.save(
            session, NOW, job.id, epoch or job.epoch, ProgressStep([cue(seq)], {"next": seq + 1}, seq + 1)
        )


def stored(database: Database, job: Job) -> Job:
    with database.read() as session:
        return session.get_one(Job, job.id)


def test_racing_workers_never_hold_one_job(database: Database) -> None:
    owner = tenant(database)
    wanted = {submit(database, owner) for _ in range(40)}
    taken: list[UUID] = []

    def work(name: str) -> None:
        while (job := claim(database, name)) is not None:
            taken.append(job.id)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 40
    assert set(taken) == wanted


def test_priority_then_the_tenant_with_less_then_age(database: Database) -> None:
    busy, idle = tenant(database), tenant(database)
    first, second, urgent = submit(database, busy), submit(database, busy), submit(database, busy, priority=5)
    third = submit(database, idle)
    order = [job.id for _ in range(4) if (job := claim(database)) is not None]
    assert order == [urgent, third, first, second]


def test_a_tenant_at_its_quota_waits(database: Database) -> None:
    owner = tenant(database, max_running=1)
    submit(database, owner)
    submit(database, owner)
    assert claim(database) is not None
    assert claim(database) is None


def test_an_old_epoch_writes_nothing(database: Database) -> None:
    job = running(database)
    with database.write() as session:
        assert leases.release(session, NOW, job.id, job.epoch, Usage())
    again = claim(database, "other")
    assert again is not None
    assert again.epoch == job.epoch + 1
    assert not save(database, job, 0)
    with database.write() as session:
        assert leases.renew(session, NOW, job.id, job.epoch, 60) is None
        assert not leases.start(session, NOW, job.id, job.epoch)
        assert not leases.finalize(session, job.id, job.epoch)
        assert not leases.succeed(session, NOW, job.id, job.epoch, {}, [], Usage())
        assert not leases.release(session, NOW, job.id, job.epoch, Usage())
        assert not leases.cancel_owned(session, NOW, job.id, job.epoch, Usage())
        assert not leases.note(session, NOW, job.id, job.epoch, HistoryEventType.GAP, {})
        assert leases.fail(session, NOW, job.id, job.epoch, Ending(Failure.INTERNAL, "x"), SETTINGS) is None
    assert stored(database, job).state is State.LEASED


def test_steps_may_be_repeated_when_their_commit_was_not_confirmed(database: Database) -> None:
    job = running(database)
    for _ in range(2):
        with database.write() as session:
            assert leases.start(session, NOW, job.id, job.epoch)
    for seq in (0, 0, 1, 1):
        assert save(database, job, seq)
    assert stored(database, job).cue_count == 2
    for _ in range(2):
        with database.write() as session:
            assert leases.finalize(session, job.id, job.epoch)
    for _ in range(2):
        with database.write() as session:
            assert leases.succeed(session, NOW, job.id, job.epoch, {"ok": 1}, [], Usage())
    with database.read() as session:
        events = session.scalars(select(JobEvent.type).where(JobEvent.job_id == job.id).order_by(JobEvent.seq)).all()
    assert events == ["job.queued", "job.started", "job.succeeded"]


def test_cues_and_checkpoint_stand_or_fall_together(database: Database) -> None:
    job = running(database)
    assert save(database, job, 0)
    with pytest.raises(IntegrityError), database.write() as session:
        progress.save(session, NOW, job.id, job.epoch, ProgressStep([cue(0)], {"next": 2}, 2))
    found = stored(database, job)
    assert (found.cue_count, found.checkpoint) == (1, {"next": 1})
    with database.read() as session:
        assert len(session.scalars(select(CueRow).where(CueRow.job_id == job.id)).all()) == 1


def lose(database: Database, job: Job, code: Failure = Failure.WORKER_LOST, *, shared: bool = False) -> State | None:
    with database.write() as session:
        return leases.fail(session, NOW, job.id, job.epoch, Ending(code, "gone", shared=shared), SETTINGS)


def requeue(database: Database, job: Job) -> Job:
    with database.write() as session:
        session.get_one(Job, job.id).state = State.QUEUED
    again = claim(database)
    assert again is not None
    return again


def begin(database: Database, job: Job) -> Job:
    with database.write() as session:
        assert leases.start(session, NOW, job.id, job.epoch)
    return job


def test_three_losses_at_one_checkpoint_are_poison(database: Database) -> None:
    job = running(database)
    for _ in range(2):
        assert lose(database, job) is State.RETRY_WAIT
        job = begin(database, requeue(database, job))
    assert lose(database, job) is State.FAILED
    assert stored(database, job).failure is Failure.POISON


def test_losses_with_others_are_not_the_jobs_fault(database: Database) -> None:
    """Killed from outside again and again, beside other jobs: its retries may run out, but it is not called poison."""
    job = running(database)
    for _ in range(SETTINGS.retry_limit):
        assert lose(database, job, shared=True) is State.RETRY_WAIT
        job = begin(database, requeue(database, job))
    assert job.losses_here == 0
    assert lose(database, job, shared=True) is State.FAILED
    assert stored(database, job).failure is Failure.RETRIES_EXHAUSTED


def test_progress_clears_the_suspicion(database: Database) -> None:
    job = running(database)
    for _ in range(2):
        assert lose(database, job) is State.RETRY_WAIT
        job = begin(database, requeue(database, job))
    assert save(database, job, 0)
    assert lose(database, job) is State.RETRY_WAIT


def test_a_worker_lost_before_the_handler_began_says_nothing_about_the_job(database: Database) -> None:
    submit(database, tenant(database))
    job = claim(database)
    for _ in range(4):
        assert job is not None
        assert lose(database, job) is State.RETRY_WAIT
        job = requeue(database, job)


def test_retries_end(database: Database) -> None:
    job = running(database)
    for _ in range(SETTINGS.retry_limit):
        assert lose(database, job, Failure.STORAGE) is State.RETRY_WAIT
        job = requeue(database, job)
    assert lose(database, job, Failure.STORAGE) is State.FAILED
    assert stored(database, job).failure is Failure.RETRIES_EXHAUSTED


def test_retries_end_for_a_job_that_fails_again_and_again_at_its_end(database: Database) -> None:
    """Its last checkpoint is written anew by every attempt, which is no progress."""
    job = running(database)
    assert save(database, job, 0)
    for _ in range(SETTINGS.retry_limit):
        assert lose(database, job, Failure.STORAGE) is State.RETRY_WAIT
        job = begin(database, requeue(database, job))
        with database.write() as session:
            assert progress.save(session, NOW, job.id, job.epoch, ProgressStep([], {"next": 1}, 1))
    assert lose(database, job, Failure.STORAGE) is State.FAILED
    assert stored(database, job).failure is Failure.RETRIES_EXHAUSTED


@pytest.mark.slow
def test_only_a_change_of_place_is_progress(database: Database) -> None:
    job = running(database)
    later, latest = NOW + timedelta(seconds=10), NOW + timedelta(seconds=20)
    with database.write() as session:
        assert progress.report(session, later, job.id, job.epoch, JobProgress(5, 10, "here"))
        assert progress.report(session, latest, job.id, job.epoch, JobProgress(5, 10, "still here"))
    found = stored(database, job)
    assert (found.progress_at, found.progress_note) == (later, "still here")


def test_a_job_waits_for_a_worker_that_serves_its_model(database: Database) -> None:
    tenant_id = tenant(database)
    with database.write() as session:
        large = jobs.submit(session, NOW, jobs.NewJob(tenant_id, "video.caption", "gpu", {}, priority=9, model="large"))
        small = jobs.submit(session, NOW, jobs.NewJob(tenant_id, "video.caption", "gpu", {}, model="small"))
        either = jobs.submit(session, NOW, jobs.NewJob(tenant_id, "video.caption", "gpu", {}))
    with database.write() as session:
        taken = [leases.claim(session, NOW, "gpu", "w", 60, Served(["small"])) for _ in range(3)]
        assert [job.id for job in taken if job is not None] == [small.id, either.id]
        other = leases.claim(session, NOW, "gpu", "v", 60, Served(["large"]))
        assert other is not None
        assert other.id == large.id


def test_each_tenth_of_the_way_is_one_event_whoever_reports_it(database: Database) -> None:
    job = running(database)
    with database.write() as session:
        for done_ms in range(0, 101, 3):
            assert progress.report(session, NOW, job.id, job.epoch, JobProgress(done_ms, 100))
            assert progress.save(session, NOW, job.id, job.epoch, ProgressStep([], {}, done_ms))
        told = [event.data["done_ms"] for event in events.after(session, job.id) if event.type == "job.progress"]
    assert told == [12, 21, 30, 42, 51, 60, 72, 81, 90]


def test_every_attempt_is_written_down(database: Database) -> None:
    job = running(database)
    assert save(database, job, 3)
    assert lose(database, job) is State.RETRY_WAIT
    requeue(database, job)
    with database.read() as session:
        first, second = session.scalars(select(JobAttempt).order_by(JobAttempt.attempt)).all()
    assert (first.outcome, first.failure, first.resumed_from_ms, first.ended_at_ms) == ("lost", "worker_lost", 0, 4)
    assert (second.outcome, second.resumed_from_ms) == (None, 4)
