"""One stream on a tiny model: order of chunks, what is refused, what a checkpoint says, what is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from db.documents.kinds.video import Window
from db.failures import Failure
from tests.worker.engines.models import HEIGHT_PX, OPTIONS, WIDTH_PX, RecordingForward, chunk, recording_resident
from worker.engine.protocol import Chunk
from worker.errors import Permanent
from worker.streaming.context_window import Ablation
from worker.streaming.loaded_model import LoadedModel
from worker.streaming.session import StreamSession, budget_of
from worker.streaming.spans import SpanRole

SILENT = replace(OPTIONS, silence_threshold=0.0)  # silence is always likely enough


@pytest.fixture(scope="module")
def resident() -> Iterator[tuple[LoadedModel, RecordingForward]]:
    loaded, forward = recording_resident("qwen3_vl")
    yield loaded, forward
    loaded.batcher.close()


@pytest.fixture
def loaded(resident: tuple[LoadedModel, RecordingForward]) -> LoadedModel:
    return resident[0]


def fed(loaded: LoadedModel, chunks: int, options: Any = OPTIONS, **more: Any) -> StreamSession:
    session = StreamSession(loaded, options, **more)
    for index in range(chunks):
        session.feed(chunk(index))
    return session


def code_of(refused: pytest.ExceptionInfo[Permanent]) -> Failure:
    return refused.value.code


def test_a_reply_is_its_tokens_as_text_with_what_it_took(loaded: LoadedModel) -> None:
    session = StreamSession(loaded, OPTIONS)
    said: list[str] = []
    reply = session.feed(chunk(0), said.append)
    assert "".join(said) == reply.text == loaded.decode(reply.token_ids)
    assert 0 < len(reply.token_ids) <= OPTIONS.max_tokens_per_chunk
    assert reply.silence_probability is not None
    assert 0 < reply.silence_probability < 1
    assert reply.timings is not None
    assert reply.timings.context_tokens == session.context.tokens
    assert reply.timings.prefill_s > 0
    assert reply.timings.reply_s > 0


def test_a_silent_stream_says_nothing_and_remembers_nothing_said(loaded: LoadedModel) -> None:
    session = StreamSession(loaded, SILENT)
    assert session.feed(chunk(0)).token_ids == ()
    assert session.checkpoint()["said_tokens"] == 0
    assert session.context.exchanges[-1].silent


def test_a_chunk_without_frames_is_passed_over(loaded: LoadedModel) -> None:
    session = fed(loaded, 1)
    tokens = session.context.tokens
    reply = session.feed(Chunk(1, 2000, 4000, ()))
    assert (reply.text, reply.token_ids) == ("", ())
    assert session.context.tokens == tokens
    assert session.checkpoint()["next_chunk"] == 2
    assert session.checkpoint()["last_end_ms"] == 4000


def test_chunks_come_in_order(loaded: LoadedModel) -> None:
    session = fed(loaded, 2)
    for late in (chunk(1), chunk(0), Chunk(2, 2000, 4000, chunk(1).frames)):
        with pytest.raises(Permanent, match="after chunk 1") as refused:
            session.feed(late)
        assert code_of(refused) == Failure.INTERNAL
    session.feed(chunk(5))  # a hole is no disorder
    assert session.checkpoint()["next_chunk"] == 6


def test_a_closed_session_is_not_used_again(loaded: LoadedModel) -> None:
    session = fed(loaded, 1)
    session.close()
    session.close()
    assert not hasattr(session, "cache"), "its memory is free"
    with pytest.raises(Permanent, match="open another from its checkpoint"):
        session.feed(chunk(1))


def test_a_session_that_was_broken_off_is_not_used_again(loaded: LoadedModel) -> None:
    session = fed(loaded, 1)
    before = session.checkpoint()

    def stop(text: str) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        session.feed(chunk(1), stop)
    with pytest.raises(Permanent, match="broken off"):
        session.feed(chunk(2))
    assert session.checkpoint() == before, "the last checkpoint is what it goes on from"


def test_options_that_do_not_fit_the_model_are_refused_before_the_first_frame(loaded: LoadedModel) -> None:
    budget = budget_of(loaded, OPTIONS)
    with pytest.raises(Permanent, match="tokens of context") as refused:
        StreamSession(replace(loaded, context_tokens=budget.tokens - 1), OPTIONS)
    assert code_of(refused) == Failure.CONTEXT_TOO_SMALL
    session = StreamSession(loaded, OPTIONS)
    assert (session.cache.slots.capacity, session.cache.raw_slots.capacity) == (budget.tokens, budget.text_tokens)


def test_more_frames_than_the_options_say_are_refused(loaded: LoadedModel) -> None:
    session = StreamSession(
        loaded, replace(OPTIONS, window=Window(text_sink_tokens=0, text_window_tokens=0, vision_ms=2000))
    )
    with pytest.raises(Permanent, match="more frames than its options say") as refused:
        session.feed(chunk(0, frames=20))
    assert code_of(refused) == Failure.CONTEXT_TOO_SMALL


def test_the_end_of_a_reply_comes_in_with_the_next_chunk(loaded: LoadedModel, resident: Any) -> None:
    forward = resident[1]
    session = StreamSession(loaded, OPTIONS)
    first = session.feed(chunk(0))
    forward.notes.clear()
    session.feed(chunk(1))
    segments, _ = forward.notes[0]
    tail = segments[0]
    assert (tail.span.role, tail.span.chunk) == (SpanRole.REPLY, 0)
    assert tail.content[-len(loaded.prompt_builder.reply_end) :] == loaded.prompt_builder.reply_end
    whole = sum(span.tokens for span in session.context.spans if (span.role, span.chunk) == (SpanRole.REPLY, 0))
    marks = len(loaded.prompt_builder.reply_start) + len(loaded.prompt_builder.reply_end)
    assert whole == marks + len(first.token_ids)


def test_an_exchange_counts_its_frames_and_its_reply_with_its_marks(loaded: LoadedModel) -> None:
    session = fed(loaded, 2)
    for exchange in session.context.exchanges:
        spans = [span for span in session.context.spans if span.chunk == exchange.chunk]
        assert exchange.frames_tokens == sum(span.tokens for span in spans if span.role is SpanRole.FRAMES)
        assert exchange.end_ms == 2000 * (exchange.chunk + 1)
        assert not exchange.silent


def test_memory_never_grows_but_without_eviction(loaded: LoadedModel) -> None:
    session = fed(loaded, 12)
    assert session.context.tokens <= session.cache.slots.capacity
    full = fed(loaded, 12, ablation=Ablation.FULL)
    assert full.cache.slots.capacity > session.cache.slots.capacity
    assert full.context.tokens > session.context.tokens


def test_a_stream_that_never_forgets_ends_at_what_the_model_was_made_for(loaded: LoadedModel) -> None:
    small = replace(loaded, context_tokens=budget_of(loaded, OPTIONS).tokens)
    session = StreamSession(small, OPTIONS, ablation=Ablation.FULL)
    session.feed(chunk(0))
    more = chunk(1, frames=100)
    with pytest.raises(Permanent, match="tokens of context") as refused:
        session.feed(more)
    assert code_of(refused) == Failure.CONTEXT_TOO_SMALL


def test_a_checkpoint_is_where_to_go_on(loaded: LoadedModel) -> None:
    session = fed(loaded, 9)
    state = session.checkpoint()
    assert (state["next_chunk"], state["last_end_ms"]) == (9, 18_000)
    in_sight = [exchange.chunk for exchange in session.context.exchanges if exchange.frames_tokens]
    assert state["rewatch_from_chunk"] == in_sight[1], "the oldest leaves when the next chunk comes in"
    assert state["said_tokens"] == session.context.said_tokens
    assert session.snapshot(None) is None  # type: ignore[arg-type]


def test_a_chunk_that_the_checkpoint_does_not_know_is_not_shown_again(loaded: LoadedModel) -> None:
    state = fed(loaded, 6).checkpoint()
    again = StreamSession(loaded, OPTIONS, state)
    again.rewatch(chunk(99))
    again.rewatch(Chunk(5, 10_000, 12_000, ()))
    assert again.context.tokens == 0
    again.rewatch(chunk(5))
    assert [e.chunk for e in again.context.exchanges if e.frames_tokens] == [5]
    seen = sum(s.tokens for s in again.context.spans if (s.role, s.chunk) == (SpanRole.FRAMES, 5))
    assert again.context.exchanges[-1].frames_tokens == seen
    tokens = again.context.tokens
    again.rewatch(chunk(5))
    assert again.context.tokens == tokens, "once is enough"


def test_smaller_frames_fit_the_same_checkpoint(loaded: LoadedModel) -> None:
    state = fed(loaded, 3).checkpoint()
    again = StreamSession(loaded, replace(OPTIONS, max_frame_pixels=WIDTH_PX * HEIGHT_PX // 4), state)
    again.rewatch(chunk(2))
    assert again.context.exchanges[-1].chunk == 2
