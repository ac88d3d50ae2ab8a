"""Keeps leases alive and judges attempts: beats, cancel flags, self-fencing, deadlines, and the ladder that ends them."""

from __future__ import annotations

import logging
import signal
import time

from sqlalchemy.exc import SQLAlchemyError

from db.jobs import leases
from db.ops.crash import crash_point
from db.session import Database
from db.settings import Settings
from worker import metrics
from worker.process.persist import write
from worker.settings import WorkerSettings
from worker.supervisor.attempt import Attempt, Board, Why
from worker.supervisor.nursery import Nursery

log = logging.getLogger(__name__)


class Keeper:
    """Renews the leases of all attempts. Runs on a thread of its own, for a database may let it wait."""

    def __init__(self, database: Database, settings: Settings, board: Board) -> None:
        self._database, self._settings, self._board = database, settings, board

    def beat(self) -> None:
        """Renew what is due; a failure is tried again with the next call."""
        for attempt in self._board.all():
            if not attempt.lost and time.monotonic() - attempt.renewed_at >= self._settings.beat_s:
                self._renew(attempt)

    def _renew(self, attempt: Attempt) -> None:
        asked_at = time.monotonic()  # before the question: the lease counts from when the database answered, or earlier
        lease_s = self._settings.lease_s
        try:
            job = write(self._database, lambda s, now: leases.renew(s, now, attempt.id, attempt.epoch, lease_s))
        except SQLAlchemyError as error:
            metrics.OUTAGES.inc()
            log.warning("job %s: lease not renewed: %s", attempt.id, type(error).__name__)
            return
        crash_point("worker.renewed")
        if job is None:
            if not attempt.done.is_set():
                attempt.stop(Why.LOST)
            return
        attempt.renewed_at = asked_at
        if job.cancel_requested_at is not None:
            attempt.stop(Why.CANCELED)


class Judge:
    """Decides, from clocks alone, which attempts must end, and climbs the ladder with those that do not."""

    def __init__(self, settings: Settings, worker: WorkerSettings, board: Board, nursery: Nursery) -> None:
        self._settings, self._worker, self._board, self._nursery = settings, worker, board, nursery

    def judge(self, now: float) -> None:
        """Look at every attempt once; never blocks on anything but the child's control socket."""
        for attempt in self._board.all():
            if why := overdue(attempt, now, self._settings):
                attempt.stop(why)
            if attempt.stop_at is not None and attempt.child is not None:
                self._climb(attempt, now - attempt.stop_at)

    def _climb(self, attempt: Attempt, since_s: float) -> None:
        """Word, SIGTERM, SIGKILL. The child's other streams are handed back unharmed."""
        if not attempt.told:
            attempt.told = True
            self._nursery.stop(attempt)
        if attempt.child is not self._nursery.child:
            return
        if since_s > self._worker.stop_s + self._worker.kill_s:
            self._nursery.kill("deaf to SIGTERM", attempt.stream)
        elif since_s > self._worker.stop_s and not attempt.terminated:
            attempt.terminated = True
            self._nursery.kill("deaf to stop", attempt.stream, signal.SIGTERM)


def overdue(attempt: Attempt, now: float, settings: Settings) -> Why | None:
    """Which clock of an attempt has run out, if any; a lease that may be gone comes first."""
    if now - attempt.renewed_at > settings.fence_s:
        return Why.LOST
    if attempt.why is not None:
        return None
    if now - attempt.began_at > settings.max_run_s:
        return Why.OVERTIME
    return Why.STALLED if now - attempt.progressed_at > settings.stall_s else None
