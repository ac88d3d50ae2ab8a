"""A stream's memory as plain values: spans in order, what leaves, what moves."""

from __future__ import annotations

import pytest

from worker.streaming.context_window import Ablation, Change, ContextWindow
from worker.streaming.policy import ContextLimits, Exchange
from worker.streaming.spans import SpanRole, TokenSpan

LIMITS = ContextLimits(text_sink_tokens=5, text_window_tokens=5, vision_ms=3000, window_chunks=2)
PROMPT, FRAMES, REPLY = 3, 6, 5


def watched(chunks: int, ablation: Ablation = Ablation.NONE, first: int = 0) -> tuple[ContextWindow, list[Change]]:
    """A stream of chunks of 2 s with a (2, 3) picture and a reply of 5 tokens each."""
    context, changes = ContextWindow(LIMITS, ablation, first), []
    context.add(SpanRole.PINNED, -1, PROMPT)
    for chunk in range(chunks):
        changes.append(context.make_room(2000 * chunk + 2000))
        context.add(SpanRole.FRAMES, chunk, FRAMES, (2, 3))
        context.add(SpanRole.REPLY, chunk, REPLY)
        context.remember(Exchange(chunk, 2000 * chunk + 2000, FRAMES, REPLY, 0))
    return context, changes


def held(context: ContextWindow) -> list[tuple[str, int]]:
    return [(span.role.value, span.chunk) for span in context.spans]


def test_spans_follow_each_other() -> None:
    context = ContextWindow(LIMITS, first_position=100)
    prompt = context.add(SpanRole.PINNED, -1, 3)
    picture = context.add(SpanRole.FRAMES, 0, 6, (2, 3))
    reply = context.add(SpanRole.REPLY, 0, 5)
    assert [span.key for span in (prompt, picture, reply)] == [0, 1, 2]
    assert [span.start for span in (prompt, picture, reply)] == [100, 103, 106], "a picture takes its larger side"
    assert (context.tokens, context.text_tokens) == (14, 8)


def test_a_reply_grows_where_it_stands() -> None:
    context = ContextWindow(LIMITS)
    context.add(SpanRole.PINNED, -1, 3)
    context.add(SpanRole.REPLY, 0, 0)
    context.extend_last(4)
    assert context.spans[-1] == TokenSpan(1, SpanRole.REPLY, 0, 4, start=3)
    assert context.add(SpanRole.REPLY, 0, 1).start == 7


def test_while_all_is_in_sight_nothing_changes() -> None:
    context, changes = watched(2)
    assert changes == [Change(), Change()]
    assert held(context) == [("pinned", -1), ("frames", 0), ("reply", 0), ("frames", 1), ("reply", 1)]


def test_frames_leave_with_the_window_and_the_text_before_them_moves_up() -> None:
    context, changes = watched(3)
    assert held(context) == [
        ("pinned", -1), ("reply", 0), ("frames", 1), ("reply", 1), ("frames", 2), ("reply", 2)
    ]  # fmt: skip
    assert changes[2].dropped_keys == (1,), "the picture of chunk 0"
    assert [(span.key, span.start) for span in changes[2].moved] == [(0, 3)], (
        "only the prompt: the reply stands there already"
    )
    assert [span.start for span in context.spans] == [3, 6, 11, 14, 19, 22]


def test_replies_leave_but_those_of_the_sink_and_of_the_text_window() -> None:
    context, _ = watched(5)
    assert held(context) == [
        ("pinned", -1), ("reply", 0), ("frames", 3), ("reply", 3), ("frames", 4), ("reply", 4)
    ]  # fmt: skip
    assert context.said_tokens == 5 * REPLY


def test_a_silent_reply_is_not_counted_as_said() -> None:
    context, _ = watched(1)
    context.make_room(4000)
    context.add(SpanRole.FRAMES, 1, FRAMES, (2, 3))
    context.add(SpanRole.REPLY, 1, 2)
    context.remember(Exchange(1, 4000, FRAMES, 2, 0, silent=True))
    assert context.said_tokens == REPLY
    assert [exchange.text_start for exchange in context.exchanges] == [0, REPLY]


def test_without_closing_gaps_positions_stay_as_they_were() -> None:
    context, changes = watched(3, Ablation.GAPS)
    assert changes[2] == Change(dropped_keys=(1,))
    assert [span.start for span in context.spans] == [0, 6, 11, 14, 19, 22]


def test_full_attention_forgets_nothing() -> None:
    context, changes = watched(6, Ablation.FULL)
    assert changes == [Change()] * 6
    assert context.tokens == PROMPT + 6 * (FRAMES + REPLY)


@pytest.mark.parametrize("first", [0, 10**9])
def test_only_differences_of_positions_matter(first: int) -> None:
    context, _ = watched(4, first=first)
    zero, _ = watched(4)
    assert [span.start - first for span in context.spans] == [span.start for span in zero.spans]


def test_a_cleared_memory_begins_where_the_last_ended() -> None:
    context, _ = watched(1)
    end = context.spans[-1].end
    assert context.clear() == (0, 1, 2)
    assert (context.tokens, context.spans) == (0, [])
    again = context.add(SpanRole.PINNED, -1, PROMPT)
    assert (again.key, again.start) == (3, end)


def test_what_a_checkpoint_said_counts_on() -> None:
    context = ContextWindow(LIMITS)
    context.restore_said(70)
    context.recall(Exchange(3, 8000, 0, 5, 65))
    assert context.exchanges == (Exchange(3, 8000, 0, 5, 65),), "as it was, its place in the text too"
    context.remember(Exchange(4, 10_000, 6, 5, 0))
    assert context.exchanges[-1].text_start == 70
    assert context.said_tokens == 75
