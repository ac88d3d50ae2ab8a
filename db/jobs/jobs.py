"""What a client may ask of jobs: submit, read, list, cancel, retry, delete; functions take a session and never commit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from db.broker.signals import CancelAsked, Nudge, signal
from db.documents.event_types import EventType
from db.failures import Failure
from db.jobs import inputs
from db.jobs.transitions import finish_values, first_event, move, record
from db.schema.base import new_id
from db.schema.tables import OWNED, TERMINAL, WAITING, CueRow, Job, JobFile, State

AHEAD_MAX = 1000  # a submit must not get slower with the length of the queue


@dataclass(frozen=True)
class NewJob:
    """A job to be submitted; `params` is already validated by its kind."""

    tenant_id: UUID
    kind: str
    queue: str
    params: dict[str, Any]
    priority: int = 0
    labels: dict[str, Any] = field(default_factory=dict)
    webhook: dict[str, Any] | None = None
    asset_id: UUID | None = None
    asset_ready: bool = True
    model: str | None = None
    cache_key: str | None = None
    traceparent: str | None = None
    parent_id: UUID | None = None
    part_index: int | None = None
    retry_of: UUID | None = None


@dataclass(frozen=True)
class Filter:
    """Which jobs of a tenant to list; None means any."""

    states: Sequence[State] = ()
    kinds: Sequence[str] = ()
    model: str | None = None
    label: tuple[str, str] | None = None
    text: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    retrying: bool | None = None
    stalled_before: datetime | None = None
    parent_id: UUID | None = None
    verdicts: Sequence[str] = ()


def submit(session: Session, now: datetime, new: NewJob) -> Job:
    """Store a job: queued, or awaiting its input while that is still being uploaded."""
    state = State.QUEUED if new.asset_ready else State.AWAITING_INPUT
    job = Job(
        id=new_id(),
        tenant_id=new.tenant_id,
        kind=new.kind,
        queue=new.queue,
        state=state,
        params=new.params,
        priority=new.priority,
        labels=new.labels,
        webhook=new.webhook,
        asset_id=new.asset_id,
        model=new.model,
        cache_key=new.cache_key,
        traceparent=new.traceparent,
        parent_id=new.parent_id,
        part_index=new.part_index,
        retry_of=new.retry_of,
        created_at=now,
        queued_at=now if new.asset_ready else None,
    )
    if job.state is State.QUEUED:
        first_event(session, now, job, EventType.JOB_QUEUED)
        signal(session, Nudge(job.queue, job.id))
    session.add(job)
    session.flush()
    return job


def input_ready(session: Session, now: datetime, asset_id: UUID) -> list[Job]:
    """Queue the jobs that were waiting for this asset, unless another of their inputs is still on its way."""
    queued = []
    for job in session.scalars(_waiting_for(asset_id)).all():
        other = inputs.unready(session, job.params)
        values = {"asset_id": other} if other is not None else {"state": State.QUEUED, "queued_at": now}
        moved = move(session, job.id, {State.AWAITING_INPUT}, values)
        if moved is not None and moved.state is State.QUEUED:
            _announce_queued(session, now, moved)
            queued.append(moved)
    return queued


def input_rejected(session: Session, now: datetime, asset_id: UUID, code: Failure, message: str) -> int:
    """Fail the jobs that were waiting for this asset; how many."""
    count = 0
    values = {**finish_values(now, State.FAILED), "failure": code, "failure_message": message[:4000]}
    for job in session.scalars(_waiting_for(asset_id)).all():
        failed = move(session, job.id, {State.AWAITING_INPUT}, values)
        if failed is not None:
            record(session, now, failed, EventType.JOB_FAILED, {"code": code, "message": message[:1000]})
            count += 1
    return count


def find(session: Session, tenant_id: UUID, job_id: UUID) -> Job | None:
    """The tenant's job; None for deleted ones and for other tenants' alike."""
    job = session.get(Job, job_id, populate_existing=True)
    return job if job is not None and job.tenant_id == tenant_id and job.deleted_at is None else None


def page(session: Session, tenant_id: UUID, wanted: Filter, limit: int, before: UUID | None = None) -> list[Job]:
    """At most `limit` jobs, newest first, older than the job `before`."""
    statement = select(Job).where(Job.tenant_id == tenant_id, Job.deleted_at.is_(None), *conditions(wanted))
    if before is not None:
        statement = statement.where(Job.id < before)
    return [*session.scalars(statement.order_by(Job.id.desc()).limit(limit))]


def request_cancel(session: Session, now: datetime, job: Job) -> Job:
    """Cancel at once when nobody works on it, else leave the flag for its worker. A finished job stays as it is."""
    # Locked before its segments are looked for: its worker may be splitting it.
    session.execute(select(Job.id).where(Job.id == job.id).with_for_update())
    for segment in session.scalars(select(Job).where(Job.parent_id == job.id, Job.state.not_in([*TERMINAL]))).all():
        request_cancel(session, now, segment)
    canceled = move(session, job.id, WAITING, {**finish_values(now, State.CANCELED), "cancel_requested_at": now})
    if canceled is not None:
        record(session, now, canceled, EventType.JOB_CANCELED, {})
        return canceled
    flagged = move(session, job.id, OWNED, {"cancel_requested_at": func.coalesce(Job.cancel_requested_at, now)})
    if flagged is not None:
        signal(session, CancelAsked(job.id))
        return flagged
    return session.get_one(Job, job.id, populate_existing=True)


def resume(session: Session, now: datetime, source: Job, new: NewJob) -> Job:
    """A new job that goes on where `source` ended: it starts with a copy of the cues and the checkpoint kept so far."""
    again = submit(session, now, new)
    _copy_progress(session, source, again)
    return session.get_one(Job, again.id, populate_existing=True)


def tombstone(session: Session, now: datetime, job: Job) -> None:
    """Hide a job and its segments from every reader, canceling them first; rows and objects go with the next sweep."""
    if job.state not in TERMINAL:
        request_cancel(session, now, job)
    family = (Job.id == job.id) | (Job.parent_id == job.id)
    session.execute(update(Job).where(family, Job.deleted_at.is_(None)).values(deleted_at=now))


def cached(session: Session, tenant_id: UUID, cache_key: str) -> Job | None:
    """A finished job of the tenant with the same content, parameters and weights."""
    return session.scalars(
        select(Job)
        .where(
            Job.tenant_id == tenant_id,
            Job.cache_key == cache_key,
            Job.state == State.SUCCEEDED,
            Job.deleted_at.is_(None),
        )
        .order_by(Job.id.desc())
        .limit(1)
    ).first()


def submit_cached(session: Session, now: datetime, new: NewJob, source: Job) -> Job:
    """A job that is finished from the start: result, cues and files are those of `source`."""
    job = submit(session, now, new)
    values = {**finish_values(now, State.SUCCEEDED), "result": source.result, "cached_from": source.id}
    values |= {"done_ms": source.done_ms, "total_ms": source.total_ms, "cue_count": source.cue_count, "started_at": now}
    done = move(session, job.id, {State.QUEUED}, values)
    if done is None:
        raise RuntimeError("a job created in this transaction was taken by somebody else")
    _copy_cues(session, source, done)
    for file in session.scalars(select(JobFile).where(JobFile.job_id == source.id)):
        session.add(_file_for(done.id, file))
    record(session, now, done, EventType.JOB_SUCCEEDED, {"cached_from": str(source.id)})
    return done


# Built once: putting a statement together costs more than running this one.
_BETTER = or_(
    Job.priority > bindparam("priority"), (Job.priority == bindparam("priority")) & (Job.id < bindparam("id"))
)
_FIRST = select(Job.id).where(Job.queue == bindparam("queue"), Job.state == State.QUEUED, _BETTER).limit(AHEAD_MAX)
_AHEAD = select(func.count()).select_from(_FIRST.subquery())


def ahead_of(session: Session, job: Job) -> int:
    """How many queued jobs would be claimed before this one, tenants' fairness aside; counts to AHEAD_MAX only."""
    if job.state is not State.QUEUED:
        return 0
    place = {"queue": job.queue, "priority": job.priority, "id": job.id}
    return session.scalars(_AHEAD, place).one()


