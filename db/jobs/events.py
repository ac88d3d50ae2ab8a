"""Questions asked of a job's history."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.schema.tables import JobAttempt, JobEvent


def after(session: Session, job_id: UUID, seq: int = 0, limit: int | None = None) -> list[JobEvent]:
    """The job's events with a number greater than `seq`, in order."""
    statement = (
        select(JobEvent).where(JobEvent.job_id == job_id, JobEvent.seq > seq).order_by(JobEvent.seq).limit(limit)
    )
    return [*session.scalars(statement)]


def attempts(session: Session, job_id: UUID) -> list[JobAttempt]:
    """The job's attempts, first to last."""
    return [*session.scalars(select(JobAttempt).where(JobAttempt.job_id == job_id).order_by(JobAttempt.attempt))]
