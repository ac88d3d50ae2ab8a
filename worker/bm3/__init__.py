"""BM3-VL, our own model of the Qwen3-VL architecture: configuration, model, data, training, evaluation, weights."""

from __future__ import annotations

from pathlib import Path

NANO = Path(__file__).parent / "weights" / "nano"
"""The model folder that ships."""
