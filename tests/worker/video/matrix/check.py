"""Watches a video from a start and counts what it shows wrong without a word."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from db.documents.kinds.video import Gap
from tests.worker.video.footage import number
from tests.worker.video.matrix.sources import BITS, STEP_MS, Right
from worker.engine.protocol import Chunk
from worker.errors import Permanent
from worker.video.source.decode import Clip, ClipEnd, parts
from worker.video.source.probe import Probe, probe
from worker.video.source.sample import SamplingGrid

FPS = 5.0
CHUNK_MS = 2000
SIZE = (64, 16)
CLOSE_MS = 2  # containers round times to milliseconds, the first of all as well
STARTS = ("beginning", "later", "resumed", "parallel")
SEGMENTS = 4


@dataclass(frozen=True)
class Watched:
    """All that came of a video."""

    chunks: list[Chunk]
    gaps: list[Gap]
    end: ClipEnd


def watch(path: Path, known: Probe, clip: Clip) -> Watched:
    chunks: list[Chunk] = []
    gaps: list[Gap] = []
    for part in parts(path, known, clip, SIZE):
        if isinstance(part, ClipEnd):
            return Watched(chunks, [*gaps, *part.gaps], part)
        chunks.append(part.chunk)
        gaps += part.gaps
    raise AssertionError("no end")


def clips(start: str, right: Right, seed: str) -> Iterator[Clip]:
    """The clips that a start means: one, or those of all segments."""
    rng = random.Random(seed)  # the same in every run
    end_ms = right.end_ms // 2 if right.truncated else right.end_ms
    chunks = -(-end_ms // CHUNK_MS)
    common = {"fps": FPS, "chunk_ms": CHUNK_MS, "threads": 1}
    match start:
        case "beginning":
            yield Clip(**common)
        case "later":
            yield Clip(start_ms=rng.randrange(1000, end_ms - 1000), **common)
        case "resumed":
            yield Clip(first_chunk=rng.randrange(1, chunks), **common)
        case _:
            firsts = sorted({chunks * index // SEGMENTS for index in range(SEGMENTS)})
            ends = [first * CHUNK_MS for first in firsts[1:]]
            for first, end_ms in zip(firsts, [*ends, None], strict=True):
                yield Clip(first_chunk=first, end_ms=end_ms, **common)


def problems(path: Path, right: Right, start: str) -> list[str]:
    """What is wrong of a video from a start; nothing where all is right or told as a gap."""
    known = probe(path)
    found: list[str] = []
    told: list[Gap] = []
    for clip in clips(start, right, f"{path.name} {start}"):
        try:
            watched = watch(path, known, clip)
        except Permanent as refused:
            found.append(f"{clip.start_ms}/{clip.first_chunk}: refused: {refused}")
            continue
        found += [f"{clip.start_ms}/{clip.first_chunk}: {text}" for text in _wrong(watched, clip, right)]
        told += watched.gaps
    if right.joint_ms is not None and start in ("beginning", "parallel"):
        near = [gap for gap in told if "leap" in gap.reason and abs(gap.start_ms - right.joint_ms) <= 3 * STEP_MS]
        found += [] if near else ["the joint is not told"]
    surplus = [gap for gap in told if right.joint_ms is None and not right.truncated]
    return found + [f"a false gap: {gap.reason} at {gap.start_ms} ms" for gap in surplus]


def _wrong(watched: Watched, clip: Clip, right: Right) -> Iterator[str]:
    end_ms = right.end_ms if clip.end_ms is None else min(right.end_ms, clip.end_ms)
    if right.truncated and clip.end_ms is None:
        if not watched.end.truncated:
            yield "the break is not told"
        end_ms = min(end_ms, watched.end.end_ms)
        if end_ms < right.end_ms // 2:
            yield f"ends at {end_ms} ms"
    elif abs(watched.end.end_ms - end_ms) > STEP_MS or (watched.end.truncated and not right.truncated):
        yield f"ends at {watched.end.end_ms} ms, not {end_ms} ms"
    grid = SamplingGrid.of(clip.start_ms, FPS, CHUNK_MS)
    frames = {grid.slot(Fraction(f.pts_ms, 1000)): f for chunk in watched.chunks for f in chunk.frames}
    last = grid.slot(Fraction(min(end_ms, watched.end.end_ms) - STEP_MS // 2, 1000))
    for slot in range(grid.first_slot(clip.first_chunk), last + 1):
        slot_ms = round(grid.slot_start(slot) * 1000)
        if slot not in frames:
            if (not right.truncated or slot_ms < end_ms - 10 * STEP_MS) and not _in_gap(slot_ms, watched.gaps):
                yield f"no picture at {slot_ms} ms"
        elif (seen := number(frames[slot].pixels, BITS)) not in _acceptable(slot_ms, grid, slot, right):
            yield f"at {slot_ms} ms picture {seen}"


def _in_gap(ms: int, gaps: list[Gap]) -> bool:
    return any(gap.start_ms <= ms < (gap.end_ms or gap.start_ms) for gap in gaps)


def _acceptable(slot_ms: int, grid: SamplingGrid, slot: int, right: Right) -> set[int]:
    """The picture that starts first in a slot, or the one on screen; both where rounding decides, or no one can know."""
    next_ms = round(grid.slot_start(slot + 1) * 1000)
    times = [ms for ms, _ in right.shown]
    found = set()
    for close in (-CLOSE_MS, 0, CLOSE_MS):
        at = bisect_right(times, slot_ms - 1 + close)
        at = at if at < len(times) and times[at] < next_ms - 1 + close else at - 1
        found.add(right.shown[max(at, 0)][1])
    if found & right.guessed:
        found |= {known + more for known in found for more in range(-3, 4)}
    return found
