"""Prefills beside decode steps: the same words, and what goes wrong on the side reaches the stream that it belongs to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch

from db.failures import Failure
from tests.waiting import GUARD_S, until
from tests.worker.engines.models import ALL, OPTIONS, TINY, chunk, resident_of, tiny_engine
from worker.errors import Transient
from worker.streaming.batch import Batcher
from worker.streaming.forward import Forward, VisionFeatures
from worker.streaming.hybrid import open_session
from worker.streaming.loaded_model import LoadedModel

pytestmark = pytest.mark.slow

ENDLESS = replace(OPTIONS, max_tokens_per_chunk=160, silence_threshold=1.0)
Words = list[tuple[int, ...]]


def overlapped(family: str, forward_class: type[Forward] = Forward) -> tuple[LoadedModel, Any]:
    """A model whose prefills run beside its decode steps."""
    loaded = resident_of(family, TINY, forward_class)
    loaded.batcher.close()
    forward: Any = loaded.forward
    return replace(loaded, batcher=Batcher(forward, forward.beside())), forward


def watched(loaded: LoadedModel, stream: int) -> Words:
    """What a stream says: each has other frames, another number of chunks and replies of another length."""
    session = open_session(loaded, replace(OPTIONS, max_tokens_per_chunk=4 + 5 * stream))
    return [session.feed(chunk(100 * stream + index)).token_ids for index in range(4 + stream)]


@pytest.mark.parametrize("family", ALL)
def test_streams_of_unequal_length_say_the_same_with_and_without_overlap(family: str) -> None:
    plain = resident_of(family, TINY, Forward)
    expected = [watched(plain, stream) for stream in range(3)]
    plain.batcher.close()
    loaded, _ = overlapped(family)
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda stream: watched(loaded, stream), range(3)))
    loaded.batcher.close()
    assert together == expected
    assert len({len(ids) for words in expected for ids in words}) > 1


class Held(Forward):
    """Prefills of a stream whose cache is in `held` wait for `go`, and the third decode step for such a prefill."""

    steps = 0
    held: tuple[Any, ...] = ()
    broken: tuple[Any, ...] = ()

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.waiting, self.go = threading.Event(), threading.Event()

    def prefill(self, cache: Any, segments: Any, seen: VisionFeatures) -> torch.Tensor:
        if any(cache is one for one in self.broken):
            raise torch.OutOfMemoryError("CUDA out of memory")
        if any(cache is one for one in self.held):
            self.waiting.set()
            assert self.go.wait(GUARD_S)
        return super().prefill(cache, segments, seen)

    def decode(self, *given: Any) -> torch.Tensor:
        self.steps += 1
        assert self.steps < 3 or self.waiting.wait(GUARD_S)
        return super().decode(*given)


class Scene:
    """One stream that speaks for long, and another whose prefill is held on the side."""

    def __init__(self) -> None:
        self.loaded, self.forward = overlapped("qwen3_vl", Held)
        self.speaking, self.coming = open_session(self.loaded, ENDLESS), open_session(self.loaded, OPTIONS)
        self.forward.held = (self.coming.cache,)
        self.pool = ThreadPoolExecutor(4)

    def begin(self, on_text: Callable[[str], None] | None = None) -> tuple[Future[Any], Future[Any]]:
        """What the two of them are going to say; when this returns one is decoding and the other is held."""
        spoken = self.pool.submit(self.speaking.feed, chunk(0))
        until(lambda: self.forward.steps > 1)
        coming = self.pool.submit(self.coming.feed, chunk(50), on_text)
        assert self.forward.waiting.wait(GUARD_S)
        return spoken, coming

    def decode_on(self, steps: int = 3) -> None:
        """Wait until the one that speaks has gone on."""
        before = self.forward.steps
        until(lambda: self.forward.steps >= before + steps, "no decode step beside the prefill")

    def end(self) -> None:
        self.forward.go.set()
        self.loaded.batcher.close()
        self.pool.shutdown()


@cache
def alone(first: int, speaking: bool = False) -> tuple[int, ...]:
    loaded = resident_of("qwen3_vl", TINY, Forward)
    ids = open_session(loaded, ENDLESS if speaking else OPTIONS).feed(chunk(first)).token_ids
    loaded.batcher.close()
    return ids


def test_decode_steps_go_on_while_another_stream_is_prefilled() -> None:
    scene = Scene()
    spoken, coming = scene.begin()
    scene.decode_on()
    scene.forward.go.set()
    assert coming.result(GUARD_S).token_ids == alone(50)
    assert spoken.result(GUARD_S).token_ids == alone(0, speaking=True)
    scene.end()


def test_a_stream_that_nobody_wants_any_more_ends_when_the_side_has_left_its_cache() -> None:
    scene = Scene()

    def give_up(_: str) -> None:
        if scene.forward.waiting.is_set():
            raise InterruptedError("canceled")

    spoken, coming = scene.begin(give_up)
    scene.decode_on()
    assert not coming.done(), "its cache is in use"
    scene.forward.go.set()
    with pytest.raises(InterruptedError):
        coming.result(GUARD_S)
    assert spoken.result(GUARD_S).token_ids == alone(0, speaking=True)
    scene.end()


def test_a_stream_without_memory_for_its_prefill_fails_alone() -> None:
    scene = Scene()
    poor = open_session(scene.loaded, OPTIONS)
    scene.forward.broken = (poor.cache,)
    spoken, coming = scene.begin()
    failing = scene.pool.submit(poor.feed, chunk(70))
    scene.forward.go.set()
    failure = failing.exception(GUARD_S)
    assert isinstance(failure, Transient)
    assert failure.code is Failure.GPU_OOM
    assert coming.result(GUARD_S).token_ids == alone(50)
    assert spoken.result(GUARD_S).token_ids == alone(0, speaking=True)
    scene.end()


def test_closing_waits_for_the_side_and_fails_what_is_unfinished() -> None:
    scene = Scene()
    spoken, coming = scene.begin()
    waiting = scene.pool.submit(open_session(scene.loaded, OPTIONS).feed, chunk(70))
    closed = threading.Thread(target=scene.loaded.batcher.close)
    closed.start()
    scene.decode_on()
    assert closed.is_alive(), "the side is at work"
    scene.forward.go.set()
    closed.join(GUARD_S)
    assert not closed.is_alive()
    for stream in (coming, waiting):
        failure = stream.exception(GUARD_S)
        assert isinstance(failure, Transient)
        assert failure.code is Failure.ENGINE_UNREACHABLE
    failure = spoken.exception(GUARD_S)
    assert failure is None or isinstance(failure, Transient)
    scene.end()


@pytest.mark.parametrize(("overlap", "threads"), [("on", 2), ("off", 1)])
def test_the_spec_says_whether_prefills_have_a_thread_of_their_own(overlap: str, threads: int) -> None:
    engine = tiny_engine("qwen3_vl", overlap=overlap)
    engine.warm_up()
    assert engine.open(OPTIONS).feed(chunk(0)).token_ids == alone(0)
    assert len({engine.loaded.batcher._prefills, engine.loaded.batcher._thread}) == threads
    engine.close()
