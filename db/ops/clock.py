"""Whether the clock may be believed. Whatever is removed because of its age is removed only then.

A clock that is wrong by weeks would purge all history within a minute. Two things are compared: the clock of this
process with the database's, and the database's with the last time somebody looked at it here. After a leap nothing is
removed for a day, in which somebody may notice; a service that was really off for that long just purges a day later.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db.schema.tables import Job, Leader, Worker

LOOKED, LEAPT = "clock.looked", "clock.implausible"
HOLDER = "dispatcher"
APART = timedelta(minutes=5)
LEAP = PATIENCE = timedelta(days=1)
NOTE_EVERY = timedelta(minutes=1)


def implausible(session: Session, now: datetime, here: datetime) -> str | None:
    """Why the clock is not believed, None when it is. `now` is the database's, `here` this process's."""
    if abs(now - here) > APART:
        return f"the clocks of this machine and of the database are {abs(now - here)} apart"
    last = _noted(session, LOOKED) or _last_sign(session)
    if last is None or now - last <= LEAP:
        if last is None or abs(now - last) > NOTE_EVERY:
            _believe(session, now)
        return None
    since = _noted(session, LEAPT)
    if since is None or since > now:
        since = now
        _note(session, LEAPT, now)
    if now - since >= PATIENCE:
        _believe(session, now)
        return None
    return f"the clock leapt from {last:%Y-%m-%d %H:%M} to {now:%Y-%m-%d %H:%M} UTC"


def leapt_since(session: Session) -> datetime | None:
    """When the clock leapt, as it told the time then; None while it is believed."""
    return _noted(session, LEAPT)


def _believe(session: Session, now: datetime) -> None:
    session.execute(delete(Leader).where(Leader.role == LEAPT))
    _note(session, LOOKED, now)


def _noted(session: Session, role: str) -> datetime | None:
    return session.scalar(select(Leader.until).where(Leader.role == role))


def _note(session: Session, role: str, at: datetime) -> None:
    session.merge(Leader(role=role, holder=HOLDER, until=at))
    session.flush()


def _last_sign(session: Session) -> datetime | None:
    """The last trace of work in a database that no dispatcher of this version has looked at."""
    traces = (session.scalar(select(func.max(Job.created_at))), session.scalar(select(func.max(Worker.heartbeat_at))))
    return max((at for at in traces if at is not None), default=None)
