"""The segments of a clip in chunks, and their cues joined in order while they are still being watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from db.documents.kinds.video import Cue, VideoCaptionParams
from worker.streaming.segments import cut
from worker.video.captions import joined


@dataclass(frozen=True)
class SegmentSpan:
    """Chunks [first_chunk, end_chunk) are this segment's own; it starts watching at `warm_chunk`. No end: to the clip's."""

    index: int
    warm_chunk: int
    first_chunk: int
    end_chunk: int | None


def spans(params: VideoCaptionParams, total_ms: int) -> list[SegmentSpan]:
    """The segments of a clip of this length, in chunks; the last goes on to wherever the clip really ends."""
    start_ms, chunk_ms = params.start_ms, params.chunk_ms
    segments = cut((start_ms, start_ms + total_ms), params.segments, chunk_ms, params.warmup_ms)
    firsts = [(segment.start_ms - start_ms) // chunk_ms for segment in segments]
    warm = [(segment.warmup_start_ms - start_ms) // chunk_ms for segment in segments]
    ends: list[int | None] = [*firsts[1:], None]
    return [SegmentSpan(*numbers) for numbers in zip(range(len(segments)), warm, firsts, ends, strict=True)]


class Joiner:
    """Numbers the cues of segments that run at the same time as if one pass had made them.

    What the earliest unfinished segment says is handed out at once, but for its last cue: the next one may repeat it,
    over the seam too. What later segments say waits its turn. The state goes into the checkpoint of the cues handed out.
    """

    def __init__(self, segments: int, max_cue_ms: int, state: dict[str, Any] | None = None) -> None:
        self._max_cue_ms = max_cue_ms
        waiting = state["waiting"] if state else [[] for _ in range(segments)]
        self._waiting = [[Cue.model_validate(cue) for cue in cues] for cues in waiting]
        self._done: list[bool] = list(state["done"]) if state else [False] * segments
        self._held = Cue.model_validate(state["held"]) if state and state["held"] else None
        self._seq: int = state["seq"] if state else 0

    @property
    def count(self) -> int:
        """Cues handed out so far."""
        return self._seq

    def add(self, segment: int, cues: Sequence[Cue], done: bool) -> list[Cue]:
        """Take what a segment said, and hand out what has its final place."""
        self._waiting[segment].extend(cues)
        self._done[segment] = done
        ready: list[Cue] = []
        for index, waiting in enumerate(self._waiting):
            for cue in waiting:
                ready += self._place(cue)
            waiting.clear()
            if not self._done[index]:
                return ready
        return ready + self._release()

    def state(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "waiting": [[cue.model_dump() for cue in cues] for cues in self._waiting],
            "done": self._done,
            "held": self._held.model_dump() if self._held else None,
            "seq": self._seq,
        }

    def _place(self, cue: Cue) -> list[Cue]:
        longer = joined(self._held, cue, self._max_cue_ms) if self._held else None
        if longer is not None:
            self._held = longer
            return []
        ready = self._release()
        self._held = cue
        return ready

    def _release(self) -> list[Cue]:
        if self._held is None:
            return []
        cue, self._held = self._held.model_copy(update={"seq": self._seq}), None
        self._seq += 1
        return [cue]
