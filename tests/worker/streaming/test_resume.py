"""A stream started again from its checkpoint."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from db.kinds.base import Sampling
from db.kinds.video import Window
from tests.worker.engines.models import ALL, HEIGHT_PX, OPTIONS, WIDTH_PX, chunk, recording_resident
from worker.streaming.session import StreamSession

WIDE = replace(OPTIONS, window=Window(text_sink_tokens=900, text_window_tokens=900, vision_ms=60_000))
SAMPLED = replace(WIDE, sampling=Sampling(temperature=0.8, repetition_penalty=1.2, seed=3))


def resumed(resident: Any, options: Any, state: dict[str, Any]) -> StreamSession:
    session = StreamSession(resident, options, json.loads(json.dumps(state)))
    for index in range(state["rewatch_from_chunk"], state["next_chunk"]):
        session.rewatch(chunk(index))
    return session


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("options", [WIDE, SAMPLED], ids=["greedy", "sampled"])
def test_while_nothing_is_forgotten_a_resumed_stream_goes_on_as_if_never_stopped(family: str, options: Any) -> None:
    resident, _ = recording_resident(family)
    whole = StreamSession(resident, options)
    said = [whole.feed(chunk(index)).token_ids for index in range(12)]
    broken = StreamSession(resident, options)
    for index in range(6):
        broken.feed(chunk(index))
    again = resumed(resident, options, broken.checkpoint())
    assert [again.feed(chunk(index)).token_ids for index in range(6, 12)] == said[6:]
    resident.batcher.close()


def test_after_evictions_it_sees_what_it_saw() -> None:
    """The same tokens are in memory; what they had attended to before is not (a warm restart)."""
    resident, _ = recording_resident("qwen3_vl")
    whole = StreamSession(resident, OPTIONS)
    for index in range(25):
        whole.feed(chunk(index))
    again = resumed(resident, OPTIONS, whole.checkpoint())
    for index in range(25, 40):
        whole.feed(chunk(index))
        again.feed(chunk(index))
    resident.batcher.close()
    strip = [replace(e, reply_tokens=0, text_start=0, silent=False) for e in whole.memory.exchanges if e.frames_tokens]
    assert strip == [
        replace(e, reply_tokens=0, text_start=0, silent=False) for e in again.memory.exchanges if e.frames_tokens
    ]
    assert whole.memory.exchanges[0] == again.memory.exchanges[0], "the text sink is the same"


def test_a_stream_resumed_without_its_frames_still_knows_what_it_said() -> None:
    resident, _ = recording_resident("qwen3_vl")
    session = StreamSession(resident, WIDE)
    said = [session.feed(chunk(index)).token_ids for index in range(4)]
    blind = StreamSession(resident, WIDE, session.checkpoint())
    blind.feed(chunk(4))
    resident.batcher.close()
    held = [entry["ids"] for entry in blind.checkpoint()["remembered"]]
    assert held[:4] == [list(ids) for ids in said]


def test_after_running_out_of_memory_it_goes_on_with_smaller_frames() -> None:
    """The next attempt has a smaller frame budget; the checkpoint of the first one must still fit."""
    resident, _ = recording_resident("qwen3_vl")
    large = replace(WIDE, max_frame_pixels=4 * WIDE.max_frame_pixels)
    session = StreamSession(resident, large)
    for index in range(4):
        session.feed(chunk(index, width_px=2 * WIDTH_PX, height_px=2 * HEIGHT_PX))
    state = json.loads(json.dumps(session.checkpoint()))
    smaller = StreamSession(resident, WIDE, state)
    for index in range(state["rewatch_from_chunk"], state["next_chunk"]):
        smaller.rewatch(chunk(index))
    smaller.feed(chunk(4))
    resident.batcher.close()
    assert smaller.checkpoint()["next_chunk"] == 5
    assert _frames_tokens(smaller) < _frames_tokens(session)


def _frames_tokens(session: StreamSession) -> int:
    return sum(exchange.frames_tokens for exchange in session.memory.exchanges)
