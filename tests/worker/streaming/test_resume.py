"""A stream started again from its checkpoint."""

from __future__ import annotations

import atexit
import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.documents.kinds.base import Sampling
from db.documents.kinds.video import Window
from tests.worker.engines.models import ALL, HEIGHT_PX, OPTIONS, WIDTH_PX, chunk, recording_resident
from worker.errors import Permanent
from worker.streaming.hybrid import open_session
from worker.streaming.loaded_model import LoadedModel
from worker.streaming.session import StreamSession
from worker.streaming.spans import SpanRole

pytestmark = pytest.mark.slow

WIDE = replace(OPTIONS, window=Window(text_sink_tokens=900, text_window_tokens=900, vision_ms=60_000))
SAMPLED = replace(WIDE, sampling=Sampling(temperature=0.8, repetition_penalty=1.2, seed=3))


def resumed(loaded: Any, options: Any, state: dict[str, Any]) -> StreamSession:
    session = open_session(loaded, options, json.loads(json.dumps(state)))
    for index in range(state["rewatch_from_chunk"], state["next_chunk"]):
        session.rewatch(chunk(index))
    return session


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("options", [WIDE, SAMPLED], ids=["greedy", "sampled"])
def test_while_nothing_is_forgotten_a_resumed_stream_goes_on_as_if_never_stopped(family: str, options: Any) -> None:
    loaded, _ = recording_resident(family)
    whole = open_session(loaded, options)
    said = [whole.feed(chunk(index)).token_ids for index in range(12)]
    broken = open_session(loaded, options)
    for index in range(6):
        broken.feed(chunk(index))
    again = resumed(loaded, options, broken.checkpoint())
    assert [again.feed(chunk(index)).token_ids for index in range(6, 12)] == said[6:]
    loaded.batcher.close()


def test_after_evictions_it_sees_what_it_saw() -> None:
    """The same tokens are in memory; what they had attended to before is not (a warm restart)."""
    loaded, _ = recording_resident("qwen3_vl")
    whole = open_session(loaded, OPTIONS)
    for index in range(25):
        whole.feed(chunk(index))
    again = resumed(loaded, OPTIONS, whole.checkpoint())
    for index in range(25, 40):
        whole.feed(chunk(index))
        again.feed(chunk(index))
    loaded.batcher.close()
    strip = [replace(e, reply_tokens=0, text_start=0, silent=False) for e in whole.context.exchanges if e.frames_tokens]
    assert strip == [
        replace(e, reply_tokens=0, text_start=0, silent=False) for e in again.context.exchanges if e.frames_tokens
    ]
    assert whole.context.exchanges[0] == again.context.exchanges[0], "the text sink is the same"


def test_a_stream_resumed_without_its_frames_still_knows_what_it_said() -> None:
    loaded, _ = recording_resident("qwen3_vl")
    session = open_session(loaded, WIDE)
    said = [session.feed(chunk(index)).token_ids for index in range(4)]
    blind = open_session(loaded, WIDE, session.checkpoint())
    blind.feed(chunk(4))
    loaded.batcher.close()
    held = [entry["ids"] for entry in blind.checkpoint()["remembered"]]
    assert held[:4] == [list(ids) for ids in said]


def test_after_running_out_of_memory_it_goes_on_with_smaller_frames() -> None:
    """The next attempt has a smaller frame budget; the checkpoint of the first one must still fit."""
    loaded, _ = recording_resident("qwen3_vl")
    large = replace(WIDE, max_frame_pixels=4 * WIDE.max_frame_pixels)
    session = open_session(loaded, large)
    for index in range(4):
        session.feed(chunk(index, width_px=2 * WIDTH_PX, height_px=2 * HEIGHT_PX))
    state = json.loads(json.dumps(session.checkpoint()))
    smaller = open_session(loaded, WIDE, state)
    for index in range(state["rewatch_from_chunk"], state["next_chunk"]):
        smaller.rewatch(chunk(index))
    smaller.feed(chunk(4))
    loaded.batcher.close()
    assert smaller.checkpoint()["next_chunk"] == 5
    assert _frames_tokens(smaller) < _frames_tokens(session)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    max_tokens=st.integers(1, 16),
    window=st.builds(
        Window,
        text_sink_tokens=st.sampled_from([0, 20, 60]),
        text_window_tokens=st.sampled_from([0, 30, 90]),
        vision_ms=st.sampled_from([2000, 4000, 8000]),
    ),
    seed=st.integers(0, 99),
    chunks=st.integers(1, 9),
    shown=st.sampled_from(["all", "none", "every other"]),
)
def test_a_resumed_stream_fits_the_memory_that_it_was_opened_with(
    max_tokens: int, window: Window, seed: int, chunks: int, shown: str
) -> None:
    """Whatever the budgets and whichever frames can be shown again: replies fill the text of a stream to its limit."""
    loaded = one_resident()
    options = replace(
        OPTIONS, max_tokens_per_chunk=max_tokens, window=window, sampling=Sampling(temperature=1.0, seed=seed)
    )
    session = open_session(loaded, options)
    for index in range(chunks):
        session.feed(chunk(index, frames=1))
    state = json.loads(json.dumps(session.checkpoint()))
    again = open_session(loaded, options, state)
    for index in range(state["rewatch_from_chunk"], state["next_chunk"]):
        if shown == "all" or (shown == "every other" and index % 2):
            again.rewatch(chunk(index, frames=1))
    for index in range(chunks, chunks + 2):
        again.feed(chunk(index, frames=1))
    assert again.checkpoint()["next_chunk"] == chunks + 2
    assert again.context.tokens <= again.cache.slots.capacity
    assert again.context.text_tokens <= again.cache.raw_slots.capacity


def test_too_much_text_is_told_with_the_numbers_of_the_text() -> None:
    loaded = one_resident()
    session = open_session(loaded, OPTIONS)
    session.feed(chunk(0))
    session.context.add(SpanRole.REPLY, 0, session.cache.raw_slots.capacity)
    with pytest.raises(
        Permanent, match=rf"tokens of text, the stream was opened for {session.cache.raw_slots.capacity}"
    ):
        session.feed(chunk(1))


@cache
def one_resident() -> LoadedModel:
    """A model shared by all examples of a property; its thread ends with the process."""
    loaded, _ = recording_resident("qwen3_vl")
    atexit.register(loaded.batcher.close)
    return loaded


def _frames_tokens(session: StreamSession) -> int:
    return sum(exchange.frames_tokens for exchange in session.context.exchanges)
