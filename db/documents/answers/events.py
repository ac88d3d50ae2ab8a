"""What a watcher of a job is told by server-sent events, besides history (`EventView`) and cues (`Cue`)."""

from __future__ import annotations

from pydantic import BaseModel, Field

from .failures import Failure
from .states import State


class ProgressEvent(BaseModel):
    """How far a job is: milliseconds of its input, 0 to 1 of the whole where that is known."""

    done_ms: int
    total_ms: int | None
    ratio: float | None
    note: str | None
    state: State
    cues: int


class TextEvent(BaseModel):
    """Words of the reply that is being decoded, before they become a cue."""

    text: str
    at: int = Field(0, description="How many characters of the reply came before; pieces can be lost or sent twice")


class EndEvent(BaseModel):
    """The last event: the job's state, or `deleted`."""

    job_id: str | None = None
    state: str
    failure: Failure | None = None
