"""Steps of int8 keys and values: one for each channel of each head, from what the model keeps of pictures made for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.engines.conversation import conversation
from worker.engines.onnx.engine import load_model
from worker.engines.onnx.manifest import TOKENIZER, ExportManifest
from worker.engines.onnx.tokenizer import FileTokenizer
from worker.engines.spec import ModelSpec
from worker.export.decoder import KeyValueScales
from worker.export.questions import questions, walk

STEPS = 32
MOST = 127
MARGIN = 1.25  # what comes later may be larger; beyond this it is cut off
LEAST = 1e-6  # of a channel that is always zero


def measure_scales(folder: Path, manifest: ExportManifest) -> KeyValueScales:
    """(2, layers, kv_heads, head_dim) float32 from an export whose keys and values are float32.

    Raises Permanent(MODEL_UNAVAILABLE) when the graphs cannot be loaded.
    """
    loaded = load_model(
        ModelSpec("calibration", "onnx", str(folder)), folder, manifest, FileTokenizer(folder / TOKENIZER)
    )
    try:
        found = []
        for messages in questions(loaded.geometry.factor_px, loaded.geometry.frames_per_group):
            _, cache = walk(loaded, conversation(messages, loaded.geometry), STEPS)
            rows = slice(cache.slots.used)
            found.append(np.stack((turning(cache.keys[:, 0, :, rows]), largest(cache.values[:, 0, :, rows]))))
    finally:
        loaded.batcher.close()
    scales: KeyValueScales = np.maximum(np.max(found, axis=0) * MARGIN, LEAST).astype(np.float32) / np.float32(MOST)
    return scales


def largest(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest size of each channel, (..., tokens, channels) -> (..., channels)."""
    most: NDArray[np.float32] = np.abs(values).max(axis=-2)
    return most


def turning(keys: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same for keys, which rotary positions turn two channels at a time: as large as they become at any position."""
    first, second = np.split(keys, 2, axis=-1)
    length = largest(np.hypot(first, second))
    return np.concatenate((length, length), axis=-1)
