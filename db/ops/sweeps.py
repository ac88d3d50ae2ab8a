"""The dispatcher's questions: what was left behind, and the statements that take it up again. Each is safe to run twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from db.assets import assets
from db.broker.signals import Nudge, signal
from db.documents.event_types import EventType
from db.failures import Failure
from db.jobs import jobs
from db.jobs.inputs import UNVERIFIED
from db.jobs.leases import EXPIRED, Ending, Usage, cancel_owned, fail
from db.jobs.transitions import finish_values, move, record
from db.schema.tables import OWNED, TERMINAL, Asset, AssetState, Job, JobAttempt, JobFile, Leader, State, Upload, Worker
from db.schema.tables_access import Tenant
from db.schema.tables_webhooks import DeliveryState, WebhookDelivery
from db.settings import Settings

BATCH = 100
NUDGES = 16  # a nudged worker claims until nothing is left, so a few nudges wake a whole queue
GRACE = timedelta(seconds=60)  # readers of a job that was just deleted may still be at its files
WORKER_LIFE = timedelta(hours=24)


def lead(session: Session, now: datetime, role: str, holder: str, seconds: float) -> bool:
    """Become or stay the one process with this role; False while another is."""
    until = now + timedelta(seconds=seconds)
    free = or_(Leader.holder == holder, Leader.until < now)
    mine = update(Leader).where(Leader.role == role, free).values(holder=holder, until=until).returning(Leader.role)
    if session.execute(mine).first() is not None:
        return True
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    first = dialect.insert(Leader).values(role=role, holder=holder, until=until).on_conflict_do_nothing()
    return session.execute(first.returning(Leader.role)).first() is not None


def abdicate(session: Session, role: str, holder: str) -> None:
    """Let another process lead at once."""
    session.execute(delete(Leader).where(Leader.role == role, Leader.holder == holder))


def expired_leases(session: Session, now: datetime) -> list[UUID]:
    """Jobs whose worker has not been heard of for a whole lease."""
    late = select(Job.id).where(Job.state.in_([*OWNED]), Job.lease_until < now)
    return [*session.scalars(late.order_by(Job.lease_until).limit(BATCH))]


def reap(session: Session, now: datetime, job_id: UUID, settings: Settings) -> State | None:
    """Take a job from a worker that lost it; None when the worker came back in time."""
    late = select(Job).where(Job.id == job_id, Job.state.in_([*OWNED]), Job.lease_until < now)
    # Locked, so that a beat cannot come between this look and the end of the attempt.
    job = session.scalars(
        late.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    ).one_or_none()
    if job is None:
        return None
    message = f"worker {job.worker_id} was not heard of in time"
    shared = _lost_with_others(session, job, settings)
    ending = Ending(Failure.WORKER_LOST, message, shared=shared, expired=True)
    return fail(session, now, job.id, job.epoch, ending, settings)


def _lost_with_others(session: Session, job: Job, settings: Settings) -> bool:
    """Whether its worker had other jobs as well, which are lost now or have been reaped since it was last heard of.

    Those reaped may be at work elsewhere again by now, or done: their attempts tell, not where they stand.
    """
    others = select(Job.id).where(Job.worker_id == job.worker_id, Job.id != job.id, Job.state.in_([*OWNED]))
    if session.scalars(others.limit(1)).first() is not None:
        return True
    beat = (job.lease_until or job.created_at) - timedelta(seconds=settings.lease_s)
    reaped = select(JobAttempt.job_id).where(
        JobAttempt.worker_id == job.worker_id,
        JobAttempt.job_id != job.id,
        JobAttempt.outcome.in_((EXPIRED, "lost")),
        JobAttempt.ended_at > beat,
    )
    return session.scalars(reaped.limit(1)).first() is not None


def overdue(session: Session, now: datetime, settings: Settings) -> list[tuple[UUID, int, Failure]]:
    """Attempts that beat but ran too long or got nowhere, and whose own worker did not end them: job, epoch, why.

    The worker has a whole lease more time than its own clocks allow, so this meets only those that are broken.
    """
    grace = timedelta(seconds=settings.lease_s)
    begun = now - timedelta(seconds=settings.max_run_s) - grace
    moved = now - timedelta(seconds=settings.stall_s) - grace
    attempts = select(Job.id, Job.epoch, JobAttempt.started_at).join(
        JobAttempt, (JobAttempt.job_id == Job.id) & (JobAttempt.attempt == Job.attempt)
    )
    late = attempts.where(Job.state.in_([*OWNED]), or_(JobAttempt.started_at < begun, Job.progress_at < moved))
    return [
        (job_id, epoch, Failure.RUN_TIME_EXCEEDED if started_at < begun else Failure.WORKER_LOST)
        for job_id, epoch, started_at in session.execute(late.limit(BATCH))
    ]


def end_overdue(session: Session, now: datetime, job_id: UUID, epoch: int, code: Failure, settings: Settings) -> None:
    """End such an attempt; its worker finds its lease gone at the next beat."""
    message = "no progress" if code is Failure.WORKER_LOST else "the attempt ran too long"
    fail(session, now, job_id, epoch, Ending(code, message), settings)


def cancel_unanswered(session: Session, now: datetime, settings: Settings) -> list[tuple[UUID, int]]:
    """Jobs whose worker should have canceled them by now: job, epoch."""
    before = now - timedelta(seconds=settings.lease_s + 30)
    late = select(Job.id, Job.epoch).where(Job.state.in_([*OWNED]), Job.cancel_requested_at < before)
    return [(job_id, epoch) for job_id, epoch in session.execute(late.limit(BATCH))]


def force_cancel(session: Session, now: datetime, job_id: UUID, epoch: int) -> bool:
    """Cancel over the worker's head."""
    return cancel_owned(session, now, job_id, epoch, Usage())


