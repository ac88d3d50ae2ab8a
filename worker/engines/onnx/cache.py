"""One stream's keys and values in memory that ONNX Runtime reads and writes in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.engines.onnx.rope import Floats, HostAngles, rotate
from worker.streaming.cache_rows import CacheRows
from worker.streaming.positions import all_axes
from worker.streaming.spans import TokenSpan


@dataclass(frozen=True)
class HostShape:
    """Geometry of a stream's memory."""

    layers: int
    heads: int
    head_dim: int
    dtype: np.dtype[Any]
    key_scales: Floats | None = None
    """(layers, 1, heads, 1, head_dim): what a step of an int8 key stands for; None where keys are floating-point."""

    def stored(self, keys: Floats) -> NDArray[Any]:
        """Keys (layers, 1, heads, tokens, head_dim) as the buffers hold them."""
        if self.key_scales is None:
            return keys
        steps: NDArray[Any] = np.clip(np.rint(keys / self.key_scales), -128, 127)
        return steps

    def nbytes(self, tokens: int, text_tokens: int) -> int:
        """Bytes of a stream with room for so many tokens, of which `text_tokens` are movable."""
        numbers = self.layers * self.heads * self.head_dim
        return numbers * (2 * tokens * self.dtype.itemsize + 4 * text_tokens)


class HostCache:
    """K and V, (layers, 1, heads, rows, head_dim), and the raw (not rotated) keys of movable text in float32.

    The same scheme as `worker.streaming.cache.StreamCache`: rows are packed, holes are filled from the end, and what moves
    is rotated from raw keys, never from rotated ones. `binding` is what the
    runtime made of the buffers, None where they are new.
    """

    def __init__(self, shape: HostShape, tokens: int, text_tokens: int) -> None:
        self.shape = shape
        self.slots = CacheRows(tokens)
        self.raw_slots = CacheRows(text_tokens)
        self.keys = self._buffer(tokens, shape.dtype)
        self.values = self._buffer(tokens, shape.dtype)
        self.raw_keys = self._buffer(text_tokens, np.dtype(np.float32))
        self.binding: Any = None

    def _buffer(self, rows: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        return np.zeros((self.shape.layers, 1, self.shape.heads, rows, self.shape.head_dim), dtype=dtype)

    @property
    def nbytes(self) -> int:
        """Bytes of the buffers."""
        return self.keys.nbytes + self.values.nbytes + self.raw_keys.nbytes

    def reserve(self, spans: Sequence[TokenSpan]) -> tuple[int, NDArray[np.int64], slice]:
        """Rows for the tokens of new (or growing) spans: (first row, which of them are movable, their rows of raw keys).

        Raises CacheRowsFull.
        """
        first, raw_first = self.slots.used, self.raw_slots.used
        movable: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
        for span in spans:
            offset = self.slots.append(span.key, span.tokens) - first
            if span.movable:
                self.raw_slots.append(span.key, span.tokens)
                movable.append(np.arange(offset, offset + span.tokens))
        return first, np.concatenate(movable), slice(raw_first, self.raw_slots.used)

    def keep_raw(self, raw: Floats, movable: NDArray[np.int64], rows: slice) -> None:
        """Store the raw keys (layers, new tokens, heads * head_dim) of the movable ones among the new tokens."""
        if len(movable):
            shape = self.shape
            split = raw[:, movable].reshape(shape.layers, 1, len(movable), shape.heads, shape.head_dim)
            self.raw_keys[:, :, :, rows] = split.transpose(0, 1, 3, 2, 4)

    def drop(self, keys: Sequence[int]) -> None:
        """Forget spans and fill the holes from the end."""
        for slots, buffers in ((self.slots, (self.keys, self.values)), (self.raw_slots, (self.raw_keys,))):
            sources, targets = slots.drop(keys)
            if len(sources):
                for buffer in buffers:
                    buffer[..., targets, :] = buffer[..., sources, :]

    def move(self, spans: Sequence[TokenSpan], angles: HostAngles) -> None:
        """Rotate the keys of movable spans, from raw, to the positions the spans now have."""
        if not spans:
            return
        keys = [span.key for span in spans]
        cos, sin = angles.at(all_axes(spans))
        raw = self.raw_keys[..., self.raw_slots.rows(keys), :]
        self.keys[..., self.slots.rows(keys), :] = self.shape.stored(rotate(raw, cos, sin))

    def grow(self, tokens: int, text_tokens: int) -> None:
        """Buffers of at least so many rows with the same content, for streams that evict nothing (an ablation)."""
        tokens, text_tokens = max(tokens, self.slots.capacity), max(text_tokens, self.raw_slots.capacity)
        old = (self.keys, self.values, self.raw_keys)
        self.keys, self.values = (self._buffer(tokens, self.shape.dtype) for _ in range(2))
        self.raw_keys = self._buffer(text_tokens, np.dtype(np.float32))
        for before, after in zip(old, (self.keys, self.values, self.raw_keys), strict=True):
            after[..., : before.shape[-2], :] = before
        self.slots.capacity, self.raw_slots.capacity = tokens, text_tokens
        self.binding = None
