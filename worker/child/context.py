"""A handler's context in the model child: what it says goes down the data pipe, what it fetches is already here."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from db.crash import crash_point
from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import Cue, Gap
from db.failures import Failure
from worker.engine.protocol import Engine
from worker.errors import Permanent, Stopped
from worker.live_feed import LiveFeed
from worker.protocol import STORED_CUES, Attach, Beat, Cues, GapFound, Keep, Message, Record, Start, Text, input_key

Send = Callable[[Message], None]


class PipeContext:
    """One attempt at one job, seen from the child (see `worker.context.Context`)."""

    def __init__(self, start: Start, send: Send, engine: Callable[[], Engine]) -> None:
        self.job_id = start.job_id
        self.resume = start.checkpoint
        self.may_split = start.may_split
        self.segments = start.segments
        self.stop = threading.Event()
        self.finishing = start.finishing
        self.recording_ended: str | None = None
        self._start = start
        self._send = send
        self._engine = engine
        self._folder = Path(start.folder)
        self._done_ms = 0
        self._said = 0
        self._saying = threading.Lock()

    @property
    def engine(self) -> Engine:
        """The model of the job, loaded when it is first asked for."""
        return self._engine()

    def fetch(self, media: MediaInput) -> Path:
        """Where the supervisor put an input. Raises Permanent(FETCH_FAILED) for one that the parameters do not name."""
        path = self._start.inputs.get(input_key(media))
        if path is None:
            raise Permanent(Failure.FETCH_FAILED, "the handler asked for an input that the parameters do not name")
        return Path(path)

    def connect(self) -> LiveFeed:
        """The live source of this job. Raises Permanent(FETCH_FAILED) where it has none."""
        if self._start.live is None:
            raise Permanent(Failure.FETCH_FAILED, "this job has no live source")
        return LiveFeed(Path(self._start.live))

    def record(self, name: str, path: Path) -> None:
        """Hand a part over, under a name of its own until it is stored."""
        target = self._folder / name
        shutil.move(path, target)
        self._send(Record(stream=self._start.stream, name=name, path=str(target)))

    def beat(self, done_ms: int, total_ms: int | None, note: str = "") -> None:
        """Report progress in milliseconds of media. Raises Stopped once the supervisor has asked for it."""
        self._halt_if_told()
        self._done_ms = done_ms
        self._send(Beat(stream=self._start.stream, done_ms=done_ms, total_ms=total_ms, note=note))

    def text(self, piece: str) -> None:
        """Report text as it is generated. Raises Stopped once the supervisor has asked for it."""
        self._halt_if_told()
        if piece:
            self._send(Text(stream=self._start.stream, text=piece, at=self._said))
            self._said += len(piece)

    def emit(self, cues: Sequence[Cue], checkpoint: dict[str, Any], done_ms: int | None = None) -> None:
        """Never raises `Stopped`: work that is done is kept, the next beat is early enough to stop."""
        crash_point("child.emitting")
        kept, reached_ms = tuple(cues), self._done_ms if done_ms is None else done_ms
        with self._saying:
            self._send(Cues(stream=self._start.stream, cues=kept, checkpoint=checkpoint, done_ms=reached_ms))
            with (self._folder / STORED_CUES).open("a", encoding="utf-8") as file:
                file.writelines(cue.model_dump_json() + "\n" for cue in kept)
        crash_point("child.emitted")

    def keep(self, path: Path) -> None:
        """Hand a snapshot over; the checkpoint that names it comes after it through the same pipe."""
        target = self._folder / path.name
        shutil.copyfile(path, target)
        self._send(Keep(stream=self._start.stream, name=path.name, path=str(target)))

    @property
    def snapshots(self) -> dict[str, Path]:
        """Files of the checkpoint by their names."""
        return {name: Path(path) for name, path in self._start.snapshots.items()}

    def gap(self, gap: Gap) -> None:
        """Report a stretch that is not captioned."""
        self._send(GapFound(stream=self._start.stream, gap=gap))

    def cues(self) -> list[Cue]:
        """The cues that earlier attempts have stored, in their order."""
        path = self._folder / STORED_CUES
        if not path.exists():
            return []
        with path.open(encoding="utf-8") as file:
            return [Cue.model_validate_json(line) for line in file]

    def attach(self, name: str, path: Path, media_type: str) -> None:
        """Give a copy of a file to the supervisor, to be a result file under this name."""
        copy = self._folder / f"file-{uuid4().hex}"
        shutil.copyfile(path, copy)
        self._send(Attach(stream=self._start.stream, name=name, path=str(copy), media_type=media_type))
        crash_point("child.attached")

    def _halt_if_told(self) -> None:
        if self.stop.is_set():
            raise Stopped("the supervisor says stop")
