"""Takes jobs from workers that died, hang, or do not listen."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from db.crash import crash_point
from db.ops import sweeps
from db.session import Database, database_now
from db.settings import Settings
from worker import metrics

T = TypeVar("T")
Question = Callable[[Session, datetime], list[T]]
log = logging.getLogger(__name__)


def expired_leases(database: Database, settings: Settings) -> int:
    """End the attempts of workers not heard of for a whole lease, each in its own transaction; how many."""
    ended = 0
    for job_id in _asked(database, sweeps.expired_leases):
        crash_point("dispatcher.reaping")
        with database.write() as session:
            state = sweeps.reap(session, database_now(session), job_id, settings)
        if state is not None:
            metrics.LEASES_EXPIRED.inc()
            log.warning("job %s: its worker was lost, now %s", job_id, state)
            ended += 1
        crash_point("dispatcher.reaped")
    return ended


def overdue(database: Database, settings: Settings) -> int:
    """End the attempts whose clocks ran out without their worker doing so."""
    late = _asked(database, lambda session, now: sweeps.overdue(session, now, settings))
    for job_id, epoch, code in late:
        with database.write() as session:
            sweeps.end_overdue(session, database_now(session), job_id, epoch, code, settings)
    return len(late)


def cancel_unanswered(database: Database, settings: Settings) -> int:
    """Cancel the jobs whose worker should have done so by now."""
    late = _asked(database, lambda session, now: sweeps.cancel_unanswered(session, now, settings))
    for job_id, epoch in late:
        with database.write() as session:
            sweeps.force_cancel(session, database_now(session), job_id, epoch)
    return len(late)


def _asked(database: Database, question: Question[T]) -> list[T]:
    with database.read() as session:
        return question(session, database_now(session))
