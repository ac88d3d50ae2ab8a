"""Cues of segments that are watched at the same time come out in order, numbered and joined as of one pass."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import Cue, VideoCaptionParams
from worker.video.cue_merge import Joiner, SegmentSpan, spans

MAX_MS = 6000


def cue(chunk: int, text: str, last: int | None = None) -> Cue:
    end = chunk if last is None else last
    return Cue(
        seq=0, start_ms=chunk * 2000, end_ms=end * 2000 + 2000, text=text, chunk_first=chunk, chunk_last=end, tokens=3
    )


def told(cues: list[Cue]) -> list[tuple[int, str]]:
    return [(one.seq, one.text) for one in cues]


def params(**fields: Any) -> VideoCaptionParams:
    return VideoCaptionParams(video=MediaInput(url="https://example.com/a.mp4"), **fields)


def test_one_pass_is_one_segment_without_an_end() -> None:
    assert spans(params(segments=1), 60_000) == [SegmentSpan(0, 0, 0, None)]


def test_segments_follow_each_other_and_warm_up_before_their_own_chunks() -> None:
    cut = spans(params(segments=3, start_ms=10_000, chunk_ms=2000, warmup_ms=4000), 60_000)
    assert [(one.index, one.first_chunk, one.end_chunk) for one in cut] == [(0, 0, 10), (1, 10, 20), (2, 20, None)]
    assert [one.warm_chunk for one in cut] == [0, 8, 18]


def test_the_first_segment_is_told_at_once_but_for_its_last_cue() -> None:
    joiner = Joiner(2, MAX_MS)
    assert told(joiner.add(0, [cue(0, "a")], done=False)) == []
    assert told(joiner.add(0, [cue(1, "b"), cue(2, "c")], done=False)) == [(0, "a"), (1, "b")]
    assert joiner.count == 2


def test_a_later_segment_waits_for_those_before_it() -> None:
    joiner = Joiner(3, MAX_MS)
    assert joiner.add(2, [cue(20, "z")], done=True) == []
    assert joiner.add(1, [cue(10, "m")], done=True) == []
    assert told(joiner.add(0, [cue(0, "a")], done=True)) == [(0, "a"), (1, "m"), (2, "z")]
    assert joiner.count == 3


def test_a_caption_that_goes_on_over_a_seam_is_one_cue() -> None:
    joiner = Joiner(2, MAX_MS)
    joiner.add(1, [cue(1, "The Same"), cue(2, "new")], done=True)
    (first, second) = joiner.add(0, [cue(0, "the same")], done=True)
    assert (first.seq, first.start_ms, first.end_ms, first.chunk_last, first.tokens) == (0, 0, 4000, 1, 6)
    assert (second.seq, second.text) == (1, "new")


def test_a_joined_cue_is_not_longer_than_a_cue_may_be() -> None:
    joiner = Joiner(2, MAX_MS)
    joiner.add(1, [cue(2, "same", last=3)], done=True)
    assert [(one.start_ms, one.end_ms) for one in joiner.add(0, [cue(0, "same", last=1)], done=True)] == [
        (0, 4000),
        (4000, 8000),
    ]


def test_a_segment_that_says_nothing_holds_nobody_up() -> None:
    joiner = Joiner(2, MAX_MS)
    assert joiner.add(1, [cue(5, "b")], done=True) == []
    assert told(joiner.add(0, [], done=True)) == [(0, "b")]


WORDS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=6)


@given(st.lists(WORDS, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_any_order_and_any_restart_tell_the_same_as_one_pass(segments: list[list[str]], rng: Any) -> None:
    """The state goes through JSON after each step, as a checkpoint does."""
    counted, whole = 0, []
    for words in segments:
        whole.append([cue(counted + place, word) for place, word in enumerate(words)])
        counted += len(words)
    once = Joiner(1, MAX_MS)
    expected = once.add(0, [one for cues in whole for one in cues], done=True)

    left, found = [list(cues) for cues in whole], []
    joiner = Joiner(len(whole), MAX_MS)
    while any(left):
        at = rng.choice([index for index, cues in enumerate(left) if cues])
        taken = [left[at].pop(0)]
        found += joiner.add(at, taken, done=not left[at])
        joiner = Joiner(len(whole), MAX_MS, json.loads(json.dumps(joiner.state())))
        assert joiner.count == len(found)
    assert found == expected
    assert [one.seq for one in found] == list(range(len(found)))


@pytest.mark.parametrize("held", [True, False])
def test_a_restart_knows_the_cue_that_is_still_open(held: bool) -> None:
    joiner = Joiner(1, MAX_MS)
    if held:
        joiner.add(0, [cue(0, "a")], done=False)
    again = Joiner(1, MAX_MS, json.loads(json.dumps(joiner.state())))
    assert told(again.add(0, [], done=True)) == ([(0, "a")] if held else [])
