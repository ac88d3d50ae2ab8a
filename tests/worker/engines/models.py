"""Tiny checkpoints on disk, engines over them, and synthetic frames: what the engine's tests are run on."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from db.documents.kinds.video import Window
from worker.engine.protocol import Chunk, Frame, WatchOptions
from worker.engines.loading import load, normalisation
from worker.engines.pytorch import PytorchEngine
from worker.engines.spec import ModelSpec
from worker.engines.tiny import TinySize, write_tiny
from worker.families import FAMILIES
from worker.streaming.batch import Batcher
from worker.streaming.cache import StreamCache
from worker.streaming.forward import Forward, VisionFeatures
from worker.streaming.loaded_model import LoadedModel
from worker.streaming.runtime.protocol import PromptSegment

STOCK = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl")
HYBRIDS = ("qwen3_5", "qwen3_5_moe")
ALL = (*STOCK, "bm3_vl", "qwen3_vl_moe", *HYBRIDS)
TINY = TinySize()
WIDTH_PX, HEIGHT_PX = 48, 32
OPTIONS = WatchOptions(
    prompt="What happens?",
    window=Window(text_sink_tokens=60, text_window_tokens=90, vision_ms=8000),
    max_frame_pixels=WIDTH_PX * HEIGHT_PX,
    max_tokens_per_chunk=8,
)


@cache
def checkpoint_folder(family: str, size: TinySize = TINY) -> Path:
    """A tiny checkpoint, written once a test run and removed after it."""
    folder = Path(tempfile.mkdtemp(prefix=f"tiny-{family}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return write_tiny(family, folder, size)


def tiny_engine(family: str, size: TinySize = TINY, **options: str) -> PytorchEngine:
    """An engine over a tiny checkpoint; the caller closes it."""
    return PytorchEngine(
        ModelSpec(family, "pytorch", str(checkpoint_folder(family, size)), {"device": "cpu", **options})
    )


def stock_model(
    family: str,
    size: TinySize = TINY,
    attention: str = "eager",
    dtype: torch.dtype = torch.float32,
) -> Any:
    """The same weights as transformers itself runs them."""
    from transformers import AutoModelForImageTextToText

    folder = checkpoint_folder(family, size)
    if code := FAMILIES[family].code:
        import_module(code)
    model: Any = AutoModelForImageTextToText.from_pretrained(folder, dtype=dtype, attn_implementation=attention)
    model.eval()
    if dtype is torch.float64:  # grouped matrix products know no float64
        for module in model.modules():
            if hasattr(module, "config"):
                module.config._experts_implementation = "eager"
    return model


def chunk(index: int, frames: int = 4, ms: int = 2000, width_px: int = WIDTH_PX, height_px: int = HEIGHT_PX) -> Chunk:
    """Chunk `index` of an endless noisy video: what a frame shows is a function of its time."""
    step_ms = ms // frames
    return Chunk(
        index,
        index * ms,
        (index + 1) * ms,
        tuple(frame(index * ms + k * step_ms, width_px, height_px) for k in range(frames)),
    )


def frame(pts_ms: int, width_px: int = WIDTH_PX, height_px: int = HEIGHT_PX) -> Frame:
    pixels = np.random.default_rng(pts_ms).integers(0, 256, (height_px, width_px, 3), dtype=np.uint8)
    return Frame(pts_ms, pixels)


class RecordingForward(Forward):
    """A `Forward` that notes what went in and which logits came out: (spans, token ids or pictures, logits)."""

    def __init__(self, model: Any, *arguments: Any) -> None:
        super().__init__(model, *arguments)
        self.notes: list[tuple[list[PromptSegment], torch.Tensor]] = []

    def prefill(self, cache: StreamCache, pieces: Any, seen: VisionFeatures) -> torch.Tensor:
        logits = super().prefill(cache, pieces, seen)
        self.notes.append((list(pieces), logits))
        return logits

    def decode(self, caches: Any, spans: Any, tokens: Any) -> torch.Tensor:
        logits = super().decode(caches, spans, tokens)
        self.notes.append(([PromptSegment(s, (t,)) for s, t in zip(spans, tokens, strict=True)], logits[0]))
        return logits


def resident_of(family: str, size: TinySize, forward_class: type[Forward], **options: str) -> LoadedModel:
    """A resident model with forward passes of a given class; close its batcher."""
    folder = str(checkpoint_folder(family, size))
    loaded = load(ModelSpec(family, "pytorch", folder, {"device": "cpu", **options}))
    forward = forward_class(loaded.model, normalisation(loaded.geometry, loaded.device), loaded.attention)
    return LoadedModel(
        forward,
        Batcher(forward),
        loaded.family,
        loaded.geometry,
        loaded.tokens,
        loaded.tokens.decode,
        loaded.context_tokens,
    )


def recording_resident(family: str, size: TinySize = TINY, **options: str) -> tuple[LoadedModel, RecordingForward]:
    """A resident model whose forward passes are noted."""
    loaded = resident_of(family, size, RecordingForward, **options)
    return loaded, cast(RecordingForward, loaded.forward)
