"""What a committed transaction tells the other processes: "look at this queue", "this job changed".

Signals are hints. Losing one costs a little time, never a job: the dispatcher nudges again, live views poll as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Nudge:
    """A queue has work; the id says which job caused it."""

    queue: str
    job_id: UUID


@dataclass(frozen=True)
class Changed:
    """A job's row, cues or events changed: live views of it should look again."""

    job_id: UUID


@dataclass(frozen=True)
class CancelAsked:
    """Somebody asked to cancel a job that a worker owns."""

    job_id: UUID


@dataclass(frozen=True)
class StopAsked:
    """Somebody asked for the good end of a job that a worker owns."""

    job_id: UUID


Signal = Nudge | Changed | CancelAsked | StopAsked


class Signals(Protocol):
    """Carries signals; must not raise and must not block for long."""

    def send(self, signals: Sequence[Signal]) -> None: ...


class NoSignals:
    """For processes and tests without a broker: the dispatcher and polling do all the work."""

    def send(self, signals: Sequence[Signal]) -> None:
        return None


def signal(session: Session, *signals: Signal) -> None:
    """Leave signals to be sent once the block has committed."""
    pending = session.info.setdefault("signals", [])
    pending.extend(one for one in signals if one not in pending)
