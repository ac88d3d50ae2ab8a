"""The schemes the streaming engine is measured against, over the same modules: rotate all keys at every token, re-prefill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from worker.engine.protocol import Chunk, WatchOptions
from worker.streaming.batch import Outcome, Speech, Turn
from worker.streaming.budget import window_limits
from worker.streaming.cache import Placement, StreamCache
from worker.streaming.forward import Forward
from worker.streaming.memory import Change, Memory
from worker.streaming.positions import all_axes
from worker.streaming.resident import Resident, run_aloud
from worker.streaming.rope import Angles, rotate
from worker.streaming.session import budget_of
from worker.streaming.spans import Role, Span


class RawCache(StreamCache):
    """Keeps raw keys only and rotates all of them, in every layer, at every forward pass (StreamingVLM's scheme)."""

    def __init__(self, shape: Any, tokens: int, text_tokens: int, angles: Angles) -> None:
        super().__init__(shape, tokens, text_tokens)
        self.angles = angles
        self.axes = np.zeros((3, tokens), dtype=np.int64)
        self.coming = np.zeros((3, 0), dtype=np.int64)  # positions of the tokens about to be placed

    def reserve(self, spans: Sequence[Span]) -> Placement:
        first = self.slots.used
        for span in spans:
            self.slots.append(span.key, span.tokens)
        used = self.slots.used
        self.axes[:, first:used], self.coming = self.coming[:, : used - first], self.coming[:, used - first :]
        cos, sin = self.angles.at(self.axes[:, :used])
        return RawPlacement(self, slice(first, used), slice(0, 0), None, cos, sin)

    def drop(self, keys: Sequence[int]) -> None:
        sources, targets = self.slots.drop(keys)
        if len(sources):
            for buffer in (self.keys, self.values):
                buffer[:, :, targets] = buffer[:, :, sources]
            self.axes[:, targets] = self.axes[:, sources]

    def move(self, spans: Sequence[Span], angles: Angles) -> None:
        if spans:
            self.axes[:, self.slots.rows([span.key for span in spans])] = all_axes(spans)


@dataclass(frozen=True)
class RawPlacement(Placement):
    """Its past keys are raw; `cos` and `sin` are those of all visible tokens."""

    cos: torch.Tensor
    sin: torch.Tensor

    def write_raw(self, raw: torch.Tensor) -> None:
        self.cache.keys[:, :, self.rows] = raw

    def visible(self, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        keys, values = super().visible(layer)
        start = self.rows.start
        past = rotate(keys[:, :start], self.cos[:start], self.sin[:start])
        return torch.cat((past, keys[:, start:]), dim=1), values


class RotateAll(Forward):
    """The engine's forward passes over raw caches."""

    def new_cache(self, tokens: int, text_tokens: int) -> StreamCache:
        return RawCache(self.shape, tokens, text_tokens, self.angles)

    def prefill(self, cache: Any, pieces: Any, seen: Any) -> torch.Tensor:
        cache.coming = all_axes([piece.span for piece in pieces])
        return super().prefill(cache, pieces, seen)

    def decode(self, caches: Any, spans: Any, tokens: Any) -> torch.Tensor:
        for cache, span in zip(caches, spans, strict=True):
            cache.coming = all_axes([span])
        return super().decode(caches, spans, tokens)


def reprefill(
    resident: Resident, options: WatchOptions, past: Sequence[tuple[Chunk, tuple[int, ...]]], chunk: Chunk
) -> Outcome:
    """Answer one chunk from nothing: prefill the whole window of past chunks and replies, then decode."""
    script, memory, budget = resident.script, Memory(window_limits(options)), budget_of(resident, options)
    pieces = script.opening(memory, options)
    for shown, ids in past:
        pieces += [*script.frames(memory, shown, options.max_frame_pixels), script.reply(memory, shown.index, ids)]
    pieces += script.frames(memory, chunk, options.max_frame_pixels)
    pieces.append(script.text(memory, Role.REPLY, chunk.index, script.reply_start))
    speech = Speech(
        memory.add(Role.REPLY, chunk.index, 0),
        options.sampling,
        script.end_ids,
        options.max_tokens_per_chunk,
        silence_threshold=options.silence_threshold,
    )
    cache = resident.forward.new_cache(budget.tokens, budget.text_tokens)
    return run_aloud(resident, Turn(cache, Change(), tuple(pieces), speech), None)
