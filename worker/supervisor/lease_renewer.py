"""Keeps leases alive and judges attempts: beats, cancel flags, self-fencing, deadlines, and the ladder that ends them."""

from __future__ import annotations

import logging
import signal
import time

from sqlalchemy.exc import SQLAlchemyError

from db.crash import crash_point
from db.jobs import leases
from db.session import Database
from db.settings import Settings
from worker import metrics
from worker.process.persist import write
from worker.settings import WorkerSettings
from worker.supervisor.attempt import Attempt, AttemptRegistry, StopReason
from worker.supervisor.child_manager import ChildManager

log = logging.getLogger(__name__)


class LeaseRenewer:
    """Renews the leases of all attempts. Runs on a thread of its own, for a database may let it wait."""

    def __init__(self, database: Database, settings: Settings, registry: AttemptRegistry) -> None:
        self._database, self._settings, self._registry = database, settings, registry

    def beat(self) -> None:
        """Renew what is due; a failure is tried again with the next call."""
        for attempt in self._registry.all():
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
                attempt.stop(StopReason.LOST)
            return
        attempt.renewed_at = asked_at
        if job.cancel_requested_at is not None:
            attempt.stop(StopReason.CANCELED)


class Watchdog:
    """Decides, from clocks alone, which attempts must end, and climbs the ladder with those that do not."""

    def __init__(
        self, settings: Settings, worker: WorkerSettings, registry: AttemptRegistry, child_manager: ChildManager
    ) -> None:
        self._settings, self._worker, self._registry, self._child_manager = settings, worker, registry, child_manager

    def judge(self, now: float) -> None:
        """Look at every attempt once; never blocks on anything but the child's control socket."""
        for attempt in self._registry.all():
            if stop_reason := overdue(attempt, now, self._settings):
                attempt.stop(stop_reason)
            if attempt.stop_at is not None and attempt.child is not None:
                self._escalate(attempt, now - attempt.stop_at)

    def _escalate(self, attempt: Attempt, since_s: float) -> None:
        """Word, SIGTERM, SIGKILL. The child's other streams are handed back unharmed."""
        if not attempt.told:
            attempt.told = True
            self._child_manager.stop(attempt)
        if attempt.child is not self._child_manager.child:
            return
        if since_s > self._worker.stop_s + self._worker.kill_s:
            self._child_manager.kill("deaf to SIGTERM", attempt.stream)
        elif since_s > self._worker.stop_s and not attempt.terminated:
            attempt.terminated = True
            self._child_manager.kill("deaf to stop", attempt.stream, signal.SIGTERM)


def overdue(attempt: Attempt, now: float, settings: Settings) -> StopReason | None:
    """Which clock of an attempt has run out, if any; a lease that may be gone comes first."""
    if now - attempt.renewed_at > settings.fence_s:
        return StopReason.LOST
    if attempt.stop_reason is not None:
        return None
    if now - attempt.began_at > settings.max_run_s:
        return StopReason.OVERTIME
    return StopReason.STALLED if now - attempt.progressed_at > settings.stall_s else None
