"""Writes that outlast a database outage: repeated until they are stored or the lease is no longer ours to write under."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from db.session import Database, database_now

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
T = TypeVar("T")
Write = Callable[[Session, datetime], T]
log = logging.getLogger(__name__)


class UnderLease(Protocol):
    """Work on a job that may be written as long as its lease is held."""

    @property
    def id(self) -> UUID:
        """The job's id."""

    @property
    def lost(self) -> bool:
        """Whether the lease is gone."""

    @property
    def done(self) -> threading.Event:
        """Set when the attempt is over."""


class LeaseLost(Exception):
    """Somebody else owns the job, or may: nothing was written and nothing may be."""


def is_outage(error: BaseException) -> bool:
    """Whether the database is away, as opposed to us asking nonsense."""
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


OUTAGES = (DBAPIError, PoolTimeout)


def write(database: Database, work: Write[T]) -> T:
    """One transaction with the database's own clock."""
    with database.write() as session:
        return work(session, database_now(session))


def persist(database: Database, attempt: UnderLease, work: Write[T]) -> T:
    """Run `work` in a transaction until it commits; it may be repeated after a commit that got through unseen.

    Raises LeaseLost as soon as the attempt has lost its lease.
    """
    pause_s = FIRST_PAUSE_S
    while not attempt.lost:
        try:
            return write(database, work)
        except OUTAGES as error:
            if not is_outage(error):
                raise
            log.warning(
                "job %s: the database is not reachable, trying again: %s", attempt.id, str(error.__cause__)[:200]
            )
        attempt.done.wait(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
    raise LeaseLost(str(attempt.id))