def wake(session: Session, now: datetime) -> int:
    """Queue the jobs whose retry delay is over; how many."""
    due = select(Job.id).where(Job.state == State.RETRY_WAIT, Job.available_at <= now)
    values = {"state": State.QUEUED, "queued_at": now, "available_at": None, "nudged_at": now}
    woken = [
        move(session, job_id, {State.RETRY_WAIT}, values)
        for job_id in session.scalars(due.order_by(Job.available_at).limit(BATCH)).all()
    ]
    jobs = [job for job in woken if job is not None]
    signal(session, *(Nudge(job.queue, job.id) for job in jobs))
    return len(jobs)


def renudge(session: Session, now: datetime, renudge_s: float) -> int:
    """Nudge again for queued jobs that nobody has looked at lately; how many. The broker may have lost the first nudge."""
    stale = now - timedelta(seconds=renudge_s)
    # A fresh job's own nudge went out with its submission; it is not repeated before it had a chance to work.
    unheard = or_(Job.nudged_at < stale, Job.nudged_at.is_(None) & (Job.queued_at < now - timedelta(seconds=1)))
    rows = session.execute(select(Job.id, Job.queue).where(Job.state == State.QUEUED, unheard).limit(NUDGES)).all()
    ids = [job_id for job_id, _ in rows]
    if ids:
        session.execute(update(Job).where(Job.id.in_(ids), Job.state == State.QUEUED).values(nudged_at=now))
        signal(session, *(Nudge(queue, job_id) for job_id, queue in rows))
    return len(ids)


def expire(session: Session, now: datetime, max_queue_s: float) -> int:
    """End jobs that waited too long for a worker or for their input; how many."""
    before = now - timedelta(seconds=max_queue_s)
    waiting = or_(
        (Job.state == State.QUEUED) & (Job.queued_at < before),
        jobs.is_waiting_for_input() & (Job.created_at < before),
    )
    done = 0
    for job_id in session.scalars(select(Job.id).where(waiting).limit(BATCH)).all():
        values = {**finish_values(now, State.EXPIRED), "failure_message": "no worker took the job in time"}
        job = move(session, job_id, {State.QUEUED, State.AWAITING_INPUT}, values)
        if job is not None:
            record(session, now, job, EventType.JOB_EXPIRED, {})
            done += 1
    return done


def retire(session: Session, now: datetime, retention_days: float) -> int:
    """Hide finished jobs that are old enough, as if their owner had deleted them; how many."""
    if retention_days <= 0:
        return 0
    before = now - timedelta(days=retention_days)
    finished = Job.state.in_([*TERMINAL]) & (Job.finished_at < before)
    # Segments go with the job they are parts of, however much earlier they ended.
    old = select(Job.id).where(finished, Job.deleted_at.is_(None), Job.parent_id.is_(None))
    ids = session.scalars(old.limit(BATCH)).all()
    session.execute(update(Job).where(Job.id.in_(ids)).values(deleted_at=now))
    return len(ids)


def hide_segments(session: Session, now: datetime) -> int:
    """Hide the segments of jobs that are hidden or gone, canceling those at work; how many."""
    parent = aliased(Job)
    shown = select(parent.id).where(parent.id == Job.parent_id, parent.deleted_at.is_(None))
    lost = select(Job).where(Job.parent_id.is_not(None), Job.deleted_at.is_(None), ~shown.exists())
    left = session.scalars(lost.limit(BATCH)).all()
    for segment in left:
        jobs.tombstone(session, now, segment)
    return len(left)


def deleted(session: Session, now: datetime, limit: int = 20) -> list[UUID]:
    """Jobs hidden for a while already whose rows and files may go."""
    gone = select(Job.id).where(Job.deleted_at < now - GRACE, Job.state.in_([*TERMINAL]))
    return [*session.scalars(gone.order_by(Job.deleted_at).limit(limit))]


def file_keys(session: Session, job_id: UUID) -> list[str]:
    """The objects that hold a job's result files."""
    return [*session.scalars(select(JobFile.object_key).where(JobFile.job_id == job_id))]


