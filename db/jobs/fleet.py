"""Workers and queues as they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.jobs.counts import HEARTBEAT_LIFE
from db.names import QUEUES
from db.schema.tables import Job, State, Worker


@dataclass(frozen=True)
class QueueState:
    """One queue: jobs by state, since when the oldest waits, and what living workers take at once."""

    name: str
    states: dict[str, int]
    oldest_queued_at: datetime | None
    slots: int


def workers(session: Session) -> list[Worker]:
    """Every worker, last heard of first."""
    return [*session.scalars(select(Worker).order_by(Worker.heartbeat_at.desc()).limit(500))]


def drain(session: Session, worker_id: str) -> Worker | None:
    """Ask a worker to finish up; it sees this at its next beat."""
    statement = update(Worker).where(Worker.id == worker_id).values(draining=True).returning(Worker)
    return session.scalars(statement).one_or_none()


def queues(session: Session, now: datetime, tenant_id: UUID | None = None) -> list[QueueState]:
    """Each queue; with a tenant, its own jobs only."""
    own = [Job.deleted_at.is_(None)] if tenant_id is None else [Job.deleted_at.is_(None), Job.tenant_id == tenant_id]
    rows = session.execute(
        select(Job.queue, Job.state, func.count(), func.min(Job.queued_at)).where(*own).group_by(Job.queue, Job.state)
    ).all()
    alive = session.scalars(select(Worker).where(Worker.heartbeat_at > now - HEARTBEAT_LIFE)).all()
    return [
        QueueState(
            name=name,
            states={state.value: number for queue, state, number, _ in rows if queue == name},
            oldest_queued_at=next((at for queue, state, _, at in rows if (queue, state) == (name, State.QUEUED)), None),
            slots=sum(worker.slots for worker in alive if name in worker.queues and not worker.draining),
        )
        for name in QUEUES
    ]
