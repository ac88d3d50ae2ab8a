"""What a model takes before it is loaded: read from its files' headers and computed from its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import AutoTokenizer

from db.documents.kinds.video import Window
from db.failures import Failure
from worker.engine.protocol import WatchOptions
from worker.engines.hub import folder_of
from worker.engines.loading import OPTIONS, HubTokenizer, geometry_of, known_family
from worker.engines.running import placed
from worker.engines.spec import ModelSpec
from worker.errors import Permanent
from worker.streaming.budget import Budget, token_budget
from worker.streaming.cache import CacheShape
from worker.streaming.prompt_builder import PromptBuilder

NOT_LOADED = "mtp."  # Qwen3.5's heads for several tokens at once, which transformers leaves on the disk


@dataclass(frozen=True)
class Inspection:
    """A model as it would be loaded; sizes in bytes. `stream` is what one stream of `budget` tokens takes."""

    family: str
    parameters: int
    layers: int
    dtype: str
    disk: int
    weights: int
    budget: Budget
    stream: int

    def context(self, streams: int) -> int:
        """Bytes of the weights and so many streams, without activations."""
        return self.weights + streams * self.stream

    def document(self, streams: tuple[int, ...] = (1, 8)) -> dict[str, object]:
        """As JSON, with the memory for some numbers of streams."""
        return {
            "family": self.family,
            "parameters": self.parameters,
            "layers": self.layers,
            "dtype": self.dtype,
            "disk_bytes": self.disk,
            "weights_bytes": self.weights,
            "stream_tokens": self.budget.tokens,
            "stream_bytes": self.stream,
            "memory_bytes": {str(count): self.context(count) for count in streams},
        }


def inspect(spec: ModelSpec, options: WatchOptions | None = None) -> Inspection:
    """Look at a model folder without loading it; `options` are those of its streams (default: the model's own window).

    Raises Permanent(MODEL_UNAVAILABLE) when it is no folder of a known family, or its bytes cannot be told from its headers.
    Raises ValueError for a folder without weights (*.safetensors).
    """
    if spec.engine != "pytorch":
        raise Permanent(Failure.MODEL_UNAVAILABLE, f"only models of engine pytorch can be inspected, not {spec.engine}")
    spec.refuse_unknown(OPTIONS)
    try:
        folder = folder_of(spec.path, spec.options.get("revision"))
        config, family = known_family(folder)
        _refuse_uncounted(spec, config)
        tokens = HubTokenizer(AutoTokenizer.from_pretrained(folder))
        files = sorted(folder.glob("*.safetensors"))
        if not files:
            raise ValueError(f"{folder} holds no *.safetensors file")
        parameters = sum(_parameters(file) for file in files)
    except (OSError, ValueError, SafetensorError) as error:
        raise Permanent(Failure.MODEL_UNAVAILABLE, f"{spec.name}: {error}") from error
    device, dtype = placed(spec)
    text = config.get_text_config()
    shape = CacheShape.of(text, dtype, torch.device(device))
    window = Window(**(getattr(config, "default_window", None) or {}))
    prompt_builder = PromptBuilder(family, tokens, geometry := geometry_of(config.vision_config, folder, family))
    chosen = options or WatchOptions(prompt="", window=window)
    budget = token_budget(chosen, prompt_builder.costs(chosen), geometry.frames_per_group)
    return Inspection(
        family=family.name,
        parameters=parameters,
        layers=text.num_hidden_layers,
        dtype=str(dtype).removeprefix("torch."),
        disk=sum(file.stat().st_size for file in files),
        weights=parameters * dtype.itemsize,
        budget=budget,
        stream=shape.nbytes(budget.tokens, budget.text_tokens),
    )


def _parameters(file: Path) -> int:
    """Numbers in one safetensors file that are loaded, from its header alone."""
    with safe_open(file, framework="pt") as weights:
        names = [name for name in weights.keys() if not name.startswith(NOT_LOADED)]  # noqa: SIM118 - no mapping
        return sum(prod(weights.get_slice(name).get_shape()) for name in names)


def _refuse_uncounted(spec: ModelSpec, config: Any) -> None:
    """What is quantized or added takes other bytes than numbers times the size of one."""
    if {"quantization", "adapter"} & set(spec.options) or getattr(config, "quantization_config", None):
        raise ValueError("memory with quantization or an adapter is not computed: inspect the model without it")
