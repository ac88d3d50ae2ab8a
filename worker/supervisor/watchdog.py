"""Decides which attempts must end: self-fencing, deadlines, and the ladder that ends them."""

from __future__ import annotations

import signal

from db.settings import Settings
from worker.settings import WorkerSettings
from worker.supervisor.attempt import Attempt, AttemptRegistry, StopReason
from worker.supervisor.child_manager import ChildManager


class Watchdog:
    """Decides, from clocks alone, which attempts must end, and climbs the ladder with those that do not."""

    def __init__(
        self, settings: Settings, worker: WorkerSettings, registry: AttemptRegistry, child_manager: ChildManager
    ) -> None:
        self._settings, self._worker, self._registry, self._child_manager = settings, worker, registry, child_manager

    def check(self, now: float) -> None:
        """Look at every attempt once; never blocks on anything but the child's control socket."""
        for attempt in self._registry.all():
            if stop_reason := overdue(attempt, now, self._settings):
                attempt.stop(stop_reason)
            if attempt.stop_at is not None and attempt.child is not None:
                self._escalate(attempt, now - attempt.stop_at)

    def _escalate(self, attempt: Attempt, since_s: float) -> None:
        """Word, SIGTERM, SIGKILL. The child's other streams are handed back unharmed."""
        if not attempt.stop_sent:
            attempt.stop_sent = True
            self._child_manager.stop(attempt)
        if attempt.child is not self._child_manager.child:
            return
        if since_s > self._worker.stop_s + self._worker.kill_s:
            self._child_manager.kill("no reaction to SIGTERM", attempt.stream)
        elif since_s > self._worker.stop_s and not attempt.terminated:
            attempt.terminated = True
            self._child_manager.kill("no reaction to stop", attempt.stream, signal.SIGTERM)


def overdue(attempt: Attempt, now: float, settings: Settings) -> StopReason | None:
    """Which clock of an attempt has run out, if any; a lease that may be gone comes first."""
    if now - attempt.renewed_at > settings.fence_s:
        return StopReason.LOST
    if attempt.stop_reason is not None:
        return None
    if now - attempt.began_at > settings.max_run_s:
        return StopReason.DRAINED if attempt.live else StopReason.OVERTIME  # the next attempt goes on
    return StopReason.STALLED if now - attempt.progressed_at > settings.stall_s else None
