"""A datasheet's result for its page."""

from __future__ import annotations

from sqlalchemy.orm import Session

from db.tables import Job


def gather(session: Session, job: Job) -> None:
    return None
