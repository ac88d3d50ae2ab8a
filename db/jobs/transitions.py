"""The one way a job changes state: compare-and-set UPDATE, its event, and the event's way out, in one transaction.

    awaiting_input -> queued -> leased -> running -> finalizing -> succeeded
                        ^          |         |            |
                        |          +---------+------------+--> failed | canceled
                        +-- retry_wait <-----+   (and expired from the waiting states)

Terminal states never change.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from db.broker.signals import Changed, signal
from db.documents.event_types import EventType, HistoryEventType
from db.schema.tables import TERMINAL, Job, JobEvent, Outbox, State

ENDING = {
    State.SUCCEEDED: EventType.JOB_SUCCEEDED,
    State.FAILED: EventType.JOB_FAILED,
    State.CANCELED: EventType.JOB_CANCELED,
    State.EXPIRED: EventType.JOB_EXPIRED,
}


def move(
    session: Session,
    job_id: UUID,
    sources: Collection[State],
    values: dict[str, Any],
    *,
    epoch: int | None = None,
) -> Job | None:
    """Change a job that is in one of `sources` (and, for a worker's write, still of this `epoch`).

    Returns the job as it now stands, or None when somebody else was first: the caller then writes nothing more.
    """
    statement = (
        update(Job)
        .where(Job.id == job_id, Job.state.in_([*sources]))
        .values(**values)
        .returning(Job)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    if epoch is not None:
        statement = statement.where(Job.epoch == epoch)
    job = session.scalars(statement).one_or_none()
    if job is not None:
        signal(session, Changed(job_id))
    return job


def finish_values(now: datetime, state: State) -> dict[str, Any]:
    """What every terminal transition writes."""
    if state not in TERMINAL:
        raise ValueError(f"{state} is not terminal")
    return {"state": state, "finished_at": now, "lease_until": None, "worker_id": None, "available_at": None}


def first_event(session: Session, now: datetime, job: Job, event_type: EventType) -> None:
    """The event of a job that is not stored yet; it goes in with the job, in one flush. Nobody can watch it yet."""
    job.event_seq = 1
    session.add(JobEvent(job_id=job.id, seq=1, type=event_type, data={}, at=now))
    if job.parent_id is None:
        row = {"type": event_type, "seq": 1}
        session.add(Outbox(tenant_id=job.tenant_id, type=event_type, subject_id=job.id, data=row, created_at=now))


def record(
    session: Session,
    now: datetime,
    job: Job,
    event_type: EventType | HistoryEventType,
    data: dict[str, Any] | None = None,
) -> int:
    """Append an event to the job's history and, for the types clients subscribe to, to the outbox. Returns its seq.

    The row is locked by the transaction's earlier UPDATE or takes this one's, so the numbers have no holes or twins.
    """
    seq = session.scalars(
        update(Job)
        .where(Job.id == job.id)
        .values(event_seq=Job.event_seq + 1)
        .returning(Job.event_seq)
        .execution_options(synchronize_session=False)
    ).one()
    body = data or {}
    session.execute(insert(JobEvent).values(job_id=job.id, seq=seq, type=event_type, data=body, at=now))
    if isinstance(event_type, EventType) and job.parent_id is None:
        row = {"type": event_type, "seq": seq, **body}
        session.add(Outbox(tenant_id=job.tenant_id, type=event_type, subject_id=job.id, data=row, created_at=now))
    signal(session, Changed(job.id))
    return seq
