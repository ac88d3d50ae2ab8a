"""T1: the laws of what stays in memory, over random streams."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from db.documents.kinds.video import Window
from worker.engine.protocol import WatchOptions
from worker.streaming.budget import Costs, token_budget, window_limits
from worker.streaming.context_window import Ablation, ContextWindow
from worker.streaming.policy import ContextLimits, Exchange, keep
from worker.streaming.positions import all_axes, close_gaps
from worker.streaming.spans import SpanRole, TokenSpan

limits = st.builds(
    ContextLimits,
    text_sink_tokens=st.integers(0, 80),
    text_window_tokens=st.integers(0, 80),
    vision_ms=st.integers(500, 12_000),
    window_chunks=st.integers(1, 8),
)


@st.composite
def streams(draw: st.DrawFn) -> list[Exchange]:
    """A stream's exchanges from the start, as they are before anything was forgotten."""
    count = draw(st.integers(0, 20))
    exchanges, said, now = [], 0, 0
    for chunk in range(count):
        now += draw(st.integers(100, 4000))
        silent = draw(st.booleans())
        reply = 5 if silent else draw(st.integers(6, 30))
        exchanges.append(Exchange(chunk, now, draw(st.integers(1, 60)), reply, said, silent))
        said += 0 if silent else reply
    return exchanges


def coming_after(exchanges: list[Exchange]) -> int:
    return (exchanges[-1].end_ms if exchanges else 0) + 1000


@given(streams(), limits)
def test_deciding_twice_changes_nothing(exchanges: list[Exchange], limit: ContextLimits) -> None:
    once = keep(exchanges, coming_after(exchanges), limit)
    assert keep(once, coming_after(exchanges), limit) == once


@given(streams(), limits)
def test_deciding_at_every_step_is_deciding_at_the_end(exchanges: list[Exchange], limit: ContextLimits) -> None:
    """What was forgotten on the way would have been forgotten anyway."""
    held: tuple[Exchange, ...] = ()
    for exchange in exchanges:
        held = (*keep(held, exchange.end_ms, limit), exchange)
    now = coming_after(exchanges)
    assert keep(held, now, limit) == keep(exchanges, now, limit)


@given(streams(), limits)
def test_the_sink_is_never_forgotten(exchanges: list[Exchange], limit: ContextLimits) -> None:
    kept = {e.chunk for e in keep(exchanges, coming_after(exchanges), limit)}
    sink = {e.chunk for e in exchanges if not e.silent and e.text_start + e.reply_tokens <= limit.text_sink_tokens}
    assert sink <= kept


@given(streams(), limits)
def test_what_is_in_sight_is_unbroken(exchanges: list[Exchange], limit: ContextLimits) -> None:
    """From the first chunk whose frames stay, everything stays: nothing inside the visual part ever moves."""
    now = coming_after(exchanges)
    kept = keep(exchanges, now, limit)
    seen = [e for e in kept if e.frames_tokens]
    assert [e.chunk for e in seen] == [e.chunk for e in exchanges][len(exchanges) - len(seen) :]
    assert kept[len(kept) - len(seen) :] == tuple(seen)
    assert len(seen) <= limit.window_chunks - 1
    assert all(e.end_ms > now - limit.vision_ms for e in seen)


@st.composite
def watched(draw: st.DrawFn) -> tuple[WatchOptions, list[tuple[int, int, int]]]:
    """Options, and chunks as (milliseconds, frame groups, reply tokens)."""
    options = WatchOptions(
        prompt="p",
        window=Window(
            text_sink_tokens=draw(st.integers(0, 60)),
            text_window_tokens=draw(st.integers(0, 60)),
            vision_ms=draw(st.integers(500, 9000)),
        ),
        chunk_ms=draw(st.sampled_from([500, 1000, 2000])),
        fps=draw(st.sampled_from([0.5, 1.0, 2.0, 5.0])),
        max_tokens_per_chunk=draw(st.integers(1, 30)),
    )
    most_groups = -(-(-int(-options.fps * options.chunk_ms // 1000) + 1) // 2)
    chunk = st.tuples(
        st.integers(1, options.chunk_ms), st.integers(1, most_groups), st.integers(0, options.max_tokens_per_chunk)
    )
    return options, draw(st.lists(chunk, max_size=40))


COSTS = Costs(pinned_tokens=11, turn_tokens=7, group_tokens=9, reply_tokens=5)


@given(watched(), st.integers(0, 10**9))
def test_a_memory_never_exceeds_its_budget_and_has_no_gaps(
    stream: tuple[WatchOptions, list[tuple[int, int, int]]], base: int
) -> None:
    options, chunks = stream
    budget = token_budget(options, COSTS, frames_per_group=2)
    context = ContextWindow(window_limits(options), Ablation.NONE, base)
    pinned = context.add(SpanRole.PINNED, -1, COSTS.pinned_tokens)
    now = 0
    for index, (ms, groups, reply) in enumerate(chunks):
        now += ms
        context.make_room(now)
        context.add(SpanRole.FRAMES, index, COSTS.turn_tokens)
        for _ in range(groups):
            context.add(SpanRole.FRAMES, index, COSTS.group_tokens - 1, (2, 4))
            context.add(SpanRole.FRAMES, index, 1)
        context.add(SpanRole.REPLY, index, COSTS.reply_tokens + reply)
        assert context.tokens <= budget.tokens
        assert context.text_tokens <= budget.text_tokens
        assert context.spans[0].key == pinned.key
        assert all(a.end == b.start for a, b in itertools.pairwise(context.spans))
        # A silent reply is its turn marks, and leaves with its frames.
        frames = COSTS.turn_tokens + groups * COSTS.group_tokens
        context.remember(Exchange(index, now, frames, COSTS.reply_tokens + reply, 0, silent=reply == 0))


@given(watched())
def test_frames_never_move(stream: tuple[WatchOptions, list[tuple[int, int, int]]]) -> None:
    options, chunks = stream
    context = ContextWindow(window_limits(options))
    context.add(SpanRole.PINNED, -1, 3)
    now = 0
    for index, (ms, _, reply) in enumerate(chunks):
        now += ms
        change = context.make_room(now)
        assert all(span.movable for span in change.moved)
        context.add(SpanRole.FRAMES, index, 6, (2, 3))
        context.add(SpanRole.REPLY, index, 5 + reply)
        context.remember(Exchange(index, now, 6, 5 + reply, 0, silent=reply == 0))


spans = st.lists(
    st.builds(
        lambda tokens, grid: TokenSpan(0, SpanRole.REPLY, 0, tokens if grid is None else grid[0] * grid[1], 0, grid),
        st.integers(1, 9),
        st.none() | st.tuples(st.integers(1, 5), st.integers(1, 5)),
    ),
    min_size=1,
    max_size=12,
).map(lambda found: [replace(span, key=key) for key, span in enumerate(found)])


@given(spans, st.integers(200, 10**12))
def test_closing_gaps_twice_changes_nothing(found: list[TokenSpan], end: int) -> None:
    placed = close_gaps(found, end)
    assert close_gaps(placed, end) == placed
    assert placed[-1].end == end
    assert all(a.end == b.start for a, b in itertools.pairwise(placed))


@given(spans, st.integers(200, 10**12))
def test_the_next_position_is_one_after_the_largest(found: list[TokenSpan], end: int) -> None:
    """As transformers' `get_rope_index` counts on after a picture: from its largest position plus one."""
    placed = close_gaps(found, end)
    assert all(int(all_axes([span]).max()) + 1 == span.end for span in placed)
    assert all_axes(placed).shape == (3, sum(span.tokens for span in placed))
