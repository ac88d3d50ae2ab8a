"""A live source as pages show it: whether it is connected, since when, what is missing, what was recorded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from db.schema.tables import TERMINAL, Job, JobFile

RECORDED = re.compile(r"recording-(\d+)\.\w+")
ENDS = {
    "stopped": "It was stopped.",
    "max_duration": "It ran for as long as was asked.",
    "source_ended": "The source ended.",
    "gave_up": "No picture came for too long.",
}


@dataclass(frozen=True)
class FollowedSource:
    """A job that follows a live source, and what it is called."""

    job: Job
    title: str

    @property
    def tone(self) -> str:
        """The colour of its state."""
        if self.job.state in TERMINAL:
            return "quiet"
        return {"Live": "live", "Stopping": "warn", "Connecting": "warn"}.get(self.connection, "wait")

    @property
    def connection(self) -> str:
        """Whether the source is there, in a word."""
        if self.job.state in TERMINAL:
            return "Ended"
        if self.job.stop_requested_at is not None:
            return "Stopping"
        note = self.job.progress_note or ""
        return "Live" if note == "live" else "Connecting" if note else "Waiting for a worker"

    @property
    def trouble(self) -> str:
        """Why there is no connection; empty where there is one."""
        return (self.job.progress_note or "").partition(": ")[2] if self.connection == "Connecting" else ""

    @property
    def outcome(self) -> dict[str, Any]:
        """What became of it, once it has ended well."""
        return (self.job.result or {}).get("live") or {}

    @property
    def ended(self) -> str:
        """Why it ended, in words."""
        return ENDS.get(self.outcome.get("ended", ""), "")


def recorded(files: Sequence[JobFile]) -> list[tuple[JobFile, int]]:
    """The parts of a recording with the times at which they begin."""
    found = [(file, RECORDED.fullmatch(file.name)) for file in files]
    return sorted(((file, int(match[1])) for file, match in found if match), key=lambda one: one[1])
