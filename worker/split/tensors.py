"""The tensors of a model folder by where they belong, from the headers of its files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from math import prod
from pathlib import Path

from safetensors import safe_open

from worker.split.plan import CannotSplit, ModelParts

BITS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "I16": 16, "I8": 8, "U8": 8, "BOOL": 8}
LAYER = re.compile(r"(?:^|\.)layers\.(\d+)\.")
HEAD = "lm_head.weight"


class TensorPlace(Enum):
    """Who holds a tensor that is not part of a layer."""

    STARTER = "starter"
    FINISHER = "finisher"


@dataclass(frozen=True)
class StoredTensor:
    """One tensor in a file: its name, number of values and bytes, and the layer or node that it belongs to."""

    name: str
    file: Path
    values: int
    bytes: int
    place: int | TensorPlace


def tensors_of(files: Iterable[Path]) -> list[StoredTensor]:
    """All tensors, in the order of the files. Raises CannotSplit for one that nobody would know what to do with."""
    found = []
    for file in files:
        with safe_open(file, framework="pt") as weights:
            for name in weights.keys():  # noqa: SIM118 - no mapping
                part = weights.get_slice(name)
                values = prod(part.get_shape())
                if part.get_dtype() not in BITS:
                    raise CannotSplit(f"{name} is of type {part.get_dtype()}: split the model before it is quantized")
                found.append(StoredTensor(name, file, values, values * BITS[part.get_dtype()] // 8, place_of(name)))
    return found


def place_of(name: str) -> int | TensorPlace:
    """Where a tensor belongs: its layer, or a node. Raises CannotSplit."""
    if "visual." in name or name.endswith("embed_tokens.weight"):
        return TensorPlace.STARTER
    if layer := LAYER.search(name):
        return int(layer[1])
    if name == HEAD or re.search(r"(?:^|\.)norm\.(?:weight|bias)$", name):
        return TensorPlace.FINISHER
    raise CannotSplit(f"it has a tensor {name}, which belongs to no layer, the pictures, the embeddings or the head")


def with_head(tensors: list[StoredTensor], tied: bool) -> list[tuple[StoredTensor, str]]:
    """The tensors with the names they are written under: where embeddings and head are one, the finisher gets a copy.

    Raises CannotSplit for a model without embeddings.
    """
    named = [(tensor, tensor.name) for tensor in tensors if not (tied and tensor.name == HEAD)]
    if any(name == HEAD for _, name in named):
        return named
    embeddings = next((tensor for tensor in tensors if tensor.name.endswith("embed_tokens.weight")), None)
    if embeddings is None:
        raise CannotSplit("it has no embeddings")
    head = StoredTensor(embeddings.name, embeddings.file, embeddings.values, embeddings.bytes, TensorPlace.FINISHER)
    return [*named, (head, HEAD)]


def parts_of(tensors: Iterable[StoredTensor], layers: int, starter_layers: int) -> ModelParts:
    """Bytes by place. Raises CannotSplit for a folder that lacks layers."""
    sums: dict[int | TensorPlace, int] = {}
    for tensor in tensors:
        sums[tensor.place] = sums.get(tensor.place, 0) + tensor.bytes
    if missing := [index for index in range(layers) if index not in sums]:
        raise CannotSplit(f"layer {missing[0]} of {layers} is not in its files: a part of the download is missing")
    by_layer = tuple(sums[index] for index in range(layers))
    return ModelParts(by_layer, sums.get(TensorPlace.STARTER, 0), sums.get(TensorPlace.FINISHER, 0), starter_layers)
