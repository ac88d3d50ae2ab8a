"""One stream's keys and values on the device: preallocated, packed, written once, and re-rotated only where text moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from worker.streaming.cache_rows import CacheRows, Rows
from worker.streaming.positions import all_axes
from worker.streaming.rope import Angles, rotate
from worker.streaming.spans import TokenSpan
from worker.streaming.state.recurrent import RecurrentState, StateShape


@dataclass(frozen=True)
class CacheShape:
    """Geometry of what one model keeps of a stream: keys of its `layers` attention layers, states of its linear ones."""

    layers: int
    heads: int
    head_dim: int
    dtype: torch.dtype
    device: torch.device
    linear: StateShape | None = None

    @classmethod
    def of(cls, text: Any, dtype: torch.dtype, device: torch.device) -> CacheShape:
        """From the configuration of a text model."""
        head_dim = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
        linear = StateShape.of(text, dtype, device)
        layers = text.num_hidden_layers - (len(linear.layers) if linear else 0)
        return cls(layers, text.num_key_value_heads, head_dim, dtype, device, linear)

    def nbytes(self, tokens: int, text_tokens: int) -> int:
        """Bytes of a stream's memory with room for so many tokens, of which `text_tokens` are movable."""
        rows = 2 * tokens + text_tokens
        states = self.linear.nbytes if self.linear else 0
        return self.layers * self.heads * self.head_dim * rows * self.dtype.itemsize + states


class StreamCache:
    """K and V of one stream, (layers, heads, rows, head_dim), and the raw (not rotated) keys of its movable text.

    A hybrid model's stream has a `state` besides, which no eviction touches.

    Raw keys are what the model computed before RoPE. Rotating from them, never from rotated keys, keeps bf16 exact
    however often the text moves: in-place correction drifts 10 % after 256 moves.
    """

    def __init__(self, shape: CacheShape, tokens: int, text_tokens: int) -> None:
        self.shape = shape
        self.slots = CacheRows(tokens)
        self.raw_slots = CacheRows(text_tokens)
        self.keys = self._buffer(tokens)
        self.values = self._buffer(tokens)
        self.raw_keys = self._buffer(text_tokens)
        self.state = RecurrentState(shape.linear) if shape.linear else None

    def _buffer(self, rows: int) -> torch.Tensor:
        shape = self.shape
        return torch.zeros((shape.layers, shape.heads, rows, shape.head_dim), dtype=shape.dtype, device=shape.device)

    @property
    def nbytes(self) -> int:
        """Bytes on the device."""
        keys = sum(buffer.nbytes for buffer in (self.keys, self.values, self.raw_keys))
        return keys + (self.state.nbytes if self.state else 0)

    def reserve(self, spans: Sequence[TokenSpan]) -> Placement:
        """Rows for the tokens of new (or growing) spans; raises CacheRowsFull."""
        first = self.slots.used
        raw_first = self.raw_slots.used
        movable: list[np.ndarray] = []
        for span in spans:
            offset = self.slots.append(span.key, span.tokens) - first
            if span.movable:
                self.raw_slots.append(span.key, span.tokens)
                movable.append(np.arange(offset, offset + span.tokens))
        picked = np.concatenate(movable) if movable else np.empty(0, dtype=np.int64)
        everything = len(picked) == self.slots.used - first
        index = None if everything else self._index(picked)
        return Placement(self, slice(first, self.slots.used), slice(raw_first, self.raw_slots.used), index)

    def drop(self, keys: Sequence[int]) -> None:
        """Forget spans and fill the holes from the end."""
        for slots, buffers in ((self.slots, (self.keys, self.values)), (self.raw_slots, (self.raw_keys,))):
            sources, targets = slots.drop(keys)
            if len(sources):
                source, target = self._index(sources), self._index(targets)
                for buffer in buffers:
                    buffer[:, :, target] = buffer[:, :, source]

    def move(self, spans: Sequence[TokenSpan], angles: Angles) -> None:
        """Rotate the keys of movable spans, from raw, to the positions the spans now have."""
        if not spans:
            return
        keys = [span.key for span in spans]
        cos, sin = angles.at(all_axes(spans))
        raw = self.raw_keys[:, :, self._index(self.raw_slots.rows(keys))]
        self.keys[:, :, self._index(self.slots.rows(keys))] = rotate(raw, cos, sin)

    def grow(self, tokens: int, text_tokens: int) -> None:
        """Buffers of at least so many rows with the same content, for streams that evict nothing (an ablation)."""
        tokens, text_tokens = max(tokens, self.slots.capacity), max(text_tokens, self.raw_slots.capacity)
        old = (self.keys, self.values, self.raw_keys)
        self.keys, self.values, self.raw_keys = self._buffer(tokens), self._buffer(tokens), self._buffer(text_tokens)
        for before, after in zip(old, (self.keys, self.values, self.raw_keys), strict=True):
            after[:, :, : before.shape[2]] = before
        self.slots.capacity, self.raw_slots.capacity = tokens, text_tokens

    def _index(self, rows: Rows) -> torch.Tensor:
        return torch.from_numpy(rows).to(self.shape.device)


@dataclass(frozen=True)
class Placement:
    """Where one forward pass writes the keys of its new tokens."""

    cache: StreamCache
    rows: slice
    raw_rows: slice
    raw_of: torch.Tensor | None  # which of the new tokens are movable; None: all

    def write(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Store one layer's new keys and values, each of shape (heads, new tokens, head_dim)."""
        self.cache.keys[layer, :, self.rows] = keys
        self.cache.values[layer, :, self.rows] = values

    def write_raw(self, raw: torch.Tensor) -> None:
        """Store the raw keys of the movable tokens, of all layers at once: (layers, heads, new tokens, head_dim)."""
        if self.raw_rows.stop > self.raw_rows.start:
            self.cache.raw_keys[:, :, self.raw_rows] = raw if self.raw_of is None else raw[:, :, self.raw_of]

    def visible(self, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        """All keys and values up to the new tokens, each (heads, tokens, head_dim)."""
        cache = self.cache
        return cache.keys[layer, :, : self.rows.stop], cache.values[layer, :, : self.rows.stop]
