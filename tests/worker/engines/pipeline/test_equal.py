"""A split model says what the whole one says: every family, pictures, videos, streams with evictions, 2 and 3 nodes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from db.documents.kinds.base import Sampling
from db.documents.kinds.video import Window
from tests.worker.engines.models import OPTIONS, chunk, frame, tiny_engine
from tests.worker.engines.pipeline.nodes import DENSE, SIZE, pipeline
from worker.engine.protocol import Answer, ChatRequest, Engine, Reply, WatchOptions
from worker.engines.pipeline.engine import PipelineEngine
from worker.engines.pipeline.wire import What
from worker.engines.pytorch import PytorchEngine
from worker.streaming import forward as passes

CHUNKS = 14  # more than the window of SPEAKING holds
SPEAKING = replace(  # never silent: text enters and leaves the window
    OPTIONS,
    silence_threshold=0.9,
    max_tokens_per_chunk=4,
    window=Window(text_sink_tokens=60, text_window_tokens=40, vision_ms=3000),
)
DRAWN = Sampling(temperature=1.0, top_p=0.95, repetition_penalty=1.1, seed=11)
Pair = tuple[PipelineEngine, PytorchEngine]
SPLITS = [(family, nodes) for family in DENSE for nodes in (2, 3)]
# What differs between families is in the layers, the positions and the pictures, which the first tests try for all of them.
some = pytest.mark.parametrize("pair", [("qwen2_5_vl", 2), ("qwen3_vl", 3)], indirect=True, ids=str)


@pytest.fixture(scope="module", params=SPLITS, ids=str)
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    family, nodes = request.param
    whole = tiny_engine(family, SIZE)
    with pipeline(family, nodes) as split_over:
        yield split_over, whole
    whole.close()


def watched(engine: Engine, options: WatchOptions, chunks: int, first: int = 0) -> list[Any]:
    session = engine.open(options)
    replies = [session.feed(chunk(index)) for index in range(first, first + chunks)]
    state = session.checkpoint()
    session.close()
    return [*map(said, replies), state]


def said(reply: Reply) -> tuple[Any, ...]:
    """The probability differs in its last bits where another number of threads computed it."""
    return reply.text, reply.token_ids, pytest.approx(reply.silence_probability, rel=1e-3)


def told(answer: Answer) -> tuple[Any, ...]:
    return answer.text, answer.prompt_tokens, answer.completion_tokens, answer.finish_reason


def test_streams_with_evictions_are_equal_token_by_token(pair: Pair) -> None:
    split_over, whole = pair
    session = whole.open(SPEAKING)
    for index in range(CHUNKS):
        assert session.feed(chunk(index)).token_ids
    assert len(session.context.exchanges) < CHUNKS, "some have been evicted"
    session.close()
    assert watched(split_over, SPEAKING, CHUNKS) == watched(whole, SPEAKING, CHUNKS)


@some
def test_drawn_tokens_and_silence_are_equal(pair: Pair) -> None:
    split_over, whole = pair
    for options in (replace(SPEAKING, sampling=DRAWN), replace(OPTIONS, silence_threshold=0.017)):
        assert watched(split_over, options, 6) == watched(whole, options, 6)


@pytest.mark.parametrize("shown", [("image",), ("image", "image"), ("video",), ()], ids=str)
def test_answers_are_equal(pair: Pair, shown: tuple[str, ...]) -> None:
    split_over, whole = pair
    parts: list[dict[str, Any]] = [{"type": "text", "text": "What is this?"}]
    for number, kind in enumerate(shown):
        picture = {"type": "image", "image": frame(number, 48 + 16 * number, 32).pixels}
        parts.append(picture if kind == "image" else {"type": "video", "video": chunk(number).frames})
    request = ChatRequest([{"role": "user", "content": parts}], 8)
    assert told(split_over.chat(request)) == told(whole.chat(request))


@some
def test_answers_held_to_a_schema_and_their_chances_are_equal(pair: Pair) -> None:
    split_over, whole = pair
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    request = ChatRequest([{"role": "user", "content": "How many?"}], 20, schema=schema, logprobs=2)
    one, other = split_over.chat(request), whole.chat(request)
    assert told(one) == told(other)
    assert one.logprobs is not None
    assert other.logprobs is not None
    assert [chance.text for chance in one.logprobs] == [chance.text for chance in other.logprobs]
    assert [c.logprob for c in one.logprobs] == pytest.approx([c.logprob for c in other.logprobs], abs=1e-4)


@some
@pytest.mark.parametrize("at_once", [1, 3])
def test_streams_that_are_on_their_way_together_are_equal_to_each_alone(
    pair: Pair, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one batch, as nodes that share processors work, and in several."""
    split_over, whole = pair
    monkeypatch.setattr(split_over.coordinator, "at_once", at_once)
    firsts = (0, 30, 60)
    with ThreadPoolExecutor(len(firsts)) as pool:
        together = list(pool.map(lambda first: watched(split_over, SPEAKING, 5, first), firsts))
    assert together == [watched(whole, SPEAKING, 5, first) for first in firsts]


@some
def test_a_stream_goes_on_from_the_checkpoint_of_either(pair: Pair) -> None:
    split_over, whole = pair
    session = whole.open(SPEAKING)
    for index in range(9):
        session.feed(chunk(index))
    state = session.checkpoint()
    after = []
    for engine in (split_over, whole):
        resumed = engine.open(SPEAKING, state)
        for index in range(state["rewatch_from_chunk"], state["next_chunk"]):
            resumed.rewatch(chunk(index))
        after.append([said(resumed.feed(chunk(index))) for index in range(9, 13)])
        resumed.close()
    assert after[0] == after[1]


@some
def test_long_prompts_go_in_in_pieces(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    split_over, whole = pair
    monkeypatch.setattr(passes, "PREFILL_TOKENS", 48)
    before = split_over.ring.traffic.packets[What.PREFILL] if split_over.ring else 0
    options = replace(OPTIONS, window=Window(text_sink_tokens=60, text_window_tokens=90, vision_ms=4000))
    one = watched(split_over, options, 6)
    assert split_over.ring is not None
    assert split_over.ring.traffic.packets[What.PREFILL] > before + 6
    assert one == watched(whole, options, 6)


def test_the_whole_and_the_split_model_have_one_identity(pair: Pair) -> None:
    split_over, whole = pair
    assert split_over.info.weights_sha256 == whole.info.weights_sha256
    assert split_over.info.family == whole.info.family
    assert [state.joined for state in split_over.coordinator.states()] == [True] * split_over.coordinator.size
