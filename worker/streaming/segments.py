"""Parallel runs: a clip cut into segments that warm up on what came before, and their cues put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.documents.kinds.video import Cue


@dataclass(frozen=True)
class ClipSegment:
    """One part of a clip: it is watched from `warmup_start_ms`, and its cues count from `start_ms` until `end_ms`."""

    index: int
    warmup_start_ms: int
    start_ms: int
    end_ms: int


def cut(clip: tuple[int, int], segments: int, chunk_ms: int, warmup_ms: int) -> tuple[ClipSegment, ...]:
    """At most `segments` parts of a clip (start, end) in ms, of whole chunks and about the same length.

    All borders, those of the warm-up too, fall on the chunk grid of the uncut clip, so that every chunk of a part is a
    chunk that one pass would have seen. A clip of fewer chunks than segments makes fewer parts.
    """
    start_ms, end_ms = clip
    chunks = max(1, -(-(end_ms - start_ms) // chunk_ms))
    count = min(segments, chunks)
    warmup_chunks = -(-warmup_ms // chunk_ms)
    firsts = [chunks * index // count for index in range(count + 1)]
    borders = [min(end_ms, start_ms + first * chunk_ms) for first in firsts]
    warm = [start_ms + max(0, first - warmup_chunks) * chunk_ms for first in firsts]
    return tuple(ClipSegment(i, warm[i], borders[i], borders[i + 1]) for i in range(count))


def merge(parts: Sequence[tuple[ClipSegment, Sequence[Cue]]]) -> tuple[Cue, ...]:
    """The cues of all parts in time, numbered anew.

    A cue belongs to the part in which it starts: what was said while warming up is dropped, because the part before
    said it, unless the cue goes on into the part; then the share inside is kept, and joined with the same words just
    before the border.
    """
    merged: list[Cue] = []
    for segment, cues in sorted(parts, key=lambda part: part[0].index):
        for cue in sorted(cues, key=lambda cue: (cue.start_ms, cue.seq)):
            _append(merged, segment, cue)
    return tuple(cue.model_copy(update={"seq": seq}) for seq, cue in enumerate(merged))


def _append(merged: list[Cue], segment: ClipSegment, cue: Cue) -> None:
    start_ms, end_ms = max(cue.start_ms, segment.start_ms), min(cue.end_ms, segment.end_ms)
    if start_ms >= end_ms:
        return
    inside = cue.model_copy(update={"start_ms": start_ms, "end_ms": end_ms})
    last = merged[-1] if merged else None
    at_border = start_ms == segment.start_ms
    if last is not None and at_border and last.end_ms == start_ms and last.text == cue.text:
        joined = {
            "end_ms": end_ms,
            "chunk_last": max(last.chunk_last, cue.chunk_last),
            "tokens": last.tokens + cue.tokens,
        }
        merged[-1] = last.model_copy(update=joined)
        return
    merged.append(inside)
