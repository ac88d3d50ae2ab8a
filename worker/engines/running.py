"""How a model runs: its device and dtype, how the streams of a decode step attend, what runs beside such a step."""

from __future__ import annotations

import importlib.util
from typing import Any

import torch

from worker.engines.spec import ModelSpec

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
DECODE = ("apart", "together", "graphs")
OVERLAP = ("on", "off")


def placed(spec: ModelSpec) -> tuple[str, torch.dtype]:
    """Device and dtype of a model: what its spec says, else a GPU in bfloat16 where there is one, or the CPU in float32."""
    device = spec.options.get("device") or ("cuda" if torch.cuda.is_available() else "cpu")
    return device, DTYPES[spec.option_of("dtype", DTYPES, "float32" if device == "cpu" else "bfloat16")]


def decode_mode(spec: ModelSpec, config: Any) -> str:
    """How the streams of a decode step attend. Raises ValueError for a way that this model or this machine does not have."""
    decode = spec.option_of("decode", DECODE, "apart")
    if decode == "apart":
        return decode
    device, _ = placed(spec)
    if not device.startswith("cuda") or importlib.util.find_spec("triton") is None:
        raise ValueError(f"decode={decode} needs an NVIDIA GPU and the package triton: leave it out, or decode=apart")
    if decode == "graphs" and "linear_attention" in (getattr(config.get_text_config(), "layer_types", None) or ()):
        raise ValueError(
            f"decode=graphs is for models without linear attention, not {config.model_type}: decode=together"
        )
    return decode


def overlaps(spec: ModelSpec, config: Any) -> bool:
    """Whether prefills run beside decode steps: where the spec says so. Raises ValueError for quantized models."""
    quantized = "quantization" in spec.options or getattr(config, "quantization_config", None) is not None
    overlap = spec.option_of("overlap", OVERLAP, "off") == "on"
    if overlap and quantized:
        raise ValueError("overlap=on is for models that are not quantized: two threads would use their layers at once")
    return overlap
