"""The forward passes of one exported model: the streaming engine's runtime of ONNX Runtime and numpy."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from worker.engine import host_sampling
from worker.engine.choices import Choices
from worker.engines.onnx.cache import HostCache, HostShape
from worker.engines.onnx.grids import inputs_of
from worker.engines.onnx.manifest import ExportManifest
from worker.engines.onnx.rope import Floats, HostAngles
from worker.engines.onnx.runtime import is_out_of_memory
from worker.streaming.positions import all_axes
from worker.streaming.runtime.pieces import cut, sized
from worker.streaming.runtime.protocol import ImageInput, PromptSegment
from worker.streaming.spans import TokenSpan

PREFILL_TOKENS = 256
"""Of one run. Its attention meets every key up to the run's end, those of later tokens too, which count for nothing: the
shorter a run, the fewer. Below this, matrix products lose more than that."""

KV_DTYPES: dict[str, np.dtype[Any]] = {
    "fp32": np.dtype(np.float32),
    "fp16": np.dtype(np.float16),
    "int8": np.dtype(np.int8),
}


@dataclass(frozen=True)
class HostFeatures:
    """What the vision tower made of pictures: one row a token, and rows for the first text layers (DeepStack)."""

    rows: Floats
    deep: tuple[Floats, ...]


class Embeddings:
    """The table of token embeddings, mapped from its file: rows become float32 as they are read."""

    def __init__(self, table: NDArray[Any], kind: str) -> None:
        self._table = table
        self._bits = kind == "bfloat16"

    def rows(self, ids: Sequence[int]) -> Floats:
        """(tokens, hidden)."""
        rows = self._table[list(ids)]
        if self._bits:  # bfloat16 is the upper half of a float32
            rows = (rows.astype(np.uint32) << 16).view(np.float32)
        return rows.astype(np.float32)


class OnnxForward:
    """See `worker.streaming.runtime.protocol.Runtime`."""

    choices: Choices = host_sampling
    recurrent = False

    def __init__(
        self,
        manifest: ExportManifest,
        vision: Any,
        decoder: Any,
        embeddings: Embeddings,
        key_scales: Floats | None = None,
    ) -> None:
        text = manifest.text
        self._manifest = manifest
        self._vision = vision
        self._decoder = decoder
        self._embeddings = embeddings
        self._never = list(text.never)
        self._no_deep = np.zeros((1, 1, text.hidden), dtype=np.float32)
        self.angles = HostAngles(text.inverse_frequencies, text.axis_of)
        self.shape = HostShape(text.layers, text.kv_heads, text.head_dim, KV_DTYPES[manifest.kv], key_scales)

    def new_cache(self, tokens: int, text_tokens: int) -> HostCache:
        """Memory for one stream."""
        return HostCache(self.shape, tokens, text_tokens)

    def encode_images(self, segments: Sequence[PromptSegment]) -> HostFeatures | None:
        """Run the vision tower over the pictures of some segments; neighbours of one grid at once."""
        pictures = [segment.content for segment in segments if isinstance(segment.content, ImageInput)]
        if not pictures:
            return None
        outputs = [self._encode(run) for run in _runs(pictures, one_by_one=bool(self._manifest.vision.window))]
        rows, *deep = (np.concatenate(parts) for parts in zip(*outputs, strict=True))
        return HostFeatures(rows, tuple(deep))

    def _encode(self, pictures: Sequence[ImageInput]) -> list[Floats]:
        """Features and DeepStack features of pictures of one grid, (tokens of all, hidden) each."""
        names = ["features", *(f"deep.{index}" for index in range(self._manifest.text.deep))]
        inputs = {"patches": np.stack([picture.patches for picture in pictures])}
        outputs = self._vision.run(names, inputs | inputs_of(self._manifest.vision, pictures[0].grid))
        return [output.reshape(-1, output.shape[-1]) for output in outputs]

    def prefill(self, cache: HostCache, segments: Sequence[PromptSegment], seen: HostFeatures | None) -> Floats:
        """Write new spans, seen by `encode_images`, into a cache; returns the last token's logits (vocabulary,)."""
        spans = [segment.span for segment in segments]
        visual = np.concatenate([np.full(s.span.tokens, isinstance(s.content, ImageInput)) for s in segments])
        hidden, deep = self._embed(segments, visual, seen)
        cos, sin = self.angles.at(all_axes(spans))
        logits, start = np.empty(0, dtype=np.float32), 0
        for part in cut(spans, PREFILL_TOKENS):
            stop = start + sum(tokens for _, tokens in part)
            rows = slice(start, stop)
            pieces = [sized(span, tokens) for span, tokens in part]
            logits = self._run(cache, pieces, hidden[:, rows], (cos[rows], sin[rows]), [d[:, rows] for d in deep])
            start = stop
        return logits

    def decode(self, caches: Sequence[HostCache], spans: Sequence[TokenSpan], tokens: Sequence[int]) -> Floats:
        """One token more in each stream, one stream after the other; float32 (streams, vocabulary)."""
        deep = [self._no_deep] * self._manifest.text.deep
        rows = [
            self._run(cache, [span], self._embeddings.rows([token])[None], self.angles.of_text(span.start), deep)
            for cache, span, token in zip(caches, spans, tokens, strict=True)
        ]
        return np.stack(rows)

    def _embed(
        self, segments: Sequence[PromptSegment], visual: NDArray[np.bool_], seen: HostFeatures | None
    ) -> tuple[Floats, list[Floats]]:
        """Hidden states and DeepStack features of new tokens, (1, tokens, hidden) each."""
        ids = [token for s in segments if not isinstance(s.content, ImageInput) for token in s.content]
        size = self._manifest.text.hidden
        hidden = np.empty((len(visual), size), dtype=np.float32)
        hidden[~visual] = self._embeddings.rows(ids)
        deep = [np.zeros((1, len(visual), size), dtype=np.float32) for _ in range(self._manifest.text.deep)]
        if seen is not None:
            hidden[visual] = seen.rows
            for dense, rows in zip(deep, seen.deep, strict=True):
                dense[0, visual] = rows
        return hidden[None], deep

    def _run(
        self,
        cache: HostCache,
        spans: Sequence[TokenSpan],
        hidden: Floats,
        turns: tuple[Floats, Floats],
        deep: Sequence[Floats],
    ) -> Floats:
        """One run of the decoder over new tokens; their keys and values are in the cache afterwards."""
        first, movable, raw_rows = cache.reserve(spans)
        used = first + hidden.shape[1]
        binding = self._bound(cache)
        inputs = {"inputs_embeds": hidden, "cos": turns[0], "sin": turns[1]}
        inputs |= {f"deep.{index}": rows for index, rows in enumerate(deep)}
        for name, array in inputs.items():
            binding.bind_cpu_input(name, np.ascontiguousarray(array))
        binding.bind_cpu_input("seqlens_k", np.array([used - 1], dtype=np.int32))
        binding.bind_cpu_input("total_sequence_length", np.array([used], dtype=np.int32))
        logits = np.empty(self._manifest.text.vocabulary, dtype=np.float32)
        raw = np.empty((self.shape.layers, hidden.shape[1], self.shape.heads * self.shape.head_dim), dtype=np.float32)
        for name, array in (("logits", logits), ("raw_keys", raw)):  # one memory, so that nothing is copied
            binding.bind_ortvalue_output(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
        self._decoder.run_with_iobinding(binding)
        cache.keep_raw(raw, movable, raw_rows)
        if self._never:
            logits[self._never] = -np.inf
        return logits

    def _bound(self, cache: HostCache) -> Any:
        """The stream's binding: past and present keys and values are one memory, its own."""
        if cache.binding is None:
            binding = self._decoder.io_binding()
            for layer in range(self.shape.layers):
                for part, buffer in (("key", cache.keys[layer]), ("value", cache.values[layer])):
                    value = onnxruntime.OrtValue.ortvalue_from_numpy(buffer)
                    binding.bind_ortvalue_input(f"past.{layer}.{part}", value)
                    binding.bind_ortvalue_output(f"present.{layer}.{part}", value)
            cache.binding = binding
        return cache.binding

    def mark(self) -> float:
        """Seconds of the clock: everything is done when its call returns."""
        return time.perf_counter()

    @staticmethod
    def is_out_of_memory(error: BaseException) -> bool:
        """See `worker.engines.onnx.runtime.is_out_of_memory`."""
        return is_out_of_memory(error)


def _runs(pictures: Sequence[ImageInput], one_by_one: bool) -> list[list[ImageInput]]:
    """Pictures in order, in lists of neighbours that have one grid."""
    runs: list[list[ImageInput]] = []
    for picture in pictures:
        if runs and not one_by_one and runs[-1][0].grid == picture.grid:
            runs[-1].append(picture)
        else:
            runs.append([picture])
    return runs
