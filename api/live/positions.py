"""What a watcher of a job is told, and in which order: history, cues, then the end."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from db.documents.answers.events import EndEvent, ProgressEvent
from db.documents.event_types import HistoryEventType
from db.documents.kinds.video import Cue
from db.jobs import cues, events
from db.jobs.transitions import ENDING
from db.schema.tables import TERMINAL, Job, JobEvent
from db.session import Database

PAGE = 500
ENDINGS = frozenset(ENDING.values())


@dataclass(frozen=True)
class StreamPosition:
    """How far a watcher has read: the last event and the last cue it was sent."""

    event_seq: int = 0
    cue_seq: int = -1

    def __str__(self) -> str:
        return f"{self.event_seq}.{self.cue_seq}"


ALL_READ = StreamPosition(2**31 - 1, 2**31 - 1)


@dataclass(frozen=True)
class Item:
    """One message; `event_seq` or `cue_seq` where it is part of the history, neither where it is of the moment."""

    type: str
    json: str
    event_seq: int | None = None
    cue_seq: int | None = None

    @cached_property
    def wire(self) -> bytes:
        """The message without its id, made once for all watchers. JSON has no line ends, so one data line is enough."""
        return f"event: {self.type}\ndata: {self.json}\n".encode(errors="replace")

    @property
    def ends(self) -> bool:
        return self.type == "end"

    def is_new(self, read: StreamPosition) -> bool:
        """Whether a watcher that has read so far has not seen it."""
        if self.event_seq is not None:
            return self.event_seq > read.event_seq
        return self.cue_seq is None or self.cue_seq > read.cue_seq

    def after(self, read: StreamPosition) -> StreamPosition:
        """How far a watcher has read with this item."""
        if self.event_seq is not None:
            return StreamPosition(self.event_seq, read.cue_seq)
        return read if self.cue_seq is None else StreamPosition(read.event_seq, self.cue_seq)


@dataclass(frozen=True)
class Snapshot:
    """One look at a job: what is new since the marks, and whether there is more to fetch at once."""

    items: tuple[Item, ...]
    position: StreamPosition
    progress: Item | None
    more: bool


CUT_OFF = Item("cut_off", "{}")  # never sent: the stream just ends, and its watcher comes back
GONE = Snapshot((Item("end", '{"state":"deleted"}'),), ALL_READ, None, False)


class Reader:
    """One watcher's place in the history: lets through what it has not read and keeps count."""

    def __init__(self, read: StreamPosition) -> None:
        self.read = read
        self.ended = False

    def take(self, items: Iterable[Item]) -> list[tuple[Item, StreamPosition]]:
        """The new ones among the items, each with how far the watcher has then read."""
        new: list[tuple[Item, StreamPosition]] = []
        for item in items:
            if item is CUT_OFF:
                self.ended = True
                break
            if item.is_new(self.read):
                self.read = item.after(self.read)
                new.append((item, self.read))
            self.ended = self.ended or item.ends
        return new


def parse_position(last_event_id: str | None) -> StreamPosition:
    """The marks in a `Last-Event-ID`; the beginning for everything else."""
    event_seq, _, cue_seq = (last_event_id or "").partition(".")
    try:
        return StreamPosition(max(int(event_seq), 0), max(int(cue_seq), -1))
    except ValueError:
        return StreamPosition()


def poll(database: Database, job_id: UUID, read: StreamPosition) -> Snapshot:
    """What happened to the job since `read`. The ending comes after the last cue, `end` after everything."""
    with database.read() as session:
        job = session.get(Job, job_id)
        if job is None or job.deleted_at is not None:
            return GONE
        history = events.after(session, job_id, read.event_seq, PAGE)
        spoken = cues.after(session, job_id, read.cue_seq, PAGE)
    more = len(history) == PAGE or len(spoken) == PAGE
    running = [event_item(event) for event in history if event.type not in ENDINGS]
    ending = [] if more else [event_item(event) for event in history if event.type in ENDINGS]
    items = [*running, *(cue_item(cue) for cue in spoken), *ending]
    position = read
    for item in items:
        position = item.after(position)
    if job.state in TERMINAL and not more:
        items.append(Item("end", EndEvent(job_id=str(job_id), state=job.state, failure=job.failure).model_dump_json()))
    return Snapshot(tuple(items), position, progress_item(job), more)


def current_position(database: Database, job_id: UUID) -> StreamPosition:
    """The end of what is known of a job now."""
    with database.read() as session:
        job = session.get(Job, job_id)
        return ALL_READ if job is None else StreamPosition(job.event_seq, cues.last_seq(session, job_id))


def event_item(event: JobEvent) -> Item:
    """An event of the job's history: `gap` for stretches that could not be decoded, `state` for the rest."""
    name = "gap" if event.type == HistoryEventType.GAP else "state"
    body = {"seq": event.seq, "type": event.type, "at": event.at.isoformat(), "data": event.data}
    return Item(name, _dump(body), event_seq=event.seq)


def cue_item(cue: Cue) -> Item:
    return Item("cue", cue.model_dump_json(), cue_seq=cue.seq)


def progress_item(job: Job) -> Item:
    event = ProgressEvent(
        done_ms=job.done_ms,
        total_ms=job.total_ms,
        ratio=round(min(job.done_ms / job.total_ms, 1), 4) if job.total_ms else None,
        note=job.progress_note,
        state=job.state,
        cues=job.cue_count,
    )
    return Item("progress", event.model_dump_json())


def _dump(body: dict[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)
