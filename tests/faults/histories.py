"""What became of one job, in the words its owner would read: how it ended and why, every try, every event."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from db.schema.tables import Job, JobAttempt, JobEvent, JobFile
from db.session import Database
from tests.faults.cluster import describe


def history(database: Database, job_id: UUID) -> str:
    """A line for the job, and one for each of its files, tries and events."""
    with database.read() as session:
        job = session.get(Job, job_id)
        files = session.scalars(select(JobFile).where(JobFile.job_id == job_id)).all()
        attempts = session.scalars(
            select(JobAttempt).where(JobAttempt.job_id == job_id).order_by(JobAttempt.attempt)
        ).all()
        events = session.scalars(select(JobEvent).where(JobEvent.job_id == job_id).order_by(JobEvent.seq)).all()
    lines = [f"{job.kind} {describe(job)}" if job else f"{job_id} is not there"]
    lines += [f"  file {file.name} {file.object_key}" for file in files]
    lines += [
        f"  try {one.attempt} by {one.worker_id}, {_at(one.started_at)} to {_at(one.ended_at)}:"
        f" {one.outcome} {one.failure} {one.message}"
        for one in attempts
    ]
    lines += [f"  {_at(event.at)} {event.type} {json.dumps(event.data, default=str)}" for event in events]
    return "\n".join(lines)


def _at(moment: datetime | None) -> str:
    return moment.isoformat(timespec="milliseconds") if moment else "?"