def files(session: Session, job_id: UUID) -> list[JobFile]:
    """The result files of a job, by name."""
    return [*session.scalars(select(JobFile).where(JobFile.job_id == job_id).order_by(JobFile.name))]


def fingerprint(document: dict[str, Any]) -> str:
    """SHA-256 of a JSON document, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _announce_queued(session: Session, now: datetime, job: Job) -> None:
    if job.state is State.QUEUED:
        record(session, now, job, EventType.JOB_QUEUED, {})
        signal(session, Nudge(job.queue, job.id))


def is_waiting_for_input() -> ColumnElement[bool]:
    """Whether a job waits for an upload. A parent of segments stands in the same state, but waits for those."""
    segment = aliased(Job)
    return (Job.state == State.AWAITING_INPUT) & ~select(segment.id).where(segment.parent_id == Job.id).exists()


def _waiting_for(asset_id: UUID) -> Select[Job]:
    return select(Job).where(Job.asset_id == asset_id, is_waiting_for_input())


def conditions(wanted: Filter) -> list[Any]:
    """The filter as SQL tests on `Job`."""
    tests: list[Any] = [Job.parent_id == wanted.parent_id]  # None: segments are seen through their parent only
    if wanted.states:
        tests.append(Job.state.in_([*wanted.states]))
    if wanted.kinds:
        tests.append(Job.kind.in_([*wanted.kinds]))
    if wanted.model is not None:
        tests.append(Job.model == wanted.model)
    if wanted.label is not None:
        tests.append(Job.labels[wanted.label[0]].as_string() == wanted.label[1])
    if wanted.verdicts:
        tests.append(Job.result["verdict"]["state"].as_string().in_([*wanted.verdicts]))
    if wanted.text is not None:
        found = select(CueRow.job_id).where(
            CueRow.job_id == Job.id, CueRow.text.icontains(wanted.text, autoescape=True)
        )
        tests.append(or_(found.exists(), Job.failure_message.icontains(wanted.text, autoescape=True)))
    if wanted.created_after is not None:
        tests.append(Job.created_at >= wanted.created_after)
    if wanted.created_before is not None:
        tests.append(Job.created_at < wanted.created_before)
    if wanted.retrying is not None:
        tests.append((Job.attempt > 1) if wanted.retrying else (Job.attempt <= 1))
    if wanted.stalled_before is not None:
        tests.extend([Job.state.in_([*OWNED]), Job.progress_at < wanted.stalled_before])
    return tests


def _copy_progress(session: Session, source: Job, target: Job) -> None:
    _copy_cues(session, source, target)
    session.execute(
        update(Job)
        .where(Job.id == target.id)
        .values(
            checkpoint=source.checkpoint,
            checkpoint_ms=source.checkpoint_ms,
            cue_count=source.cue_count,
            done_ms=source.done_ms,
            total_ms=source.total_ms,
        )
    )


def _copy_cues(session: Session, source: Job, target: Job) -> None:
    columns = [CueRow.seq, CueRow.start_ms, CueRow.end_ms, CueRow.text, CueRow.data]
    rows = session.execute(select(*columns).where(CueRow.job_id == source.id)).mappings().all()
    if rows:
        session.execute(insert(CueRow), [{**row, "job_id": target.id, "epoch": 0} for row in rows])


def _file_for(job_id: UUID, file: JobFile) -> JobFile:
    return JobFile(
        job_id=job_id,
        name=file.name,
        object_key=file.object_key,
        media_type=file.media_type,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
    )
