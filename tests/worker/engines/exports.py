"""Tiny checkpoints exported once a test run, and engines over them."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np

from tests.worker.engines.models import TINY, checkpoint_folder
from worker.engines.onnx.engine import OnnxEngine, load_forward
from worker.engines.onnx.forward import OnnxForward
from worker.engines.onnx.manifest import read_manifest
from worker.engines.spec import ModelSpec
from worker.engines.tiny import TinySize
from worker.export.plan import ExportOptions
from worker.export.run import Export, Prove
from worker.streaming.batch import Batcher
from worker.streaming.loaded_model import LoadedModel
from worker.streaming.runtime.protocol import PromptSegment

EXPORTED = ("bm3_vl", "qwen3_vl", "qwen2_5_vl", "qwen2_vl")
WHOLE = ExportOptions("fp32")


@cache
def export_folder(family: str, options: ExportOptions = WHOLE, size: TinySize = TINY) -> Path:
    """The export of a tiny checkpoint, without its proof: the tests are one."""
    return export_of(checkpoint_folder(family, size), options)


def export_of(checkpoint: Path, options: ExportOptions = WHOLE, prove: Prove | None = None) -> Path:
    """The export of a checkpoint, removed after the test run."""
    parent = Path(tempfile.mkdtemp(prefix="export-"))
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    Export(checkpoint, parent / "model", options, lambda _, __: None, prove).run()
    return parent / "model"


def spec_of(folder: Path, **options: str) -> ModelSpec:
    return ModelSpec("model", "onnx", str(folder), {"threads": "1", **options})


def onnx_engine(family: str, options: ExportOptions = WHOLE) -> OnnxEngine:
    """An engine over the export of a tiny checkpoint; the caller closes it."""
    return OnnxEngine(spec_of(export_folder(family, options)))


class RecordingOnnx(OnnxForward):
    """Notes what went in and which logits came out, as `tests.worker.engines.models.RecordingForward` does."""

    notes: list[tuple[list[PromptSegment], Any]]

    def prefill(self, cache: Any, segments: Any, seen: Any) -> Any:
        logits = super().prefill(cache, segments, seen)
        self.notes.append((list(segments), np.array(logits)))
        return logits

    def decode(self, caches: Any, spans: Any, tokens: Any) -> Any:
        logits = super().decode(caches, spans, tokens)
        self.notes.append(([PromptSegment(s, (t,)) for s, t in zip(spans, tokens, strict=True)], np.array(logits[0])))
        return logits


def recording_export(family: str, options: ExportOptions = WHOLE) -> tuple[LoadedModel, RecordingOnnx]:
    """A loaded export whose forward passes are noted; close its batcher."""
    folder = export_folder(family, options)
    engine = OnnxEngine(spec_of(folder))
    engine.close()
    forward = load_forward(spec_of(folder), folder, read_manifest(folder, "model"))
    forward.__class__ = RecordingOnnx
    recording = cast(RecordingOnnx, forward)
    recording.notes = []
    loaded = engine.loaded
    return LoadedModel(
        recording,
        Batcher(recording),
        loaded.family,
        loaded.geometry,
        loaded.tokens,
        loaded.decode,
        loaded.context_tokens,
    ), recording
