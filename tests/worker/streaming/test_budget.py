"""The token budget of a stream, counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from db.documents.kinds.video import Window
from db.failures import Failure
from worker.engine.protocol import WatchOptions
from worker.errors import Permanent
from worker.streaming.budget import Budget, Costs, check_fits, groups_per_chunk, token_budget, window_limits

COSTS = Costs(pinned_tokens=10, turn_tokens=6, group_tokens=20, reply_tokens=4)
OPTIONS = WatchOptions(
    prompt="p",
    window=Window(text_sink_tokens=30, text_window_tokens=40, vision_ms=6000),
    fps=2.0,
    chunk_ms=2000,
    max_tokens_per_chunk=8,
)


def test_limits_are_those_of_the_window() -> None:
    limits = window_limits(OPTIONS)
    assert (limits.text_sink_tokens, limits.text_window_tokens, limits.vision_ms) == (30, 40, 6000)
    assert limits.window_chunks == 3


@pytest.mark.parametrize(
    ("vision_ms", "chunk_ms", "chunks"), [(6001, 2000, 4), (500, 2000, 1), (2000, 2000, 1), (2001, 2000, 2)]
)
def test_a_window_reaches_over_whole_chunks_and_one_at_least(vision_ms: int, chunk_ms: int, chunks: int) -> None:
    window = Window(text_sink_tokens=0, text_window_tokens=0, vision_ms=vision_ms)
    assert window_limits(replace(OPTIONS, window=window, chunk_ms=chunk_ms)).window_chunks == chunks


@pytest.mark.parametrize(
    ("fps", "chunk_ms", "frames_per_group", "groups"),
    [
        (2.0, 2000, 2, 3),  # four frames, and one more by rounding
        (2.0, 2000, 1, 5),
        (1.0, 1000, 2, 1),
        (1.5, 1000, 2, 2),  # two frames and one
        (0.5, 1000, 2, 1),
    ],
)
def test_a_chunk_may_have_a_frame_more_by_rounding(
    fps: float, chunk_ms: int, frames_per_group: int, groups: int
) -> None:
    assert groups_per_chunk(replace(OPTIONS, fps=fps, chunk_ms=chunk_ms), frames_per_group) == groups


def test_a_budget_by_hand() -> None:
    """Text: prompt 10, sink 30, older replies 40 + 2 marks of 4, this reply 4 + 8. Chunks: 3 of 6 + 3 groups of 20."""
    text = 10 + 30 + (40 + 2 * 4) + (4 + 8)
    assert token_budget(OPTIONS, COSTS, frames_per_group=2) == Budget(tokens=text + 3 * (6 + 3 * 20), text_tokens=text)


def test_replies_in_sight_count_whole_where_the_text_window_is_smaller() -> None:
    """Nothing between two visible chunks ever leaves: 2 older replies of 4 + 8, though the window has room for none."""
    window = Window(text_sink_tokens=30, text_window_tokens=0, vision_ms=6000)
    found = token_budget(replace(OPTIONS, window=window), COSTS, frames_per_group=2)
    assert found.text_tokens == 10 + 30 + 2 * (4 + 8) + (4 + 8)


def test_a_budget_that_just_fits_is_taken_and_one_token_more_is_refused_with_what_to_do() -> None:
    check_fits(Budget(tokens=100, text_tokens=10), context_tokens=100)
    with pytest.raises(
        Permanent, match="need up to 101 tokens of context, the model has 100: use a smaller"
    ) as refused:
        check_fits(Budget(tokens=101, text_tokens=10), context_tokens=100)
    assert refused.value.code == Failure.CONTEXT_TOO_SMALL
