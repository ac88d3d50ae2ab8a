"""`stream` mode: one session watches the clip from beginning to end."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from db.documents.kinds.video import Gap, VideoCaptionParams
from db.failures import Failure
from worker.context import Context
from worker.engine.protocol import OnText
from worker.errors import Permanent, Stopped
from worker.video.caption_pass import CaptionPass, PassTally
from worker.video.source.clip_source import ClipSource
from worker.video.source.decode import ClipEnd
from worker.video.source.prefetch import prefetched
from worker.video.timings import Timings

CHECKPOINT_CHUNKS = 8  # at most this many chunks are watched again after a crash, beside the window


@dataclass(frozen=True)
class Watched:
    """What came of a clip, once every cue is stored."""

    cues: int
    end: ClipEnd
    tally: PassTally
    gaps: list[Gap]
    resumed_at_ms: list[int]
    replayed_from_ms: list[int] = field(default_factory=list)
    refreshed_at_ms: list[int] = field(default_factory=list)
    timings: Timings = field(default_factory=Timings)
    """Of this attempt; of none of its chunks where segments were jobs of their own."""


class LiveTextLines:
    """Puts each chunk's words on a line of their own for whoever watches live."""

    def __init__(self, say: OnText) -> None:
        self._say = say
        self._said = False

    def chunk(self) -> OnText:
        """Where the next chunk's words go."""
        fresh = self._said

        def say(piece: str) -> None:
            nonlocal fresh
            self._say("\n" + piece if fresh and piece else piece)
            self._said = self._said or bool(piece)
            fresh = fresh and not piece

        return say


def watch_stream(params: VideoCaptionParams, job: Context, source: ClipSource) -> Watched:
    """Watch a clip in one pass, from the last checkpoint if there is one. Every cue is stored when this returns.

    Raises Permanent(INTERNAL) where the decoder stops without an end; lets `Stopped` pass once what was watched is in a
    checkpoint.
    """
    resumed = checkpoint_of(job, "stream")
    timings = Timings()
    caption_pass = CaptionPass(
        job.engine, params, resumed["viewing"] if resumed else None, timings=timings, snapshots=job.snapshots
    )
    restarts = Restarts.of(resumed)
    if resumed:
        chunks = caption_pass.next_chunk, caption_pass.decode_from_chunk
        restarts = restarts.add(*map(source.chunk_start_ms, chunks))

    def checkpoint() -> dict[str, Any]:
        viewing = caption_pass.state()
        return {"mode": "stream", "viewing": viewing, **asdict(restarts), **_snapshots(viewing)}

    live = LiveTextLines(job.text)
    with closing(caption_pass), prefetched(source.parts(caption_pass.decode_from_chunk)) as parts:
        for part in parts:
            if isinstance(part, ClipEnd):
                job.emit(caption_pass.finish(part.gaps, live.chunk()), checkpoint())
                tell_gaps(job, caption_pass.closed_gaps())
                return _watched(caption_pass, part, restarts, timings)
            before, reached = checkpoint(), caption_pass.next_chunk
            try:
                job.beat(source.done_ms(part), source.total_ms)
                cues = caption_pass.process(part, live.chunk())
            except Stopped:  # whoever goes on need not do again what no cue has closed yet
                job.emit((), before, source.chunk_start_ms(reached) - source.clip.start_ms)
                raise
            tell_gaps(job, caption_pass.closed_gaps(part.chunk.end_ms))
            if _keep_snapshot(job, caption_pass) or cues or caption_pass.next_chunk % CHECKPOINT_CHUNKS == 0:
                job.emit(cues, checkpoint())
    raise Permanent(Failure.INTERNAL, "the decoder stopped without saying where")


@dataclass(frozen=True)
class Restarts:
    """Where a stream went on after each restart, and from where it was shown the clip again."""

    resumed_at_ms: list[int]
    replayed_from_ms: list[int]

    @classmethod
    def of(cls, resumed: dict[str, Any] | None) -> Restarts:
        """Those that a checkpoint tells of."""
        told = resumed or {}
        return cls(list(told.get("resumed_at_ms", ())), list(told.get("replayed_from_ms", ())))

    def add(self, resumed_at_ms: int, replayed_from_ms: int) -> Restarts:
        """One more."""
        return Restarts([*self.resumed_at_ms, resumed_at_ms], [*self.replayed_from_ms, replayed_from_ms])


def _watched(caption_pass: CaptionPass, end: ClipEnd, restarts: Restarts, timings: Timings) -> Watched:
    return Watched(
        caption_pass.cues,
        end,
        caption_pass.tally,
        caption_pass.gaps,
        **asdict(restarts),
        refreshed_at_ms=caption_pass.refreshed_at_ms,
        timings=timings,
    )


def _snapshots(viewing: dict[str, Any]) -> dict[str, Any]:
    """The files that a checkpoint names, where whoever stores it finds them."""
    names = viewing["session"].get("snapshots", ())
    return {"snapshots": list(names)} if names else {}


def _keep_snapshot(job: Context, caption_pass: CaptionPass) -> bool:
    """Keep a snapshot when it is time to; the checkpoint that names it must follow."""
    with tempfile.TemporaryDirectory() as folder:
        path = caption_pass.snapshot(Path(folder))
        if path is not None:
            job.keep(path)
    return path is not None


def checkpoint_of(job: Context, mode: str) -> dict[str, Any] | None:
    """The job's last checkpoint. Raises Permanent(BAD_PARAMS) when it was written in another mode."""
    if job.resume is not None and job.resume["mode"] != mode:
        raise Permanent(Failure.BAD_PARAMS, f"the checkpoint was written in mode {job.resume['mode']}, not {mode}")
    return job.resume


def tell_gaps(job: Context, gaps: list[Gap]) -> None:
    """Announce gaps that are complete."""
    for gap in gaps:
        job.gap(gap)
