"""Cutting a clip and merging its cues: nothing twice, nothing missed."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from db.documents.kinds.video import Cue
from worker.streaming.segments import ClipSegment, cut, merge

clips = st.tuples(st.integers(0, 10_000), st.integers(1, 400_000)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def cue(start_ms: int, end_ms: int, text: str, chunk: int = 0) -> Cue:
    return Cue(seq=0, start_ms=start_ms, end_ms=end_ms, text=text, chunk_first=chunk, chunk_last=chunk, tokens=3)


@given(clips, st.integers(1, 64), st.sampled_from([500, 1000, 2000, 3333]), st.integers(0, 60_000))
def test_parts_cover_the_clip_once(clip: tuple[int, int], segments: int, chunk_ms: int, warmup_ms: int) -> None:
    parts = cut(clip, segments, chunk_ms, warmup_ms)
    assert parts[0].start_ms == clip[0]
    assert parts[-1].end_ms == clip[1]
    assert all(a.end_ms == b.start_ms for a, b in itertools.pairwise(parts))
    assert all(part.start_ms < part.end_ms for part in parts)
    assert 1 <= len(parts) <= segments


@given(clips, st.integers(1, 64), st.sampled_from([500, 1000, 2000, 3333]), st.integers(0, 60_000))
def test_parts_keep_the_chunk_grid_and_warm_up_enough(
    clip: tuple[int, int], segments: int, chunk_ms: int, warmup_ms: int
) -> None:
    for part in cut(clip, segments, chunk_ms, warmup_ms):
        assert (part.start_ms - clip[0]) % chunk_ms == 0
        assert (part.warmup_start_ms - clip[0]) % chunk_ms == 0
        assert part.warmup_start_ms == clip[0] or part.start_ms - part.warmup_start_ms >= warmup_ms


@given(clips, st.integers(1, 16), st.integers(0, 20_000), st.data())
def test_merging_what_every_part_saw_is_what_one_pass_saw(
    clip: tuple[int, int], segments: int, warmup_ms: int, data: st.DataObject
) -> None:
    """Each part says, for every chunk it watched, what one pass would have said."""
    chunk_ms = 2000
    starts = range(clip[0], clip[1], chunk_ms)
    words = data.draw(st.lists(st.sampled_from(["", "a", "b"]), min_size=len(starts), max_size=len(starts)))
    said = [
        cue(start, min(start + chunk_ms, clip[1]), f"{word} {index}", index)
        for index, (start, word) in enumerate(zip(starts, words, strict=True))
        if word
    ]
    parts = cut(clip, segments, chunk_ms, warmup_ms)
    heard = [(p, [c for c in said if p.warmup_start_ms <= c.start_ms < p.end_ms]) for p in reversed(parts)]
    merged = merge(heard)
    assert [(c.start_ms, c.end_ms, c.text) for c in merged] == [(c.start_ms, c.end_ms, c.text) for c in said]
    assert [c.seq for c in merged] == list(range(len(said)))


def test_a_cue_over_the_border_is_one_cue() -> None:
    first, second = cut((0, 20_000), 2, 2000, 4000)
    merged = merge(
        [(first, [cue(8000, 10_000, "rain")]), (second, [cue(6000, 14_000, "rain"), cue(16_000, 18_000, "sun")])]
    )
    assert [(c.start_ms, c.end_ms, c.text) for c in merged] == [(8000, 14_000, "rain"), (16_000, 18_000, "sun")]


def test_other_words_over_the_border_start_at_the_border() -> None:
    first, second = ClipSegment(0, 0, 0, 10_000), ClipSegment(1, 6000, 10_000, 20_000)
    merged = merge([(first, [cue(8000, 10_000, "rain")]), (second, [cue(9000, 12_000, "wet street")])])
    assert [(c.start_ms, c.end_ms, c.text) for c in merged] == [(8000, 10_000, "rain"), (10_000, 12_000, "wet street")]


def test_a_cue_ends_at_the_border_of_its_part() -> None:
    """What goes on behind the border is told by the next part, which may say something else."""
    first, second = ClipSegment(0, 0, 0, 10_000), ClipSegment(1, 6000, 10_000, 20_000)
    merged = merge(
        [(first, [cue(8000, 13_000, "rain")]), (second, [cue(10_000, 12_000, "sun"), cue(18_000, 23_000, "night")])]
    )
    assert [(c.start_ms, c.end_ms, c.text) for c in merged] == [
        (8000, 10_000, "rain"),
        (10_000, 12_000, "sun"),
        (18_000, 20_000, "night"),
    ]


def test_a_cue_over_a_whole_part_is_one_cue_of_its_whole_length() -> None:
    parts = cut((0, 30_000), 3, 2000, 4000)
    said = [[cue(8000, 14_000, "rain")], [cue(6000, 22_000, "rain")], [cue(16_000, 26_000, "rain")]]
    merged = merge([*zip(parts, said, strict=True)])
    assert [(c.start_ms, c.end_ms) for c in merged] == [(8000, 26_000)]
