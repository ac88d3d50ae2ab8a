"""A decode step can be captured in a graph: no layer makes the host wait for the device to decide what comes next."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.worker.engines.models import ALL, resident_of
from worker.engines.tiny import TinySize
from worker.streaming.forward import Forward
from worker.streaming.spans import SpanRole, TokenSpan

WAITING = {"aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select", "aten::equal", "aten::is_nonzero"}
WAITING_TAGS = {torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape}
STREAMS = 3


class Watched(TorchDispatchMode):
    """Notes every operation that a graph could not hold: a value read by the host, or a shape that values decide."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[str] = []
        self.seen = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.seen += 1
        if func._schema.name in WAITING or WAITING_TAGS & {*func.tags} - _settled(func, args):
            self.waited.append(func._schema.name)
        return func(*args, **(kwargs or {}))


def _settled(func: Any, args: Any) -> set[torch.Tag]:
    """Indexing by numbers gives what has their shape; only by truths does its size depend on values."""
    by_numbers = func._schema.name == "aten::index" and all(
        index is None or index.dtype not in (torch.bool, torch.uint8) for index in args[1]
    )
    return {torch.Tag.dynamic_output_shape} if by_numbers else set()


class Step(Forward):
    """A `Forward` whose layers and head are watched, not what is made on the host before them."""

    watched: Watched

    def _layers(self, *arguments: Any) -> torch.Tensor:
        with self.watched:
            return super()._layers(*arguments)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        with self.watched:
            return super().logits(hidden)


def decoded(family: str) -> Watched:
    """What a decode step of several streams of unequal length does."""
    loaded = resident_of(family, TinySize(), Step)
    loaded.batcher.close()
    forward = loaded.forward
    assert isinstance(forward, Step)
    caches = [forward.new_cache(64, 64) for _ in range(STREAMS)]
    for index, cache in enumerate(caches):
        cache.reserve([TokenSpan(0, SpanRole.PINNED, -1, 8 + index)])
    forward.watched = Watched()
    spans = [TokenSpan(1, SpanRole.REPLY, 0, 1, 8 + index) for index in range(STREAMS)]
    forward.decode(caches, spans, [65] * STREAMS)
    return forward.watched


@pytest.mark.parametrize("family", ALL)
def test_no_layer_of_a_decode_step_waits_for_the_device(family: str) -> None:
    watched = decoded(family)
    assert watched.seen > 100
    assert watched.waited == []


def test_the_watch_sees_what_waits() -> None:
    watched = Watched()
    values = torch.tensor([0.0, 1.0])
    with watched:
        values.nonzero()
        values[0].item()
        values[values > 0]
    assert len(watched.waited) >= 3
