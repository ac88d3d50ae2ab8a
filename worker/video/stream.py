"""`stream` mode: one session watches the clip from beginning to end."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from db.documents.kinds.video import Gap, VideoCaptionParams
from db.failures import Failure
from worker.context import Context
from worker.engine.protocol import OnText
from worker.errors import Permanent
from worker.video.decode import End
from worker.video.movie import Movie
from worker.video.prefetch import prefetched
from worker.video.timings import Timings
from worker.video.viewing import Tally, Viewing

CHECKPOINT_CHUNKS = 8  # at most this many chunks are watched again after a crash, beside the window


@dataclass(frozen=True)
class Watched:
    """What came of a clip, once every cue is stored."""

    cues: int
    end: End
    tally: Tally
    gaps: list[Gap]
    resumed_at_ms: list[int]
    timings: Timings = field(default_factory=Timings)
    """Of this attempt; of none of its chunks where segments were jobs of their own."""


class LiveText:
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


def watch_stream(params: VideoCaptionParams, job: Context, movie: Movie) -> Watched:
    """Watch a clip in one pass, from the last checkpoint if there is one. Every cue is stored when this returns."""
    resumed = checkpoint_of(job, "stream")
    timings = Timings()
    viewing = Viewing(job.engine, params, resumed["viewing"] if resumed else None, timings=timings)
    resumed_at_ms = [*resumed["resumed_at_ms"], movie.chunk_start_ms(viewing.next_chunk)] if resumed else []

    def checkpoint() -> dict[str, Any]:
        return {"mode": "stream", "viewing": viewing.state(), "resumed_at_ms": resumed_at_ms}

    live = LiveText(job.text)
    with closing(viewing), prefetched(movie.parts(viewing.decode_from_chunk)) as parts:
        for part in parts:
            if isinstance(part, End):
                job.emit(viewing.finish(part.gaps), checkpoint())
                tell_gaps(job, viewing.closed_gaps())
                return Watched(viewing.cues, part, viewing.tally, viewing.gaps, resumed_at_ms, timings)
            job.beat(movie.done_ms(part), movie.total_ms)
            cues = viewing.see(part, live.chunk())
            tell_gaps(job, viewing.closed_gaps(part.chunk.end_ms))
            if cues or viewing.next_chunk % CHECKPOINT_CHUNKS == 0:
                job.emit(cues, checkpoint())
    raise Permanent(Failure.INTERNAL, "the decoder stopped without saying where")


def checkpoint_of(job: Context, mode: str) -> dict[str, Any] | None:
    """The job's last checkpoint. Raises Permanent(BAD_PARAMS) when it was written in another mode."""
    if job.resume is not None and job.resume["mode"] != mode:
        raise Permanent(Failure.BAD_PARAMS, f"the checkpoint was written in mode {job.resume['mode']}, not {mode}")
    return job.resume


def tell_gaps(job: Context, gaps: list[Gap]) -> None:
    """Announce gaps that are complete."""
    for gap in gaps:
        job.gap(gap)
