"""A job split into segment jobs, and its return to the queue when all of them have ended.

The parent lets go of its worker and waits in `awaiting_input`; the segments are ordinary jobs, claimed by any worker and
retried alone. When the last one has ended the parent is queued again and its handler merges what they left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from db.broker.signals import Nudge, signal
from db.documents.event_types import HistoryEventType
from db.documents.kinds.video import Cue
from db.failures import Failure
from db.jobs import cues
from db.jobs.jobs import NewJob, request_cancel, submit, submit_cached
from db.jobs.leases import Usage, close_attempt
from db.jobs.transitions import move, record
from db.schema.tables import OWNED, TERMINAL, Job, State


@dataclass(frozen=True)
class SegmentJob:
    """How one segment ended and what it left."""

    index: int
    state: State
    params: dict[str, Any]
    result: dict[str, Any] | None
    failure: Failure | None
    failure_message: str | None
    cues: tuple[Cue, ...]


def split(
    session: Session, now: datetime, job_id: UUID, epoch: int, segments: Sequence[dict[str, Any]], usage: Usage
) -> bool:
    """Submit one job for each of `segments` (their params) and let the parent wait for them. False: the lease is lost."""
    values: dict[str, Any] = {"state": State.AWAITING_INPUT, "lease_until": None, "worker_id": None}
    values |= {"checkpoint": {"split": len(segments)}, "progress_note": f"waiting for {len(segments)} segments"}
    parent = move(session, job_id, OWNED, values, epoch=epoch)
    if parent is None:
        return False
    if parent.cancel_requested_at is not None:  # its worker has not heard of it yet
        close_attempt(session, now, parent, "canceled", None, usage)
        request_cancel(session, now, parent)
        return True
    for index, params in enumerate(segments):
        submit(session, now, _segment(parent, params, index))
    close_attempt(session, now, parent, "split", None, usage)
    record(session, now, parent, HistoryEventType.SPLIT, {"segments": len(segments)})
    return True


def rejoin(session: Session, now: datetime) -> list[Job]:
    """Queue the parents whose segments have all ended; safe to run twice."""
    segment = aliased(Job)
    has_segment = select(segment.id).where(segment.parent_id == Job.id)
    unfinished = has_segment.where(segment.state.not_in([*TERMINAL]))
    ready = session.scalars(
        select(Job.id).where(Job.state == State.AWAITING_INPUT, has_segment.exists(), ~unfinished.exists())
    ).all()
    moved = [move(session, job_id, {State.AWAITING_INPUT}, _queued(now)) for job_id in ready]
    parents = [job for job in moved if job is not None]
    for job in parents:
        signal(session, Nudge(job.queue, job.id))
    return parents


def outcomes(session: Session, parent_id: UUID) -> list[SegmentJob]:
    """The segments of a job in the order of the video; empty for a job that was not split."""
    rows = session.scalars(select(Job).where(Job.parent_id == parent_id).order_by(Job.part_index, Job.id))
    return [
        SegmentJob(
            index=row.part_index or 0,
            state=row.state,
            params=row.params,
            result=row.result,
            failure=row.failure,
            failure_message=row.failure_message,
            cues=tuple(cues.after(session, row.id)),
        )
        for row in rows
    ]


def is_split(session: Session, job_id: UUID) -> bool:
    """Whether the job has been split into segments."""
    return session.scalars(select(Job.id).where(Job.parent_id == job_id).limit(1)).first() is not None


def retry_failed(session: Session, now: datetime, source: Job, new: NewJob) -> Job:
    """Do a split job again: finished segments are taken over as they are, the others done again, then all are merged.

    Nothing of the old merge is taken over: it wrote the cues of the finished segments, and the new one writes them again.
    """
    old = session.scalars(select(Job).where(Job.parent_id == source.id).order_by(Job.part_index)).all()
    target = submit(session, now, replace(new, asset_ready=False))
    for row in old:
        again = _segment(target, row.params, row.part_index or 0)
        if row.state is State.SUCCEEDED:
            submit_cached(session, now, again, row)
        else:
            submit(session, now, again)
    values = {"checkpoint": {"split": len(old)}, "progress_note": f"waiting for {len(old)} segments"}
    session.execute(update(Job).where(Job.id == target.id).values(**values))
    return session.get_one(Job, target.id, populate_existing=True)


def _segment(parent: Job, params: dict[str, Any], index: int) -> NewJob:
    return NewJob(
        tenant_id=parent.tenant_id,
        kind=parent.kind,
        queue=parent.queue,
        params=params,
        priority=parent.priority,
        asset_id=parent.asset_id,
        model=parent.model,
        parent_id=parent.id,
        part_index=index,
    )


def _queued(now: datetime) -> dict[str, Any]:
    return {"state": State.QUEUED, "queued_at": now, "nudged_at": None, "progress_note": "merging the segments"}
