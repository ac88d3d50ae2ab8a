"""Server-sent events of a job: the lines of a stream read into events, events read into their documents."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from bm3vl.answers import parsed
from bm3vl.documents.answers.events import EndEvent, ProgressEvent, TextEvent
from bm3vl.documents.answers.jobs import EventView
from bm3vl.documents.kinds.video import Cue

DOCUMENTS: dict[str, type[BaseModel]] = {
    "state": EventView,
    "gap": EventView,
    "progress": ProgressEvent,
    "cue": Cue,
    "text": TextEvent,
    "end": EndEvent,
}


@dataclass(frozen=True)
class ServerSentEvent:
    """One event of a job: `type` is state, progress, cue, gap, text or end."""

    type: str
    data: dict[str, Any]
    id: str | None = None

    @property
    def document(self) -> BaseModel | None:
        """The event as a Cue, ProgressEvent, EventView (state, gap), TextEvent or EndEvent; None for a type not known here."""
        model = DOCUMENTS.get(self.type)
        return None if model is None else parsed(model, self.data)


@dataclass
class EventParser:
    """Takes a stream's lines one by one (HTML standard, section 9.2.6); skips comments and unknown fields."""

    last_id: str | None = None
    _type: str = "message"
    _data: list[str] = field(default_factory=list)

    def take(self, line: str) -> ServerSentEvent | None:
        """The event that this line completes, if it does."""
        if line == "":
            return self._completed()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._type = value
        elif name == "data":
            self._data.append(value)
        elif name == "id":
            self.last_id = value
        return None

    def _completed(self) -> ServerSentEvent | None:
        kind, data = self._type, self._data
        self._type, self._data = "message", []
        return ServerSentEvent(kind, json.loads("\n".join(data)), self.last_id) if data else None


def parse(lines: Iterable[str]) -> Iterator[ServerSentEvent]:
    """Events from the lines of a stream."""
    parser = EventParser()
    for line in lines:
        if (event := parser.take(line)) is not None:
            yield event
