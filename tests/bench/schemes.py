"""The schemes the streaming engine is measured against, over the same modules: rotate all keys at every token, re-prefill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from worker.engine.protocol import Chunk, WatchOptions
from worker.streaming.batch import GenerationRequest, GenerationResult, GenerationTurn
from worker.streaming.budget import window_limits
from worker.streaming.cache import Placement, StreamCache
from worker.streaming.context_window import Change, ContextWindow
from worker.streaming.forward import Forward
from worker.streaming.loaded_model import LoadedModel, generate
from worker.streaming.positions import all_axes
from worker.streaming.rope import Angles, rotate
from worker.streaming.session import budget_of
from worker.streaming.spans import SpanRole, TokenSpan


class RawCache(StreamCache):
    """Keeps raw keys only and rotates all of them, in every layer, at every forward pass (StreamingVLM's scheme)."""

    def __init__(self, shape: Any, tokens: int, text_tokens: int, angles: Angles) -> None:
        super().__init__(shape, tokens, text_tokens)
        self.angles = angles
        self.axes = np.zeros((3, tokens), dtype=np.int64)
        self.coming = np.zeros((3, 0), dtype=np.int64)  # positions of the tokens about to be placed

    def reserve(self, spans: Sequence[TokenSpan]) -> Placement:
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

    def move(self, spans: Sequence[TokenSpan], angles: Angles) -> None:
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

    def prefill(self, cache: Any, segments: Any, seen: Any) -> torch.Tensor:
        cache.coming = all_axes([segment.span for segment in segments])
        return super().prefill(cache, segments, seen)

    def decode(self, caches: Any, spans: Any, tokens: Any) -> torch.Tensor:
        for cache, span in zip(caches, spans, strict=True):
            cache.coming = all_axes([span])
        return super().decode(caches, spans, tokens)


def reprefill(
    loaded: LoadedModel, options: WatchOptions, past: Sequence[tuple[Chunk, tuple[int, ...]]], chunk: Chunk
) -> GenerationResult:
    """Answer one chunk from nothing: prefill the whole window of past chunks and replies, then decode."""
    prompt_builder, context, budget = (
        loaded.prompt_builder,
        ContextWindow(window_limits(options)),
        budget_of(loaded, options),
    )
    segments = prompt_builder.opening(context, options)
    for shown, ids in past:
        segments += [
            *prompt_builder.frames(context, shown, options.max_frame_pixels),
            prompt_builder.reply(context, shown.index, ids),
        ]
    segments += prompt_builder.frames(context, chunk, options.max_frame_pixels)
    segments.append(prompt_builder.text(context, SpanRole.REPLY, chunk.index, prompt_builder.reply_start))
    request = GenerationRequest(
        context.add(SpanRole.REPLY, chunk.index, 0),
        options.sampling,
        prompt_builder.end_ids,
        options.max_tokens_per_chunk,
        silence_threshold=options.silence_threshold,
    )
    cache = loaded.forward.new_cache(budget.tokens, budget.text_tokens)
    return generate(loaded, GenerationTurn(cache, Change(), tuple(segments), request), None)
