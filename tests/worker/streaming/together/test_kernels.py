"""The attention of several streams in one call against the same written out in float64; interpreted where there is no card."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from tests.worker.engines.models import recording_resident
from worker.streaming.cache import CacheShape, Placement, StreamCache
from worker.streaming.spans import SpanRole, TokenSpan
from worker.streaming.together import kernels
from worker.streaming.together.inputs import StepInputs

pytestmark = pytest.mark.slow

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
CLOSE = {torch.float32: 1e-5, torch.bfloat16: 2e-2}
LAYERS = 2
SCALING = 0.3


@dataclass
class Step:
    """Streams of some lengths, before their next token: what it is, and where it goes."""

    caches: list[StreamCache]
    placements: list[Placement]
    new: list[torch.Tensor]  # query (streams, heads, dim), then key, raw key and value (streams, key heads, dim)

    def run(self, layer: int, splits: int, room: int | None = None) -> torch.Tensor:
        """What the kernels give for these streams, in a step with room for more."""
        streams, _, dim = self.new[0].shape
        room = room or streams
        nobody = StreamCache(self.caches[0].shape, 1, 1)
        inputs = StepInputs(room, dim, nobody)
        inputs.fill(self.placements, [0] * streams, torch.zeros((2, streams, dim)))
        padded = [torch.cat((part, part.new_zeros((room - streams, *part.shape[1:])))) for part in self.new]
        return kernels.decode_attention(*padded, inputs.plan, layer, SCALING, splits)[:streams]


def a_step(lengths: list[int], heads: int, kv_heads: int, dim: int, dtype: torch.dtype, movable: bool = True) -> Step:
    chance = torch.Generator().manual_seed(len(lengths) * dim)

    def some(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=chance).to(dtype).to(DEVICE)

    shape = CacheShape(LAYERS, kv_heads, dim, dtype, DEVICE)
    caches, placements = [], []
    for index, length in enumerate(lengths):
        cache = StreamCache(shape, length + 1 + index, 3 + index)  # buffers of different sizes
        if length:
            cache.reserve([TokenSpan(0, SpanRole.FRAMES, 0, length, 0)])
        for buffer in (cache.keys, cache.values):
            buffer.copy_(some(*buffer.shape))
        role = SpanRole.REPLY if movable else SpanRole.FRAMES
        placements.append(cache.reserve([TokenSpan(1, role, 0, 1, length)]))
        caches.append(cache)
    streams = len(lengths)
    return Step(caches, placements, [some(streams, heads, dim), *(some(streams, kv_heads, dim) for _ in range(3))])


def written_out(step: Step, layer: int) -> torch.Tensor:
    """Softmax attention in float64 over each stream's rows and its new token, head by head."""
    query, key, _, value = (part.double() for part in step.new)
    heads, kv_heads = query.shape[1], key.shape[1]
    answers = torch.empty_like(query)
    for stream, (cache, placement) in enumerate(zip(step.caches, step.placements, strict=True)):
        past = placement.rows.start
        for head in range(heads):
            shared = head // (heads // kv_heads)
            keys = torch.cat((cache.keys[layer, shared, :past].double(), key[stream, shared][None]))
            values = torch.cat((cache.values[layer, shared, :past].double(), value[stream, shared][None]))
            answers[stream, head] = torch.softmax(keys @ query[stream, head] * SCALING, 0) @ values
    return answers


@pytest.mark.parametrize("dtype", CLOSE, ids=str)
@pytest.mark.parametrize(
    ("heads", "kv_heads", "dim"), [(4, 2, 16), (8, 1, 32), (6, 2, 24)], ids=["pairs", "one key head", "odd size"]
)
@pytest.mark.parametrize("splits", [1, 3])
def test_streams_of_unequal_length_attend_as_written_out(
    dtype: torch.dtype, heads: int, kv_heads: int, dim: int, splits: int
) -> None:
    step = a_step([0, 5, 63, 64, 200], heads, kv_heads, dim, dtype)
    for layer in range(LAYERS):
        expected = written_out(step, layer)
        torch.testing.assert_close(step.run(layer, splits).double(), expected, atol=CLOSE[dtype], rtol=CLOSE[dtype])


def test_many_more_splits_than_blocks_change_nothing() -> None:
    step = a_step([0, 1, 130], 4, 2, 16, torch.float32)
    torch.testing.assert_close(step.run(0, 32), step.run(0, 1), atol=1e-6, rtol=1e-6)


def test_the_new_token_is_stored_in_its_own_row_of_its_own_layer() -> None:
    step = a_step([3, 7], 4, 2, 16, torch.float32)
    before = [(cache.keys.clone(), cache.values.clone()) for cache in step.caches]
    step.run(1, 2, room=4)
    _, key, raw, value = step.new
    for stream, (cache, placement) in enumerate(zip(step.caches, step.placements, strict=True)):
        (keys, values), row = before[stream], placement.rows.start
        keys[1, :, row], values[1, :, row] = key[stream], value[stream]
        assert torch.equal(cache.keys, keys)
        assert torch.equal(cache.values, values)
        kept = torch.zeros_like(cache.raw_keys)
        kept[1, :, 0] = raw[stream]
        assert torch.equal(cache.raw_keys, kept)


def test_a_token_that_never_moves_has_no_raw_key() -> None:
    step = a_step([3], 4, 2, 16, torch.float32, movable=False)
    step.run(0, 1)
    assert not step.caches[0].raw_keys.any()


def test_after_evictions_it_sees_the_sink_and_the_window() -> None:
    """A stream from which the middle has been dropped and whose text has moved, as the engine does it."""
    loaded, forward = recording_resident("qwen3_vl")
    loaded.batcher.close()
    shape = forward.shape
    cache = StreamCache(shape, 40, 40)
    spans = [TokenSpan(0, SpanRole.PINNED, -1, 6, 0), TokenSpan(1, SpanRole.FRAMES, 0, 9, 6)]
    spans.append(TokenSpan(2, SpanRole.REPLY, 0, 5, 15))
    placed = cache.reserve(spans)
    random = np.random.default_rng(0)
    size = (shape.heads, 20, shape.head_dim)
    raw = torch.from_numpy(random.standard_normal((shape.layers, *size)).astype(np.float32))
    for layer in range(shape.layers):
        placed.write(layer, raw[layer], torch.from_numpy(random.standard_normal(size).astype(np.float32)))
    placed.write_raw(raw)
    cache.drop([1])
    cache.move([TokenSpan(0, SpanRole.PINNED, -1, 6, 9)], forward.angles)
    coming = cache.reserve([TokenSpan(3, SpanRole.REPLY, 1, 1, 20)])
    assert coming.rows.start == 11
    new = [torch.randn((1, heads, shape.head_dim)) for heads in (4, shape.heads, shape.heads, shape.heads)]
    step = Step([cache], [coming], new)
    if DEVICE.type == "cpu":
        torch.testing.assert_close(step.run(2, 2).double(), written_out(step, 2), atol=1e-5, rtol=1e-5)
