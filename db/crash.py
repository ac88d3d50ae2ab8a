"""Named places where a fault test may kill the process, as a power cut would: no handler runs, nothing is flushed.

`BM3_CRASH_AT` holds plans separated by commas: `name`, `name:N` (the Nth passage), or either with `@FILE`: then only
while FILE is absent, which the crash makes, so that of several processes with the same environment one dies once.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from db.settings import settings

_passages: Counter[str] = Counter()
_lock = threading.Lock()

POINTS = (
    "submit.stored",
    "worker.claimed",
    "worker.prepared",
    "worker.sent",
    "worker.started",
    "worker.renewed",
    "worker.keeping",
    "worker.kept",
    "worker.saving",
    "worker.saved",
    "worker.done",
    "worker.finalizing",
    "worker.uploaded",
    "worker.succeeded",
    "worker.failing",
    "worker.releasing",
    "worker.released",
    "child.started",
    "child.emitting",
    "child.emitted",
    "child.attached",
    "child.done",
    "dispatcher.elected",
    "dispatcher.reaping",
    "dispatcher.reaped",
    "dispatcher.waking",
    "dispatcher.relaying",
    "dispatcher.relayed",
    "dispatcher.sweeping",
    "asset.discarding",
)
"""Every place that calls `crash_point`, for tests that walk through them all."""


@dataclass(frozen=True)
class CrashPlan:
    """Where to die: the place, which passage of it, and the file that says it has happened."""

    name: str
    passage: int = 1
    marker: Path | None = None

    @classmethod
    def parse(cls, text: str) -> CrashPlan:
        place, _, marker = text.partition("@")
        name, _, passage = place.partition(":")
        return cls(name, int(passage or 1), Path(marker) if marker else None)

    def is_due(self, passages: int) -> bool:
        """Whether this passage is the one; makes the marker."""
        if passages < self.passage:
            return False
        if self.marker is None:
            return passages == self.passage
        try:
            self.marker.touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


@lru_cache
def _plans(text: str) -> tuple[CrashPlan, ...]:
    return tuple(CrashPlan.parse(part) for part in text.split(",") if part)


def crash_point(name: str) -> None:
    """Die here by SIGKILL if the settings say so; costs next to nothing otherwise."""
    plans = [plan for plan in _plans(settings().crash_at) if plan.name == name]
    if not plans:
        return
    with _lock:
        _passages[name] += 1
        if any(plan.is_due(_passages[name]) for plan in plans):
            os.kill(os.getpid(), signal.SIGKILL)
