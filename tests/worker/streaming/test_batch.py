"""Several streams in one decode step, sampled streams, and a model that runs out of memory."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from db.documents.kinds.base import Sampling
from db.failures import Failure
from tests.worker.engines.models import ALL, OPTIONS, RecordingForward, chunk, recording_resident
from worker.engine.protocol import ChatRequest
from worker.errors import Permanent, Transient
from worker.families.base import ChatTurn
from worker.streaming.answer import Conversation, answer
from worker.streaming.batch import Batcher
from worker.streaming.forward import Forward
from worker.streaming.hybrid import open_session
from worker.streaming.session import StreamSession

pytestmark = pytest.mark.slow

STREAMS = 4
CHUNKS = 8
LONG = replace(OPTIONS, max_tokens_per_chunk=24)


def all_ids(
    loaded: Any, first: int, options: Any = LONG, gate: threading.Barrier | None = None
) -> list[tuple[int, ...]]:
    session = open_session(loaded, options)
    replies = []
    for index in range(first, first + CHUNKS):
        if gate is not None:
            gate.wait()
        replies.append(session.feed(chunk(index)).token_ids)
    return replies


def feed_all(session: StreamSession, chunks: int, on_text: Any = None) -> None:
    for index in range(chunks):
        session.feed(chunk(index), on_text)


class BatchSizes(Forward):
    """A `Forward` that notes how many streams each decode step had."""

    sizes: list[int]

    def decode(self, caches: Any, spans: Any, tokens: Any) -> torch.Tensor:
        self.sizes.append(len(caches))
        return super().decode(caches, spans, tokens)


@pytest.mark.parametrize("family", ALL)
def test_batched_streams_say_what_they_say_alone(family: str) -> None:
    """T3, second half: greedy tokens of a batched run equal those of solo runs."""
    loaded, forward = recording_resident(family)
    forward.__class__ = BatchSizes
    forward.sizes = []
    alone = [all_ids(loaded, 100 * stream) for stream in range(STREAMS)]
    assert max(forward.sizes) == 1
    gate = threading.Barrier(STREAMS)
    with ThreadPoolExecutor(STREAMS) as pool:
        together = list(pool.map(lambda stream: all_ids(loaded, 100 * stream, gate=gate), range(STREAMS)))
    loaded.batcher.close()
    assert max(forward.sizes) == STREAMS, "their steps were run in one batch"
    assert together == alone


def test_sampled_streams_depend_on_their_seed_only() -> None:
    loaded, _ = recording_resident("qwen3_vl")
    one = replace(LONG, sampling=Sampling(temperature=1.0, top_k=40, top_p=0.9, repetition_penalty=1.1, seed=1))
    two = replace(one, sampling=one.sampling.model_copy(update={"seed": 2}))
    first = all_ids(loaded, 0, one)
    with ThreadPoolExecutor(2) as pool:
        again, other = pool.map(lambda options: all_ids(loaded, 0, options), (one, two))
    loaded.batcher.close()
    assert again == first
    assert other != first


class Exhausted(RecordingForward):
    """A `Forward` on a device that is full from some call on."""

    calls_left: int

    def decode(self, caches: Any, spans: Any, tokens: Any) -> torch.Tensor:
        self.calls_left -= 1
        if self.calls_left == 0:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().decode(caches, spans, tokens)


def test_out_of_memory_is_a_transient_failure_of_that_chunk() -> None:
    loaded, forward = recording_resident("qwen3_vl")
    forward.__class__ = Exhausted
    forward.calls_left = 5
    session = open_session(loaded, LONG)
    with pytest.raises(Transient) as failed:
        feed_all(session, 3)
    assert failed.value.code is Failure.GPU_OOM
    assert open_session(loaded, LONG).feed(chunk(0)).token_ids, "the engine goes on"
    loaded.batcher.close()


class Confused(RecordingForward):
    """A `Forward` that fails once in a way nobody foresaw."""

    calls_left: int

    def decode(self, caches: Any, spans: Any, tokens: Any) -> torch.Tensor:
        self.calls_left -= 1
        if self.calls_left == 0:
            raise ValueError("nobody foresaw this")
        return super().decode(caches, spans, tokens)


def test_whatever_fails_is_raised_to_its_stream_and_the_engine_goes_on() -> None:
    loaded, forward = recording_resident("qwen3_vl")
    forward.__class__ = Confused
    forward.calls_left = 5
    with pytest.raises(ValueError, match="nobody foresaw"):
        feed_all(open_session(loaded, LONG), 3)
    assert open_session(loaded, LONG).feed(chunk(0)).token_ids
    loaded.batcher.close()


def test_a_choice_that_fails_takes_no_other_stream_with_it() -> None:
    loaded, _ = recording_resident("qwen3_vl")
    endless = replace(OPTIONS, max_tokens_per_chunk=400, silence_threshold=1.0)
    alone = open_session(loaded, endless).feed(chunk(0)).token_ids
    heard_by_grammar: list[int] = []

    def allowed(said: Any) -> Any:
        heard_by_grammar.append(len(said))
        if len(said) == 2:
            raise Permanent(Failure.INTERNAL, "no token fits")
        return np.ones(loaded.forward._head.weight.shape[0], np.bool_)

    def ask() -> None:
        question = Conversation((ChatTurn("user", ("Hello",)),), ())
        answer(loaded, question, ChatRequest((), 20), None, allowed)

    with ThreadPoolExecutor(1) as pool:
        asked: list[Any] = []

        def interrupt(_: str) -> None:
            if not asked:
                asked.append(pool.submit(ask))

        together = open_session(loaded, endless).feed(chunk(0), interrupt).token_ids
        with pytest.raises(Permanent, match="no token fits"):
            asked[0].result()
    loaded.batcher.close()
    assert heard_by_grammar == [0, 1, 2]
    assert together == alone


def test_a_closed_engine_fails_its_streams_instead_of_hanging() -> None:
    loaded, _ = recording_resident("qwen3_vl")
    session = open_session(loaded, OPTIONS)
    session.feed(chunk(0))
    loaded.batcher.close()
    with pytest.raises(Transient) as failed:
        session.feed(chunk(1))
    assert failed.value.code is Failure.ENGINE_UNREACHABLE


def test_closing_fails_what_is_being_said() -> None:
    loaded, _ = recording_resident("qwen3_vl")
    session = open_session(loaded, replace(OPTIONS, max_tokens_per_chunk=1024, sampling=Sampling(temperature=5.0)))
    closer = threading.Thread(target=loaded.batcher.close)

    def close_soon(_: str) -> None:
        if not closer.ident:
            closer.start()

    with pytest.raises(Transient):
        feed_all(session, 50, close_soon)
    closer.join()


def test_a_batcher_can_be_started_again_on_the_same_modules() -> None:
    loaded, forward = recording_resident("qwen3_vl")
    first = all_ids(loaded, 0)
    loaded.batcher.close()
    again = replace(loaded, batcher=Batcher(forward))
    assert all_ids(again, 0) == first
    again.batcher.close()
