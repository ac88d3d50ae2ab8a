"""The checkpoint that is exported: its configuration and its tensors, one at a time, under one set of names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from worker.export.errors import ExportError

Array = NDArray[Any]
OLD_NAMES = (("visual.", "model.visual."), ("model.layers.", "model.language_model.layers."))
OLD_TEXT = ("model.embed_tokens.", "model.norm.")
EMBEDDING = "model.language_model.embed_tokens.weight"
HEAD = "lm_head.weight"
FAMILIES = ("bm3_vl", "qwen3_vl", "qwen2_5_vl", "qwen2_vl")


@dataclass(frozen=True)
class Source:
    """A model folder. `files` says which file holds which tensor, by canonical name, and what it is called there."""

    folder: Path
    config: dict[str, Any]
    files: Mapping[str, tuple[Path, str]]

    @property
    def family(self) -> str:
        """The checkpoint's `model_type`."""
        return str(self.config["model_type"])

    @property
    def text(self) -> dict[str, Any]:
        """The text model's configuration; older files have its fields at the top."""
        return cast("dict[str, Any]", self.config.get("text_config", self.config))

    @property
    def vision(self) -> dict[str, Any]:
        """The configuration of its vision encoder."""
        return cast("dict[str, Any]", self.config["vision_config"])

    @property
    def head(self) -> str:
        """The name of the output matrix: the embedding's where they are tied."""
        return HEAD if HEAD in self.files and not self.config.get("tie_word_embeddings") else EMBEDDING

    @property
    def parameters(self) -> int:
        """Numbers of all tensors, from the headers alone."""
        count = 0
        for path in {path for path, _ in self.files.values()}:
            with safe_open(path, framework="np") as file:
                count += sum(prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118 - no mapping
        return count

    def has(self, name: str) -> bool:
        """Whether it has a tensor of this name."""
        return name in self.files

    def read(self, name: str, shape: tuple[int, ...] | None = None) -> NDArray[np.float32]:
        """One tensor in float32. Raises ExportError when it is missing, cut off, or of another shape."""
        import torch  # numpy knows no bfloat16

        tensor = self._tensor(name)
        if shape is not None and tuple(tensor.shape) != shape:
            raise ExportError(f"{name} has the shape {tuple(tensor.shape)}, the configuration says {shape}")
        return cast("NDArray[np.float32]", tensor.to(torch.float32).numpy())

    def read_raw(self, name: str) -> tuple[Array, str]:
        """A tensor as it is stored, and the name of its type; bfloat16 comes as its bits in uint16.

        Raises ExportError for other types, and for a checkpoint that is not complete.
        """
        import torch

        tensor = self._tensor(name)
        if tensor.dtype == torch.bfloat16:
            return tensor.view(torch.uint16).numpy(), "bfloat16"
        if tensor.dtype not in (torch.float32, torch.float16):
            raise ExportError(f"{name} is of type {tensor.dtype}: export a checkpoint of float32, float16 or bfloat16")
        return tensor.numpy(), str(tensor.dtype).removeprefix("torch.")

    def _tensor(self, name: str) -> Any:
        if name not in self.files:
            raise ExportError(
                f"{self.folder} lacks the tensor {name}: the checkpoint is not complete, download it again"
            )
        path, stored = self.files[name]
        try:
            with safe_open(path, framework="pt") as file:
                return file.get_tensor(stored)
        except (OSError, SafetensorError) as error:
            raise ExportError(f"{path} cannot be read ({error}): download the checkpoint again") from error


def open_source(folder: Path) -> Source:
    """Read the headers of a model folder. Raises ExportError with what is wrong with it."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ExportError(f"{folder} is not a model folder: its config.json cannot be read ({error})") from error
    if config.get("model_type") not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise ExportError(f"the family {config.get('model_type')!r} cannot be exported: it can be done for {known}")
    if config.get("quantization_config"):
        raise ExportError(f"{folder} is quantized already: export the checkpoint that it was made from")
    files = dict(_named(folder))
    if not files:
        raise ExportError(f"{folder} holds no *.safetensors file")
    return Source(folder, config, files)


def _named(folder: Path) -> Iterator[tuple[str, tuple[Path, str]]]:
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="np") as file:
                stored = list(file.keys())
        except (OSError, SafetensorError) as error:
            raise ExportError(f"{path} cannot be read ({error}): download the checkpoint again") from error
        for name in stored:
            yield canonical(name), (path, name)


def canonical(name: str) -> str:
    """The name of a tensor as current transformers has it; checkpoints of before 2025 use shorter ones."""
    for old, new in OLD_NAMES:
        if name.startswith(old):
            return new + name.removeprefix(old)
    if name.startswith(OLD_TEXT):
        return "model.language_model." + name.removeprefix("model.")
    return name
