"""The engine over an exported folder: many streams, chat and schemas, as the PyTorch engine has them, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from llguidance import LLTokenizer

from db.failures import Failure
from worker.engine.protocol import NO_SNAPSHOTS, Answer, ChatRequest, ModelInfo, OnText, WatchOptions
from worker.engines.conversation import conversation
from worker.engines.grammar import Grammar
from worker.engines.onnx.forward import Embeddings, OnnxForward
from worker.engines.onnx.huge_pages import gather_soon
from worker.engines.onnx.manifest import (
    DECODER,
    EMBEDDINGS,
    KV_SCALES,
    TOKENIZER,
    VISION,
    ExportManifest,
    VisionSizes,
    check_files,
    read_manifest,
)
from worker.engines.onnx.runtime import attention_over, open_graph, provider_of, threads_of
from worker.engines.onnx.tokenizer import FileTokenizer
from worker.engines.spec import ModelSpec
from worker.errors import Transient
from worker.families import FAMILIES
from worker.families.geometry import Geometry, smart_size
from worker.streaming.answer import answer
from worker.streaming.batch import Batcher
from worker.streaming.context_window import Ablation
from worker.streaming.loaded_model import LoadedModel
from worker.streaming.session import StreamSession

OPTIONS = frozenset({"threads", "provider"})


def geometry_of(vision: VisionSizes) -> Geometry:
    """The vision grid of an export."""
    return Geometry(vision.patch_px, vision.merge, vision.frames_per_group, vision.mean, vision.std)


def load_forward(spec: ModelSpec, folder: Path, manifest: ExportManifest) -> OnnxForward:
    """The graphs of a folder in memory. Raises Permanent(MODEL_UNAVAILABLE) with what is wrong with one."""
    provider, threads = provider_of(spec), threads_of(spec)
    with attention_over(manifest.kv):
        vision, decoder = (open_graph(folder / name, spec, provider, threads) for name in (VISION, DECODER))
    table = np.load(folder / EMBEDDINGS, mmap_mode="r")
    scales = np.load(folder / KV_SCALES)[0][:, None, :, None] if manifest.kv == "int8" else None
    return OnnxForward(manifest, vision, decoder, Embeddings(table, manifest.embeddings), scales)


def load_model(spec: ModelSpec, folder: Path, manifest: ExportManifest, tokens: FileTokenizer) -> LoadedModel:
    """What streams and conversations need of a folder; close its batcher. Raises as `load_forward`."""
    forward = load_forward(spec, folder, manifest)
    return LoadedModel(
        forward=forward,
        batcher=Batcher(forward),
        family=FAMILIES[manifest.family],
        geometry=geometry_of(manifest.vision),
        tokens=tokens,
        decode=tokens.decode,
        context_tokens=manifest.text.context_tokens,
    )


class OnnxEngine:
    """An exported model; see `worker.engine.protocol.Engine`. Options: `threads`, `provider`."""

    def __init__(self, spec: ModelSpec) -> None:
        spec.refuse_unknown(OPTIONS)
        folder = Path(spec.path)
        manifest = read_manifest(folder, spec.name)
        check_files(folder, manifest, spec.name)
        tokens = FileTokenizer(folder / TOKENIZER)
        self.loaded = load_model(spec, folder, manifest, tokens)
        self._tokens, self._vocabulary = tokens, manifest.text.vocabulary
        weights = sum((folder / name).stat().st_size for name in manifest.files)
        self._info = ModelInfo(
            name=spec.name,
            family=manifest.family,
            engine=spec.engine,
            weights_sha256=manifest.identity,
            context_tokens=manifest.text.context_tokens,
            dtype="float32" if manifest.weights == "fp32" else manifest.weights,
            device=spec.options.get("provider", "cpu"),
            parameters=manifest.parameters,
            memory_bytes=weights,
            structured=True,
            window=manifest.window,
            demo=manifest.demo,
        )
        gather_soon(weights)

    @property
    def info(self) -> ModelInfo:
        """Who it is."""
        return self._info

    @property
    def factor_px(self) -> int:
        """Sides of pictures are multiples of so many pixels."""
        return self.loaded.geometry.factor_px

    def frame_size(self, width_px: int, height_px: int, max_frame_pixels: int) -> tuple[int, int]:
        """(width, height) in pixels to decode a frame to."""
        return smart_size(width_px, height_px, self.loaded.geometry.factor_px, max_frame_pixels)

    def open(
        self,
        options: WatchOptions,
        checkpoint: dict[str, Any] | None = None,
        snapshots: Mapping[str, Path] = NO_SNAPSHOTS,
        ablation: Ablation = Ablation.NONE,
    ) -> StreamSession:
        """A stream of its own cache. Raises Transient (GPU_OOM) without memory for another stream."""
        try:
            return StreamSession(self.loaded, options, checkpoint, ablation)
        except MemoryError as error:
            raise Transient(Failure.GPU_OOM, f"no memory for another stream: {error}") from error

    def warm_up(self) -> None:
        """Look at the smallest picture and say a word."""
        side_px = 2 * self.loaded.geometry.factor_px
        picture = np.zeros((side_px, side_px, 3), dtype=np.uint8)
        parts = [{"type": "image", "image": picture}, {"type": "text", "text": "Hello."}]
        self.chat(ChatRequest([{"role": "user", "content": parts}], max_tokens=2))

    def chat(self, request: ChatRequest, on_text: OnText | None = None) -> Answer:
        """The answer to a conversation, token by token to `on_text`, held to its schema where one is given.

        Raises Transient (GPU_OOM) without memory for it.
        """
        asked = conversation(request.messages, self.loaded.geometry)
        allowed = None if request.schema is None else Grammar(self._words, request.schema).allowed
        try:
            return answer(self.loaded, asked, request, on_text, allowed)
        except MemoryError as error:
            raise Transient(Failure.GPU_OOM, f"no memory for this conversation: {error}") from error

    @cached_property
    def _words(self) -> LLTokenizer:
        return self._tokens.words(self.loaded.prompt_builder.end_ids[0], self._vocabulary)

    def close(self) -> None:
        """End the engine's thread; see `worker.engine.protocol.Engine`."""
        self.loaded.batcher.close()
