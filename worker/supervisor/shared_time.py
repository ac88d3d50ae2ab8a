"""Whose time a worker's time is: each moment is divided among the jobs that run in it."""

from __future__ import annotations

import threading


class SharedTime:
    """A clock that goes `1/n` as fast while `n` jobs run: the shares of all jobs add up to the time the worker was busy."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running, self._shown, self._at = 0, 0.0, 0.0

    def begin(self, now: float) -> float:
        """A job begins at `now` (monotonic seconds); what the clock shows."""
        return self._tick(now, +1)

    def end(self, now: float, began: float) -> float:
        """A job ends at `now` that began when the clock showed `began`: its seconds."""
        return self._tick(now, -1) - began

    def so_far(self, now: float, began: float) -> float:
        """The seconds until now of a job that goes on."""
        return self._tick(now, 0) - began

    def _tick(self, now: float, change: int) -> float:
        with self._lock:
            if self._running:
                self._shown += max(0.0, now - self._at) / self._running
            self._at = max(self._at, now)
            self._running += change
            return self._shown
