"""A source that comes and goes: whatever it does, every millisecond is captioned or in a gap, and none is both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from db.documents.kinds.video import Cue, Gap
from worker.engine.protocol import Reply
from worker.video.caption_pass import continued
from worker.video.captions import CaptionTrack
from worker.video.source.frame_sampler import ClipPart, FrameSampler
from worker.video.source.sample import SamplingGrid

CHUNK_MS = 1000


@dataclass(frozen=True)
class Stretch:
    """Pictures for so many milliseconds, then none for so many, in which it is tried so often to connect again."""

    seen_ms: int
    away_ms: int
    tries: int
    step_ms: int


STRETCHES = st.builds(
    Stretch, st.integers(0, 5000), st.integers(CHUNK_MS, 9000), st.integers(1, 5), st.integers(20, 900)
)


def parts_of(stretches: list[Stretch]) -> Iterator[ClipPart]:
    """As a live reader hands them out."""
    sampler = FrameSampler(SamplingGrid.of(0, 2.0, CHUNK_MS), lambda _: np.zeros((1, 1, 3), np.uint8))
    at_ms = last_ms = 0
    sampler.damage(Fraction(0), "not yet")
    for one in stretches:
        end_ms = at_ms + one.seen_ms
        while at_ms < end_ms:
            yield from sampler.show(Fraction(at_ms, 1000), VideoFrame(2, 2, "rgb24"))
            last_ms, at_ms = at_ms, at_ms + one.step_ms
        back_ms = max(at_ms, end_ms) + one.away_ms
        for number in range(one.tries):
            sampler.damage(Fraction(last_ms + one.step_ms, 1000), f"try {number % 2}")
            now_ms = end_ms + one.away_ms * (number + 1) // one.tries
            yield from sampler.lapse(Fraction(now_ms, 1000))
        at_ms = back_ms
    yield from sampler.finish(Fraction(at_ms, 1000))


def told(parts: Iterator[ClipPart]) -> tuple[list[Cue], list[Gap], int]:
    """What a model says that always says something else; the gaps; the end."""
    track, cues, gaps, end_ms = CaptionTrack(30_000, at_once=True), list[Cue](), list[Gap](), 0
    for part in parts:
        reply = Reply(f"It is {part.chunk.index}.", (1,))
        cues += track.add(part.chunk, reply, part.gaps) if part.chunk.frames else track.close()
        gaps, end_ms = continued(gaps, part.gaps), part.chunk.end_ms
    return cues + track.close(), gaps, end_ms


@given(st.lists(STRETCHES, min_size=1, max_size=6))
def test_every_millisecond_is_captioned_or_in_a_gap(stretches: list[Stretch]) -> None:
    cues, gaps, end_ms = told(parts_of(stretches))
    spans = sorted([(cue.start_ms, cue.end_ms) for cue in cues] + [(gap.start_ms, gap.end_ms or 0) for gap in gaps])
    spans = [span for span in spans if span[0] < span[1]]
    assert [after[0] - before[1] for before, after in pairwise(spans)] == [0] * (len(spans) - 1), spans
    assert (spans[0][0], spans[-1][1]) == (0, end_ms)


def test_a_repeated_caption_does_not_go_on_across_a_gap() -> None:
    """The same words before and after it are two captions."""
    track, cues = CaptionTrack(30_000, at_once=True), list[Cue]()
    for part in parts_of([Stretch(2600, 1100, 2, 50), Stretch(2500, 1000, 1, 50)]):
        cues += track.add(part.chunk, Reply("A ball.", (1,)), part.gaps) if part.chunk.frames else track.close()
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(0, 1000), (1000, 2600), (3700, 4000), (4000, 6200)]
