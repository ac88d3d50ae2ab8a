"""What a worker may do to a job: claim it, keep it, write to it, and let it go. Every write carries the epoch."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, update
from sqlalchemy.orm import Session

from db.broker.signals import Nudge, signal
from db.documents.event_types import EventType, HistoryEventType
from db.failures import RETRYABLE, Failure
from db.jobs.claims import Served, candidates
from db.jobs.transitions import ENDING, finish_values, move, record
from db.jobs.verdicts import counts_as_loss, verdict
from db.schema.tables import OWNED, Job, JobAttempt, JobFile, State, Worker
from db.settings import Settings

EXPIRED = "expired"  # outcome of an attempt whose lease ran out and which counts as a loss


@dataclass(frozen=True)
class FileEntry:
    """A result file already in the object store."""

    name: str
    object_key: str
    media_type: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Usage:
    """What an attempt cost, as far as it is known."""

    busy_seconds: float = 0.0
    peak_memory_bytes: int | None = None
    weights_sha256: str | None = None
    cost: float | None = None  # None: the worker has no price


@dataclass(frozen=True)
class KeptWork:
    """What a job leaves that is canceled after it has something to show."""

    result: dict[str, Any]
    files: Sequence[FileEntry]


@dataclass(frozen=True)
class Ending:
    """Why an attempt ended without a result.

    `shared`: others ended with it, by something from outside. `expired`: its worker was not heard of, dead or not.
    """

    code: Failure
    message: str
    usage: Usage = field(default_factory=Usage)
    _: KW_ONLY
    shared: bool = False
    expired: bool = False
    details: dict[str, Any] = field(default_factory=dict)


def claim(
    session: Session, now: datetime, queue: str, worker_id: str, lease_s: float, models: Served | None = None
) -> Job | None:
    """The best eligible job of the queue: highest priority, then the tenant with fewer running jobs, then age."""
    for job_id in candidates(session, queue, models):
        job = move(session, job_id, {State.QUEUED}, _claim_values(now, worker_id, lease_s))
        if job is not None:
            _open_attempt(session, now, job)
            return job
    return None


def start(session: Session, now: datetime, job_id: UUID, epoch: int) -> bool:
    """The child took the job up."""
    values: dict[str, Any] = {
        "state": State.RUNNING,
        "progress_at": now,
        "started_at": func.coalesce(Job.started_at, now),
    }
    job = move(session, job_id, {State.LEASED}, values, epoch=epoch)
    if job is not None:
        record(session, now, job, EventType.JOB_STARTED, {"attempt": job.attempt, "resumed_from_ms": job.checkpoint_ms})
        return True
    return _stands(session, job_id, epoch, State.RUNNING)


def renew(session: Session, now: datetime, job_id: UUID, epoch: int, lease_s: float) -> Job | None:
    """Keep the job; None means that it is lost: stop and write nothing."""
    return move(session, job_id, OWNED, {"lease_until": now + timedelta(seconds=lease_s)}, epoch=epoch)


def note(
    session: Session, now: datetime, job_id: UUID, epoch: int, event_type: HistoryEventType, data: dict[str, Any]
) -> bool:
    """Add an event to the job's history. False: the lease is lost."""
    job = move(session, job_id, OWNED, {"worker_id": Job.worker_id}, epoch=epoch)
    if job is not None:
        record(session, now, job, event_type, data)
    return job is not None


def finalize(session: Session, job_id: UUID, epoch: int) -> bool:
    """The handler is done; result files are being written."""
    job = move(session, job_id, {State.RUNNING}, {"state": State.FINALIZING}, epoch=epoch)
    return job is not None or _stands(session, job_id, epoch, State.FINALIZING)


def succeed(
    session: Session,
    now: datetime,
    job_id: UUID,
    epoch: int,
    result: dict[str, Any],
    files: Sequence[FileEntry],
    usage: Usage,
) -> bool:
    """Swap the result in; exactly one attempt can ever do this."""
    values = {
        **finish_values(now, State.SUCCEEDED),
        "result": result,
        "checkpoint": None,
        "done_ms": func.coalesce(Job.total_ms, Job.done_ms),
    }
    job = move(session, job_id, {State.FINALIZING}, values, epoch=epoch)
    if job is None:
        return _stands(session, job_id, epoch, State.SUCCEEDED)
    if files:
        session.execute(insert(JobFile), [{"job_id": job_id, **entry.__dict__} for entry in files])
    close_attempt(session, now, job, "succeeded", None, usage)
    record(session, now, job, EventType.JOB_SUCCEEDED, {"attempt": job.attempt})
    return True


def fail(session: Session, now: datetime, job_id: UUID, epoch: int, ending: Ending, settings: Settings) -> State | None:
    """End the attempt: back to the queue after a delay, or failed for good. None: the lease is lost."""
    job = session.get(Job, job_id, populate_existing=True)
    if job is None or job.epoch != epoch or job.state not in OWNED:
        return None
    if job.cancel_requested_at is not None:
        return _cancel_owned(session, now, job, ending.usage)
    _acquit(session, job)
    blamed = counts_as_loss(job, ending.code, shared=ending.shared)
    code, message = verdict(job, ending.code, ending.message, settings, blamed=blamed)
    if code in RETRYABLE:
        return _retry_later(session, now, job, ending, settings)
    values = {**finish_values(now, State.FAILED), "failure": code, "failure_message": message[:4000]}
    moved = move(session, job_id, OWNED, values, epoch=epoch)
    if moved is None:
        return None
    close_attempt(session, now, moved, "failed", Ending(code, message, ending.usage), ending.usage)
    told = {"code": code, "message": message[:1000]}
    record(session, now, moved, EventType.JOB_FAILED, {**told, "details": ending.details} if ending.details else told)
    return State.FAILED


