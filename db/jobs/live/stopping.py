"""The good end of a job that follows live input."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.broker.signals import StopAsked, signal
from db.jobs.jobs import request_cancel
from db.jobs.transitions import move
from db.schema.tables import OWNED, WAITING, Job


def request_stop(session: Session, now: datetime, job: Job) -> Job:
    """Ask for the good end of a job that follows live input: its result holds what was captioned up to now.

    A worker writes it, also for a job that waits to be taken up again. One that never began is canceled, for there is
    nothing to keep. A finished job stays as it is.
    """
    session.execute(select(Job.id).where(Job.id == job.id).with_for_update())
    if session.scalars(select(Job.id).where(Job.id == job.id, Job.attempt == 0, Job.state.in_([*WAITING]))).first():
        return request_cancel(session, now, job)
    flagged = move(session, job.id, OWNED | WAITING, {"stop_requested_at": func.coalesce(Job.stop_requested_at, now)})
    if flagged is not None:
        signal(session, StopAsked(job.id))
        return flagged
    return session.get_one(Job, job.id, populate_existing=True)