def still_needed(session: Session, job_id: UUID, keys: Sequence[str]) -> set[str]:
    """Those of the objects that another job's files refer to, as jobs answered from the cache do."""
    others = select(JobFile.object_key).where(JobFile.object_key.in_([*keys]), JobFile.job_id != job_id)
    return set(session.scalars(others))


def purge(session: Session, job_id: UUID) -> None:
    """Forget a job with its cues, events, attempts and file entries; its objects are gone by now."""
    session.execute(delete(Job).where(Job.id == job_id, Job.deleted_at.is_not(None)))


def abandoned_uploads(session: Session, now: datetime, limit: int = 20) -> list[tuple[Asset, Upload]]:
    """Uploads that nobody has completed in their time."""
    late = select(Asset, Upload).join(Upload, Upload.asset_id == Asset.id)
    late = late.where(Asset.state == AssetState.UPLOADING, Upload.expires_at < now)
    return [(asset, upload) for asset, upload in session.execute(late.limit(limit))]


def give_up_upload(session: Session, now: datetime, asset_id: UUID) -> None:
    """Reject an upload's asset and fail the jobs that wait for it."""
    assets.reject(session, now, asset_id, Failure.FETCH_FAILED, "the upload was never completed")


def unused_assets(session: Session, now: datetime, retention_days: float, limit: int = 20) -> list[UUID]:
    """Uploads that are old enough to go and, as it looks now, needed by no unfinished job, oldest first."""
    if retention_days <= 0:
        return []
    before = now - timedelta(days=retention_days)
    settled = Asset.state.in_([AssetState.READY, AssetState.REJECTED]) & Asset.expires_at.is_(None)
    used = select(Job.id).where(Job.asset_id == Asset.id, Job.finished_at.is_(None)).exists()
    old = select(Asset.id).where(settled, Asset.created_at < before, ~used).order_by(Asset.created_at)
    # Some may still be named deep in parameters: those must not keep the sweep from all behind them.
    rows = session.scalars(old.execution_options(yield_per=BATCH))
    return [*islice((asset_id for asset_id in rows if not assets.in_use(session, asset_id)), limit)]


def settle_waiting(session: Session, now: datetime) -> int:
    """Take up jobs that wait for an input which is settled, or gone, already; how many.

    Their own submit or settling should have done it; two inputs settled in the same moment may each leave it to the other.
    """
    rows: Sequence[Any] = session.execute(
        select(Job.asset_id, Asset.state, Asset.failure, Asset.failure_message)
        .outerjoin(Asset, Asset.id == Job.asset_id)
        .where(jobs.is_waiting_for_input(), or_(Asset.id.is_(None), Asset.state.not_in([*UNVERIFIED])))
        .distinct()
        .limit(BATCH)
    ).all()
    counts: list[int] = [_settled(session, now, *row) for row in rows]
    return sum(counts)


def _settled(
    session: Session, now: datetime, asset_id: UUID, state: AssetState | None, code: Failure | None, message: str | None
) -> int:
    if state is AssetState.READY:
        return len(jobs.input_ready(session, now, asset_id))
    gone = (Failure.INVALID_MEDIA, "the uploaded file is gone")
    return jobs.input_rejected(session, now, asset_id, *((code, message or "") if code else gone))


def orphans(session: Session, owners: Mapping[str, UUID | None]) -> list[str]:
    """Those of the objects (key, job or asset) that belong to no row, nor are a file of another job.

    Snapshots belong to jobs that have not ended: nothing else goes on from them.
    """
    ids = [*{owner for owner in owners.values() if owner is not None}]
    known = {*session.scalars(select(Job.id).where(Job.id.in_(ids)))}
    known |= {*session.scalars(select(Asset.id).where(Asset.id.in_(ids)))}
    ended = {*session.scalars(select(Job.id).where(Job.id.in_(ids), Job.state.in_([*TERMINAL])))}
    lost = [
        key
        for key, owner in owners.items()
        if owner not in known or (owner in ended and key.startswith(f"jobs/{owner}/snapshots/"))
    ]
    named = {*session.scalars(select(JobFile.object_key).where(JobFile.object_key.in_(lost)))}
    return [key for key in lost if key not in named]


def born(session: Session) -> datetime | None:
    """When this database was set up: its first tenant's time."""
    return session.scalar(select(func.min(Tenant.created_at)))


def due_deliveries(session: Session, now: datetime) -> int:
    """How many webhook deliveries wait for a sender, counted no further than a batch."""
    unclaimed = or_(WebhookDelivery.claimed_until.is_(None), WebhookDelivery.claimed_until < now)
    pending = WebhookDelivery.state == DeliveryState.PENDING
    due = select(WebhookDelivery.id).where(pending, WebhookDelivery.next_attempt_at <= now, unclaimed).limit(BATCH)
    return len(session.scalars(due).all())


def forget_workers(session: Session, now: datetime) -> int:
    """Drop workers that have not been heard of for a day; how many."""
    gone = delete(Worker).where(Worker.heartbeat_at < now - WORKER_LIFE).returning(Worker.id)
    return len(session.scalars(gone).all())