def _acquit(session: Session, job: Job) -> None:
    """Take back the loss before this attempt where its worker has been heard of since: it was frozen or starved.

    Asked one attempt later, when whoever lives has had the time to say so.
    """
    before = session.get(JobAttempt, (job.id, job.attempt - 1))
    if before is None or before.outcome != EXPIRED or before.ended_at is None or not job.losses_here:
        return
    worker = session.get(Worker, before.worker_id, populate_existing=True)
    if worker is not None and worker.heartbeat_at > before.ended_at:
        move(session, job.id, OWNED, {"losses_here": Job.losses_here - 1}, epoch=job.epoch)


def cancel_owned(
    session: Session, now: datetime, job_id: UUID, epoch: int, usage: Usage, kept: KeptWork | None = None
) -> bool:
    """The worker has stopped a job whose cancel flag was set; what it wrote so far stays, with what it `kept` of it."""
    job = session.get(Job, job_id, populate_existing=True)
    if job is None or job.epoch != epoch or job.state not in OWNED:
        return False
    if kept is not None and kept.files:
        session.execute(insert(JobFile), [{"job_id": job_id, **entry.__dict__} for entry in kept.files])
    return _cancel_owned(session, now, job, usage, kept) is not None


def release(session: Session, now: datetime, job_id: UUID, epoch: int, usage: Usage) -> bool:
    """Give the job back unharmed (drain): it is queued again at once and goes on from its checkpoint."""
    values = {"state": State.QUEUED, "queued_at": now, "lease_until": None, "worker_id": None, "nudged_at": None}
    job = move(session, job_id, OWNED, values, epoch=epoch)
    if job is None:
        return False
    close_attempt(session, now, job, "released", None, usage)
    record(session, now, job, HistoryEventType.RELEASED, {"attempt": job.attempt})
    signal(session, Nudge(job.queue, job.id))
    return True


def _stands(session: Session, job_id: UUID, epoch: int, state: State) -> bool:
    """Whether the transition was made already: a commit may get through although its confirmation does not."""
    job = session.get(Job, job_id, populate_existing=True)
    return job is not None and job.epoch == epoch and job.state is state


def _claim_values(now: datetime, worker_id: str, lease_s: float) -> dict[str, Any]:
    return {
        "state": State.LEASED,
        "epoch": Job.epoch + 1,
        "attempt": Job.attempt + 1,
        "worker_id": worker_id,
        "lease_until": now + timedelta(seconds=lease_s),
        "progress_at": now,
        "nudged_at": now,
    }


def _open_attempt(session: Session, now: datetime, job: Job) -> None:
    session.add(
        JobAttempt(
            job_id=job.id,
            attempt=job.attempt,
            epoch=job.epoch,
            worker_id=job.worker_id or "",
            started_at=now,
            resumed_from_ms=job.checkpoint_ms,
        )
    )


def close_attempt(session: Session, now: datetime, job: Job, outcome: str, ending: Ending | None, usage: Usage) -> None:
    """Write how an attempt ended and what it cost."""
    session.execute(
        update(JobAttempt)
        .where(JobAttempt.job_id == job.id, JobAttempt.attempt == job.attempt)
        .values(
            ended_at=now,
            outcome=outcome,
            failure=ending.code if ending else None,
            message=ending.message[:4000] if ending else None,
            ended_at_ms=job.done_ms,
            busy_seconds=usage.busy_seconds,
            peak_memory_bytes=usage.peak_memory_bytes,
            weights_sha256=usage.weights_sha256,
            cost=usage.cost,
        )
    )
    if usage.cost is not None:
        dearer = func.coalesce(Job.cost, 0.0) + usage.cost
        session.execute(update(Job).where(Job.id == job.id).values(cost=dearer))


def _retry_later(session: Session, now: datetime, job: Job, ending: Ending, settings: Settings) -> State | None:
    ceiling = min(settings.retry_cap_s, settings.retry_first_s * 2**job.setbacks)
    delay_s = random.uniform(0, ceiling)
    counted = counts_as_loss(job, ending.code, shared=ending.shared)
    outcome = _outcome(ending, counted=counted)
    values = {
        "state": State.RETRY_WAIT,
        "available_at": now + timedelta(seconds=delay_s),
        "lease_until": None,
        "worker_id": None,
        "setbacks": Job.setbacks + 1,
        "losses_here": Job.losses_here + (1 if counted else 0),
        "memory_setbacks": Job.memory_setbacks + (1 if ending.code is Failure.GPU_OOM else 0),
    }
    moved = move(session, job.id, OWNED, values, epoch=job.epoch)
    if moved is None:
        return None
    close_attempt(session, now, moved, outcome, ending, ending.usage)
    record(
        session,
        now,
        moved,
        HistoryEventType.RETRYING,
        {"code": ending.code, "message": ending.message[:1000], "delay_s": round(delay_s, 1)},
    )
    return State.RETRY_WAIT


def _outcome(ending: Ending, *, counted: bool) -> str:
    if ending.code is not Failure.WORKER_LOST:
        return "retry"
    return EXPIRED if ending.expired and counted else "lost"


def _cancel_owned(
    session: Session, now: datetime, job: Job, usage: Usage, kept: KeptWork | None = None
) -> State | None:
    result = {} if kept is None else {"result": kept.result}
    moved = move(session, job.id, OWNED, {**finish_values(now, State.CANCELED), **result}, epoch=job.epoch)
    if moved is None:
        return None
    close_attempt(session, now, moved, "canceled", None, usage)
    record(session, now, moved, ENDING[State.CANCELED], {})
    return State.CANCELED
