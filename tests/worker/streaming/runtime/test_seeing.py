"""Pictures of streams that wait are looked at in one call, and a picture that cannot be looked at hurts its own stream alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

from tests.worker.engines.models import ALL, OPTIONS, TINY, chunk, resident_of
from worker.streaming.forward import Forward, VisionFeatures
from worker.streaming.hybrid import open_session
from worker.streaming.loaded_model import LoadedModel
from worker.streaming.runtime import seeing
from worker.streaming.runtime.protocol import ImageInput, PromptSegment
from worker.streaming.runtime.seeing import Seeing
from worker.streaming.spans import SpanRole, TokenSpan

STREAMS = 3


class Looking(Forward):
    """Notes the pictures of every call of the vision tower; `broken` ones cannot be looked at."""

    calls: list[int]
    broken: int = 0

    def encode_images(self, segments: Sequence[PromptSegment]) -> VisionFeatures:
        pictures = [one.content for one in segments if isinstance(one.content, ImageInput)]
        if pictures:
            self.calls.append(len(pictures))
        if any(int(picture.patches[0, 0]) == self.broken for picture in pictures if self.broken):
            raise ValueError("a picture that nobody can look at")
        return super().encode_images(segments)


def loaded_of(family: str) -> tuple[LoadedModel, Looking]:
    loaded = resident_of(family, TINY, Looking)
    forward: Any = loaded.forward
    forward.calls = []
    return loaded, forward


def fed_at_once(loaded: LoadedModel, firsts: Sequence[int]) -> list[Any]:
    """The first reply of each stream, all of them submitted while the engine is busy with something else."""
    gate = threading.Event()
    loaded.batcher._do((), lambda: (gate.wait(60), None)[1])
    expected = threading.Semaphore(0)
    expect = loaded.batcher._seeing.expect

    def expects(*given: Any) -> None:
        expect(*given)
        expected.release()

    loaded.batcher._seeing.expect = expects  # type: ignore[method-assign]
    with ThreadPoolExecutor(len(firsts)) as pool:
        replies = [pool.submit(open_session(loaded, OPTIONS).feed, chunk(first)) for first in firsts]
        for _ in firsts:
            assert expected.acquire(timeout=60)
        gate.set()
        return [reply.exception() or reply.result().token_ids for reply in replies]


@pytest.mark.parametrize("family", ALL)
def test_streams_that_wait_are_looked_at_in_one_call_and_say_the_same(family: str) -> None:
    loaded, forward = loaded_of(family)
    firsts = [10 * stream for stream in range(STREAMS)]
    alone = [open_session(loaded, OPTIONS).feed(chunk(first)).token_ids for first in firsts]
    pictures = forward.calls[0]
    assert forward.calls == [pictures] * STREAMS
    forward.calls.clear()
    together = fed_at_once(loaded, firsts)
    loaded.batcher.close()
    assert forward.calls == [STREAMS * pictures]
    assert together == alone


def test_a_picture_that_cannot_be_looked_at_fails_its_own_stream_alone() -> None:
    loaded, forward = loaded_of("qwen3_vl")
    firsts = [0, 10, 20]
    alone = [open_session(loaded, OPTIONS).feed(chunk(first)).token_ids for first in firsts]
    values = [first_value(loaded, first) for first in firsts]
    assert len(set(values)) == 3
    forward.broken = values[1]
    forward.calls.clear()
    first, broken, third = fed_at_once(loaded, firsts)
    loaded.batcher.close()
    assert [first, third] == [alone[0], alone[2]]
    assert isinstance(broken, ValueError)


def first_value(loaded: LoadedModel, first: int) -> int:
    """What the first picture of a chunk begins with."""
    session = open_session(loaded, OPTIONS)
    frames = loaded.prompt_builder.frames(session.context, chunk(first), OPTIONS.max_frame_pixels)
    return next(int(one.content.patches[0, 0]) for one in frames if isinstance(one.content, ImageInput))


class Counting:
    """A runtime that says what it was asked to look at, by the first patch."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def encode_images(self, segments: Sequence[PromptSegment]) -> list[int]:
        return self.encode_together([segments])[0]

    def encode_together(self, turns: Sequence[Sequence[PromptSegment]]) -> list[list[int]]:
        found = [
            [int(one.content.patches[0, 0]) for one in turn if isinstance(one.content, ImageInput)] for turn in turns
        ]
        self.asked.append([value for turn in found for value in turn])
        return found


def picture(value: int, patches: int = 4) -> list[PromptSegment]:
    content = ImageInput(np.full((patches, 8), value, np.uint8), (2, patches // 2))
    return [PromptSegment(TokenSpan(value, SpanRole.FRAMES, 0, patches // 4), content)]


def seeing_of(runtime: Any) -> Seeing:
    return Seeing(runtime)


def test_who_was_forgotten_or_has_no_picture_is_not_looked_at() -> None:
    runtime = Counting()
    turns = seeing_of(runtime)
    words = [PromptSegment(TokenSpan(9, SpanRole.REPLY, 0, 1), (65,))]
    for name, segments in (("a", picture(1)), ("b", picture(2)), ("words", words), ("c", picture(3))):
        turns.expect(name, segments)
    turns.forget("b")
    assert turns.of("a", picture(1)) == [1]
    assert turns.of("c", picture(3)) == [3]
    assert turns.of("words", words) == []
    assert runtime.asked == [[1, 3], []]


def test_what_was_seen_for_a_turn_that_is_forgotten_is_let_go() -> None:
    runtime = Counting()
    turns = seeing_of(runtime)
    turns.expect("a", picture(1))
    turns.expect("b", picture(2))
    turns.of("a", picture(1))
    turns.forget("b")
    assert turns.of("b", picture(2)) == [2]
    assert runtime.asked == [[1, 2], [2]]


def test_a_call_has_so_many_patches_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeing, "MOST_PATCHES", 10)
    runtime = Counting()
    turns = seeing_of(runtime)
    for value, patches in ((1, 4), (2, 8), (3, 4)):
        turns.expect(value, picture(value, patches))
    assert [turns.of(value, picture(value, patches)) for value, patches in ((1, 4), (2, 8), (3, 4))] == [[1], [2], [3]]
    assert runtime.asked == [[1, 3], [2]]


def test_a_runtime_that_looks_at_one_turn_at_a_time_does() -> None:
    class Alone:
        asked = 0

        def encode_images(self, segments: Sequence[PromptSegment]) -> torch.Tensor:
            self.asked += 1
            return torch.zeros(len(segments))

    runtime = Alone()
    turns = seeing_of(runtime)
    for value in (1, 2):
        turns.expect(value, picture(value))
    for value in (1, 2):
        assert turns.of(value, picture(value)).shape == (1,)
    assert runtime.asked == 2
