"""The PyTorch engine: one resident model of any known family, many streams, chat."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from llguidance import LLTokenizer

from db.failures import Failure
from worker.engine.protocol import NO_SNAPSHOTS, Answer, ChatRequest, ModelInfo, OnText, WatchOptions
from worker.engines.conversation import conversation
from worker.engines.grammar import Grammar
from worker.engines.loading import load, normalisation
from worker.engines.spec import ModelSpec
from worker.engines.weights import weights_sha256
from worker.errors import Transient
from worker.families.geometry import smart_size
from worker.streaming.answer import answer
from worker.streaming.batch import Batcher
from worker.streaming.context_window import Ablation
from worker.streaming.forward import Forward
from worker.streaming.hybrid import open_session
from worker.streaming.loaded_model import LoadedModel
from worker.streaming.session import StreamSession


class PytorchEngine:
    """A model loaded by `worker.engines.loading`; see `worker.engine.protocol.Engine`."""

    def __init__(self, spec: ModelSpec) -> None:
        loaded = load(spec)
        forward = Forward(loaded.model, normalisation(loaded.geometry, loaded.device), loaded.attention, loaded.decode)
        self.loaded = LoadedModel(
            forward=forward,
            batcher=Batcher(forward, forward.beside() if loaded.overlap else None),
            family=loaded.family,
            geometry=loaded.geometry,
            tokens=loaded.tokens,
            decode=loaded.tokens.decode,
            context_tokens=loaded.context_tokens,
        )
        self._tokens, self._logits = loaded.tokens, loaded.model.get_output_embeddings().weight.shape[0]
        self._info = ModelInfo(
            name=spec.name,
            family=loaded.family.name,
            engine=spec.engine,
            weights_sha256=weights_sha256(loaded.folders),
            context_tokens=loaded.context_tokens,
            dtype=str(loaded.dtype).removeprefix("torch."),
            device=str(loaded.device),
            parameters=loaded.model.num_parameters(),
            memory_bytes=loaded.model.get_memory_footprint(),
            structured=True,
            window=loaded.window,
            recurrent=forward.shape.linear is not None,
            demo=loaded.demo,
        )

    @property
    def info(self) -> ModelInfo:
        """What was loaded, with the fingerprint of its weights."""
        return self._info

    @property
    def factor_px(self) -> int:
        """See `worker.engine.protocol.Engine`."""
        return self.loaded.geometry.factor_px

    def frame_size(self, width_px: int, height_px: int, max_frame_pixels: int) -> tuple[int, int]:
        """(width, height) in pixels, sides a multiple of `factor_px`, within the limit."""
        return smart_size(width_px, height_px, self.loaded.geometry.factor_px, max_frame_pixels)

    def open(
        self,
        options: WatchOptions,
        checkpoint: dict[str, Any] | None = None,
        snapshots: Mapping[str, Path] = NO_SNAPSHOTS,
        ablation: Ablation = Ablation.NONE,
    ) -> StreamSession:
        """A stream of its own cache, from the checkpoint if one is given.

        Raises Transient (GPU_OOM) without memory for another stream.
        """
        try:
            return open_session(self.loaded, options, checkpoint, ablation, snapshots=snapshots)
        except torch.OutOfMemoryError as error:
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
        except torch.OutOfMemoryError as error:
            raise Transient(Failure.GPU_OOM, f"no memory for this conversation: {error}") from error

    @cached_property
    def _words(self) -> LLTokenizer:
        return self._tokens.words(self.loaded.prompt_builder.end_ids[0], self._logits)

    def close(self) -> None:
        """End the thread that runs the model after its present step; turns that wait fail."""
        self.loaded.batcher.close()
