"""What a handler gets to work with: media, the engine, and a place for what it finds; nothing of queues, SQL or stores."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import Cue, Gap
from db.failures import Failure
from worker.engine.protocol import Engine
from worker.errors import Permanent
from worker.live_feed import LiveFeed


class Context(Protocol):
    """One attempt at one job, as its handler sees it. Every method but `emit` may raise `Stopped`: let it pass."""

    @property
    def job_id(self) -> str:
        """The id of the job, as text."""

    @property
    def engine(self) -> Engine:
        """The model of the job."""

    @property
    def resume(self) -> dict[str, Any] | None:
        """The last checkpoint any attempt of this job emitted, or None on a first start."""
        ...

    def fetch(self, media: MediaInput) -> Path:
        """The bytes of an input as a local file. Raises Permanent(FETCH_FAILED, BLOCKED_ADDRESS) or Transient(STORAGE)."""
        ...

    def connect(self) -> LiveFeed:
        """A connection to the job's live source. Raises SourceDown when there is none now, Permanent when there never is."""
        ...

    @property
    def finishing(self) -> bool:
        """Whether somebody wants the good end of live input."""
        ...

    def record(self, name: str, path: Path) -> None:
        """Store a part of a recording; the file is moved away."""
        ...

    @property
    def recording_ended(self) -> str | None:
        """Why nothing more is recorded; None while it may be."""
        ...

    def beat(self, done_ms: int, total_ms: int | None, note: str = "") -> None:
        """Say how far the work is. Raises `Stopped` when nobody wants it any more."""
        ...

    def text(self, piece: str) -> None:
        """Live text for whoever watches; never stored. Raises `Stopped` like `beat`."""
        ...

    def emit(self, cues: Sequence[Cue], checkpoint: dict[str, Any], done_ms: int | None = None) -> None:
        """Store cues and the checkpoint that covers them in one step: both or neither. `cues` may be empty.

        `done_ms`: how much of the work that is; None: what the last beat said.
        """
        ...

    def keep(self, path: Path) -> None:
        """Keep a file that checkpoints from now on name (`snapshots`), under its own name, as long as the last one does."""
        ...

    @property
    def snapshots(self) -> Mapping[str, Path]:
        """Those of the files that `resume` names that are still there."""
        ...

    def gap(self, gap: Gap) -> None:
        """Announce a stretch that could not be decoded. At least once: a resumed attempt may announce it again; the
        authoritative list is in the result."""
        ...

    def cues(self) -> list[Cue]:
        """Every cue stored for this job so far, those of earlier attempts included, ordered by `seq`."""
        ...

    def attach(self, name: str, path: Path, media_type: str) -> None:
        """Add a result file; the file is copied before this returns. A second file of a name replaces the first."""
        ...


class LocalContext:
    """A context without a service: files on this disk, results in memory. For `worker.watch` and for tests.

    `stop` is called at every beat and piece of text and may raise `Stopped`; `files` is where attached files go and
    `kept` where snapshots do: neither is kept without a folder. `live` is the socket of a relay.
    """

    def __init__(
        self,
        engine: Engine,
        media: Path,
        *,
        resume: dict[str, Any] | None = None,
        stored: Sequence[Cue] = (),
        files: Path | None = None,
        kept: Path | None = None,
        stop: Callable[[], None] = lambda: None,
        live: Path | None = None,
    ) -> None:
        self.job_id = "local"
        self.engine = engine
        self.resume = resume
        self.checkpoint: dict[str, Any] | None = resume
        self.gaps: list[Gap] = []
        self.progress: list[tuple[int, int | None, str]] = []
        self._media = media
        self._cues = list(stored)
        self._files = files
        self._kept = kept
        self._stop = stop
        self._live = live
        self.finishing = False
        self.recording_ended: str | None = None

    def fetch(self, media: MediaInput) -> Path:
        """The one input that this context was made with, whatever is asked for."""
        return self._media

    def connect(self) -> LiveFeed:
        """The live source that this context was made with. Raises Permanent(FETCH_FAILED) where there is none."""
        if self._live is None:
            raise Permanent(Failure.FETCH_FAILED, "there is no live source here")
        return LiveFeed(self._live)

    def record(self, name: str, path: Path) -> None:
        """Move a part of a recording into the folder of results, if there is one."""
        if self._files is not None:
            shutil.move(path, self._files / name)

    def beat(self, done_ms: int, total_ms: int | None, note: str = "") -> None:
        """Keep the last hundred reports of progress, in milliseconds of media, and stop where that is asked."""
        self._stop()
        self.progress = [*self.progress[-99:], (done_ms, total_ms, note)]

    def text(self, piece: str) -> None:
        """Only stop where that is asked: the text comes again in the cues."""
        self._stop()

    def emit(self, cues: Sequence[Cue], checkpoint: dict[str, Any], done_ms: int | None = None) -> None:
        """Keep cues and checkpoint in memory, and remove snapshots that the checkpoint does not name."""
        self._cues.extend(cues)
        self.checkpoint = checkpoint
        for name, path in self.snapshots.items():
            if name not in checkpoint.get("snapshots", ()):
                path.unlink()

    def keep(self, path: Path) -> None:
        """Copy a snapshot into the folder of snapshots, if there is one."""
        if self._kept is not None:
            shutil.copyfile(path, self._kept / path.name)

    @property
    def snapshots(self) -> Mapping[str, Path]:
        """Files of the folder of snapshots by their names."""
        return {} if self._kept is None else {path.name: path for path in self._kept.iterdir()}

    def gap(self, gap: Gap) -> None:
        """Keep a gap in memory."""
        self.gaps.append(gap)

    def cues(self) -> list[Cue]:
        """The cues emitted so far."""
        return list(self._cues)

    def attach(self, name: str, path: Path, media_type: str) -> None:
        """Copy a file into the folder of results, if there is one."""
        if self._files is not None:
            shutil.copyfile(path, self._files / name)
