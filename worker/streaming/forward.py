"""The forward passes of one resident model: prefill of one stream, one decode step of many; no `generate()`, no patches.

transformers' modules are called layer by layer with explicit positions. Nothing here keeps state between calls
(`rope_deltas` of the stock model lives on the model object and would mix up interleaved streams).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from worker.compat import cache_argument
from worker.engine import sampling
from worker.engine.choices import Choices
from worker.streaming.attention import ATTENTION, ForwardStep, causal_mask
from worker.streaming.cache import CacheShape, Placement, StreamCache
from worker.streaming.clock import Mark, mark
from worker.streaming.overlap.capture_lock import CaptureLock
from worker.streaming.overlap.side_stream import SideStream
from worker.streaming.positions import all_axes
from worker.streaming.rope import Angles
from worker.streaming.runtime.pieces import PREFILL_TOKENS, cut, sized
from worker.streaming.runtime.protocol import ImageInput, PromptSegment
from worker.streaming.spans import TokenSpan
from worker.streaming.state.delta_rule import linear_layer
from worker.streaming.state.recurrent import StateStep
from worker.streaming.together.step import Capture, Run, Together, TogetherStep, cuda_graph


@dataclass(frozen=True)
class VisionFeatures:
    """What the vision tower makes of pictures: one row a token, and features for the first text layers (DeepStack)."""

    rows: torch.Tensor | None = None
    deep: tuple[torch.Tensor, ...] = ()


@dataclass(frozen=True)
class Normalisation:
    """How pixel values 0..255 become model input, per patch column."""

    scale: torch.Tensor
    shift: torch.Tensor


class Forward:
    """One model's modules and the geometry its caches need: the `Runtime` of torch.

    Of a model that is split over several nodes, `held` are the layers that are here; there is no vision tower, embedding
    or head where the node has none (see `worker.engines.pipeline`).
    """

    choices: Choices = sampling

    def __init__(
        self,
        model: Any,
        normalisation: Normalisation,
        attention: str = "sdpa",
        decode: str = "apart",
        held: range | None = None,
    ) -> None:
        self._visual = model.model.visual
        self._text = model.model.language_model
        self._head = model.lm_head
        self._attend = ATTENTION[attention]
        self._normalisation = normalisation
        config = self._text.config
        device = model.device
        self._held = range(config.num_hidden_layers) if held is None else held
        self._groups = config.num_attention_heads // config.num_key_value_heads
        whole = CacheShape.of(config, model.dtype, device)
        self.shape = whole if held is None else replace(whole, layers=len(held))
        self.angles = Angles(self._text.rotary_emb)
        self._linear = frozenset(self.shape.linear.layers if self.shape.linear else ())
        attending = [index for index in self._held if index not in self._linear]
        self._row_of = {layer: row for row, layer in enumerate(attending)}
        # The identity rotation handed to the modules; the real one happens in `streaming_attention`.
        self._one = torch.ones((1, 1, self.angles.dims), dtype=model.dtype, device=device)
        self._zero = torch.zeros_like(self._one)
        self._captures = CaptureLock()
        self._together = None if decode == "apart" else self._decoder(cuda_graph if decode == "graphs" else None)

    def _decoder(self, capture: Capture | None) -> Together:
        alone = None if capture is None else partial(self._captured, capture)
        return Together(self._one_token, self.shape, self._row_of, self.angles, alone)

    def _captured(self, capture: Capture, run: Run) -> Run:
        with self._captures.capture():
            return capture(run)

    def beside(self) -> SideStream:
        """A place for work beside decode steps, which run on the stream that is the caller's now."""
        return SideStream(self.shape.device, self._captures)

    @property
    def recurrent(self) -> bool:
        """Whether some layers are linear attention."""
        return self.shape.linear is not None

    @torch.inference_mode()
    def encode_images(self, segments: Sequence[PromptSegment]) -> VisionFeatures:
        """Run the vision tower over the pictures of some pieces, all at once."""
        pictures = [segment.content for segment in segments if isinstance(segment.content, ImageInput)]
        if not pictures:
            return VisionFeatures()
        raw = torch.from_numpy(np.concatenate([picture.patches for picture in pictures])).to(self.shape.device)
        pixels = (raw.float() * self._normalisation.scale + self._normalisation.shift).to(self._visual.dtype)
        grid = torch.tensor([(1, *picture.grid) for picture in pictures], device=self.shape.device)
        seen = self._visual(pixels, grid_thw=grid, return_dict=True)
        return VisionFeatures(seen.pooler_output, tuple(getattr(seen, "deepstack_features", None) or ()))

    def encode_together(self, turns: Sequence[Sequence[PromptSegment]]) -> list[VisionFeatures]:
        """What `encode_images` makes of each turn's segments, in one call of the vision tower."""
        seen = self.encode_images([segment for segments in turns for segment in segments])
        tokens = [
            sum(segment.span.tokens for segment in segments if isinstance(segment.content, ImageInput))
            for segments in turns
        ]
        if seen.rows is None:
            return [seen] * len(turns)
        parts = zip(*(torch.split(part, tokens) for part in (seen.rows, *seen.deep)), strict=True)
        return [VisionFeatures(rows, tuple(deep)) for rows, *deep in parts]

    @torch.inference_mode()
    def prefill(self, cache: StreamCache, segments: Sequence[PromptSegment], seen: VisionFeatures) -> torch.Tensor:
        """Write new spans, seen by `encode_images`, into a cache; returns the last token's logits, float32 (vocabulary,)."""
        for hidden in self.prefill_pieces(cache, segments, seen):
            last = hidden
        return self.logits(last[:, -1])[0]

    @torch.inference_mode()
    def prefill_pieces(
        self, cache: StreamCache, segments: Sequence[PromptSegment], seen: VisionFeatures
    ) -> Iterator[torch.Tensor]:
        """The same piece by piece: what the last layer held here makes of it, (1, tokens of the piece, size)."""
        hidden, visual = self._embed(segments, seen)
        spans = [segment.span for segment in segments]
        for piece, rows in enumerate(pieces(spans)):
            deep = _slice_deep(seen.deep, visual, rows)
            yield self.prefill_piece(cache, spans, piece, hidden[:, rows], deep)

    @torch.inference_mode()
    def prefill_piece(
        self,
        cache: StreamCache,
        spans: Sequence[TokenSpan],
        piece: int,
        hidden: torch.Tensor,
        deep: _Deep | None = None,
    ) -> torch.Tensor:
        """One piece of new spans through the layers held here; `hidden` in and out (1, tokens of the piece, size)."""
        part, rows = cut(spans, PREFILL_TOKENS)[piece], pieces(spans)[piece]
        placement = cache.reserve([sized(span, tokens) for span, tokens in part])
        return self._layers(hidden, self._prefill_step(placement, all_axes(spans)[:, rows]), deep)

    @torch.inference_mode()
    def embed(self, tokens: Sequence[int]) -> torch.Tensor:
        """One token of each stream as what the first layer takes, (streams, 1, size)."""
        embedded: torch.Tensor = self._text.embed_tokens(torch.tensor(tokens, device=self.shape.device)[:, None])
        return embedded

    @torch.inference_mode()
    def decode_step(
        self, caches: Sequence[StreamCache], spans: Sequence[TokenSpan], hidden: torch.Tensor
    ) -> torch.Tensor:
        """One token more in each stream through the layers held here; `hidden` in and out (streams, 1, size)."""
        placements = tuple(cache.reserve([span]) for cache, span in zip(caches, spans, strict=True))
        return self._layers(hidden, self._decode_pass(placements, [span.start for span in spans]), None)

    def _decode_pass(self, placements: tuple[Placement, ...], positions: list[int]) -> ForwardStep:
        cos, sin = self.angles.of_text(positions)
        return ForwardStep(placements, cos[:, None, None], sin[:, None, None], None, self._attend, self._row_of)

    @torch.inference_mode()
    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Float32 (streams, vocabulary) of what the last layer made of one token each, (streams, size)."""
        logits: torch.Tensor = self._head(self._text.norm(hidden))
        return logits.float()

    @torch.inference_mode()
    def decode(self, caches: Sequence[StreamCache], spans: Sequence[TokenSpan], tokens: Sequence[int]) -> torch.Tensor:
        """One token more in each stream; `spans` hold just the new token. Returns float32 (streams, vocabulary)."""
        placements = tuple(cache.reserve([span]) for cache, span in zip(caches, spans, strict=True))
        positions = [span.start for span in spans]
        if self._together is not None:
            return self._together.decode(placements, positions, tokens)
        step = self._decode_pass(placements, positions)
        return self._one_token(torch.tensor(tokens, device=self.shape.device)[:, None], step)

    def _one_token(self, ids: torch.Tensor, step: ForwardStep | TogetherStep) -> torch.Tensor:
        return self.logits(self._layers(self._text.embed_tokens(ids), step, None)[:, 0])

    def new_cache(self, tokens: int, text_tokens: int) -> StreamCache:
        """Memory for one stream."""
        with self._captures.work():
            return StreamCache(self.shape, tokens, text_tokens)

    def mark(self) -> Mark:
        """The point that the work of the device will have come to."""
        return mark(self.shape.device)

    @staticmethod
    def is_out_of_memory(error: BaseException) -> bool:
        """By its class on a GPU, by its words on the CPU."""
        return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)

    def _prefill_step(self, placement: Any, axes: NDArray[np.int64]) -> ForwardStep:
        cos, sin = self.angles.at(axes)
        mask = causal_mask(axes.shape[1], placement.rows.stop, self._groups, self.shape.device)
        return ForwardStep((placement,), cos[None, None], sin[None, None], mask, self._attend, self._row_of)

    def _layers(self, hidden: torch.Tensor, step: ForwardStep | TogetherStep, deep: _Deep | None) -> torch.Tensor:
        identity = (self._one, self._zero)
        states = [placement.cache.state for placement in step.placements if placement.cache.state]
        carried = cache_argument(StateStep(states)) if states else {}
        for index in self._held:
            layer = self._text.layers[index]
            if index in self._linear and hidden.shape[1] == 1:
                hidden = linear_layer(layer, hidden, states)
                continue
            special: dict[str, Any] = carried if index in self._linear else {"step": step}
            hidden = layer(hidden, position_embeddings=identity, attention_mask=None, position_ids=None, **special)
            if deep is not None and index < len(deep.features):
                hidden[:, deep.rows] += deep.features[index].to(hidden.dtype)
        step.keep_raw()
        return hidden

    def _embed(self, segments: Sequence[PromptSegment], seen: VisionFeatures) -> tuple[torch.Tensor, torch.Tensor]:
        """(hidden (1, tokens, size), which tokens are visual)."""
        visual = np.concatenate([np.full(p.span.tokens, isinstance(p.content, ImageInput)) for p in segments])
        mask = torch.from_numpy(visual).to(self.shape.device)
        ids = [
            token for segment in segments if not isinstance(segment.content, ImageInput) for token in segment.content
        ]
        words = self._text.embed_tokens(torch.tensor(ids, dtype=torch.long, device=self.shape.device))
        if seen.rows is None:
            return words[None], mask
        hidden = torch.empty((len(visual), words.shape[-1]), dtype=words.dtype, device=words.device)
        hidden[~mask] = words
        hidden[mask] = seen.rows.to(words.dtype)
        return hidden[None], mask


@dataclass(frozen=True)
class _Deep:
    """DeepStack features (Qwen3-VL) of the visual tokens of one prefill: added after the first layers, never cached."""

    features: list[torch.Tensor]
    rows: torch.Tensor


def _slice_deep(features: Sequence[torch.Tensor], visual: torch.Tensor, rows: slice) -> _Deep | None:
    if not features:
        return None
    before, here = int(visual[: rows.start].sum()), int(visual[rows].sum())
    return _Deep([f[before : before + here] for f in features], visual[rows].nonzero()[:, 0])


def pieces(spans: Sequence[TokenSpan]) -> list[slice]:
    """The pieces that a prefill of these spans is done in, as rows of its tokens."""
    total = sum(span.tokens for span in spans)
    return [slice(start, min(start + PREFILL_TOKENS, total)) for start in range(0, total, PREFILL_TOKENS)]
