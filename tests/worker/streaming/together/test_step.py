"""Decode steps in one attention call a layer, plain and captured: the same words, the same keys, nothing waits, nothing moves."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.utils._pytree import tree_map_only

from tests.worker.engines.models import ALL, OPTIONS, TINY, chunk, resident_of
from tests.worker.streaming.test_no_host_sync import WAITING, WAITING_TAGS, Step, Watched
from tests.worker.streaming.together.tape import Tape, taped
from worker.engines.tiny import TinySize
from worker.streaming.forward import Forward, VisionFeatures
from worker.streaming.hybrid import open_session
from worker.streaming.runtime.protocol import PromptSegment
from worker.streaming.spans import SpanRole, TokenSpan

CPU_ONLY = pytest.mark.skipif(torch.cuda.is_available(), reason="kernels are interpreted where there is no card")
pytestmark = [CPU_ONLY, pytest.mark.slow]
CLOSE = 1e-4
ONE_LAYER = TinySize(layers=1)
SHORT = replace(OPTIONS, max_tokens_per_chunk=3)


def prefilled(forward: Any, lengths: list[int]) -> list[Any]:
    """Streams that have read so many tokens each."""
    caches = [forward.new_cache(length + 8, length + 8) for length in lengths]
    for index, (cache, length) in enumerate(zip(caches, lengths, strict=True)):
        ids = tuple((7 * index + place) % 250 for place in range(length))
        forward.prefill(cache, [PromptSegment(TokenSpan(0, SpanRole.PINNED, -1, length), ids)], VisionFeatures())
    return caches


def decoded(forward: Any, lengths: list[int], steps: int = 1) -> tuple[torch.Tensor, list[Any]]:
    """Logits of some decode steps over streams of these lengths, and their caches."""
    caches = prefilled(forward, lengths)
    logits = [
        forward.decode(
            caches,
            [TokenSpan(1, SpanRole.REPLY, 0, 1, length + step) for length in lengths],
            [(65 + stream + step) % 250 for stream in range(len(lengths))],
        )
        for step in range(steps)
    ]
    return torch.stack(logits), caches


def decoder(family: str, capture: Any, forward_class: type[Forward] = Forward, size: TinySize = TINY) -> Any:
    """A model of a family whose streams decode together."""
    loaded = resident_of(family, size, forward_class)
    loaded.batcher.close()
    loaded.forward._together = loaded.forward._decoder(capture)
    return loaded.forward


@pytest.mark.parametrize("family", ALL)
def test_together_is_what_they_are_apart(family: str) -> None:
    loaded = resident_of(family, TINY, Forward)
    loaded.batcher.close()
    apart, caches = decoded(loaded.forward, [5, 70])
    together, others = decoded(decoder(family, None), [5, 70])
    torch.testing.assert_close(together, apart, atol=CLOSE, rtol=CLOSE)
    for one, other in zip(caches, others, strict=True):
        for name in ("keys", "values", "raw_keys"):
            torch.testing.assert_close(getattr(other, name), getattr(one, name), atol=CLOSE, rtol=CLOSE)


def test_a_captured_step_serves_other_streams_of_other_lengths() -> None:
    """One capture for four streams; then three and four of any length, with whatever buffers they have."""
    captured, plain = decoder("qwen3_vl", taped), decoder("qwen3_vl", None)
    for lengths, steps in (([5, 70, 12], 2), ([64, 3, 9, 31], 1)):
        found, _ = decoded(captured, lengths, steps)
        expected, _ = decoded(plain, lengths, steps)
        torch.testing.assert_close(found, expected, atol=CLOSE, rtol=CLOSE)
    assert list(captured._together._captured) == [4]


def test_each_power_of_two_of_streams_has_its_graph() -> None:
    captured = decoder("qwen3_vl", taped, size=ONE_LAYER)
    for streams in (1, 3, 2, 4):
        assert decoded(captured, [4] * streams)[0].shape[1] == streams
    assert sorted(captured._together._captured) == [1, 2, 4]


class Noting(Step):
    """Notes what the step that a graph would hold is made of."""

    made: list[Tape]

    def _one_token(self, ids: torch.Tensor, step: Any) -> torch.Tensor:
        self.made.append(Tape())
        with self.made[-1]:
            return super()._one_token(ids, step)


def operations(tape: Tape) -> list[Any]:
    """Names and arguments; of a tensor its shape."""
    return [
        (func._schema.name, tree_map_only(torch.Tensor, lambda tensor: tuple(tensor.shape), args))
        for func, args, _, _ in tape.noted
    ]


def test_the_step_is_the_same_whatever_the_streams_are() -> None:
    forward = decoder("qwen3_vl", None, Noting)
    forward.made, forward.watched = [], Watched()
    for lengths in ([5, 70], [64, 3]):
        decoded(forward, lengths)
    first, second = forward.made
    assert operations(first) == operations(second)
    assert sum(func._schema.name == "bm3::decode_attention" for func, *_ in first.noted) == 3, "one call a layer"
    assert forward.watched.waited == []
    names = {func._schema.name for func, *_ in first.noted}
    assert not names & WAITING
    assert not any(WAITING_TAGS & {*func.tags} for func, *_ in first.noted if func._schema.name != "aten::index")


def said(loaded: Any, gate: threading.Barrier, first: int) -> list[tuple[int, ...]]:
    session = open_session(loaded, SHORT)
    replies = []
    for index in range(first, first + 3):
        gate.wait()
        replies.append(session.feed(chunk(index)).token_ids)
    return replies


def test_streams_say_the_same_together_with_a_captured_step() -> None:
    """Whole streams, with frames, evictions and silence, through the engine's thread."""
    answers = []
    for capture in (None, taped):
        loaded = resident_of("qwen3_vl", ONE_LAYER, Forward)
        if capture is not None:
            loaded.forward._together = loaded.forward._decoder(capture)
        gate = threading.Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            answers.append(list(pool.map(lambda first: said(loaded, gate, first), (0, 40))))  # noqa: B023
        loaded.batcher.close()
    assert answers[0] == answers[1]
