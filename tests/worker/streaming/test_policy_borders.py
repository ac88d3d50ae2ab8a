"""What stays in memory exactly at its borders: one token or one millisecond more, and it leaves."""

from __future__ import annotations

import pytest

from worker.streaming.policy import ContextLimits, Exchange, keep


def limits(**given: int) -> ContextLimits:
    return ContextLimits(
        **{"text_sink_tokens": 0, "text_window_tokens": 0, "vision_ms": 1000, "window_chunks": 8, **given}
    )


@pytest.mark.parametrize(("newest_end_ms", "seen"), [(1999, True), (2000, False)])
def test_frames_leave_when_the_window_has_moved_past_their_end(newest_end_ms: int, seen: bool) -> None:
    kept = keep([Exchange(0, 1000, 9, 5, 0)], newest_end_ms, limits(text_window_tokens=5))
    assert [exchange.frames_tokens for exchange in kept] == [9 if seen else 0]


@pytest.mark.parametrize(("room_tokens", "stays"), [(5, True), (4, False)])
def test_an_old_reply_stays_while_it_just_fits(room_tokens: int, stays: bool) -> None:
    kept = keep([Exchange(0, 1000, 9, 5, 0)], 9000, limits(text_window_tokens=room_tokens))
    assert len(kept) == stays


@pytest.mark.parametrize(("sink_tokens", "stays"), [(8, True), (7, False)])
def test_a_reply_that_just_fits_the_sink_stays_in_it(sink_tokens: int, stays: bool) -> None:
    kept = keep([Exchange(0, 1000, 9, 5, text_start=3)], 9000, limits(text_sink_tokens=sink_tokens))
    assert len(kept) == stays
