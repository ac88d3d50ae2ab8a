"""Writes a node's folder: its tensors in files of bounded size, what the model needs besides, and `chunk.json` last."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save_file

from worker.engines.pipeline.chunk import CHUNK_FILE, ChunkFile, ModelChunk, NodeShare
from worker.engines.weights import digest_of
from worker.split.tensors import StoredTensor

SHARD_BYTES = 1 << 30
READABLE = 0o644
SMALL_FILES = ("*.json", "*.txt", "*.jinja", "*.model")
NOT_COPIED = {"config.json", CHUNK_FILE}

Named = tuple[StoredTensor, str]


@dataclass(frozen=True)
class SplitSource:
    """The model that is split."""

    folder: Path
    family: str
    sha256: str
    nodes: int


def write_node(
    source: SplitSource, share: NodeShare, tensors: Sequence[Named], folder: Path, most: int = SHARD_BYTES
) -> ModelChunk:
    """Fill an empty folder; no more than `most` bytes of weights, or one tensor, are in memory at a time."""
    _copy_small_files(source.folder, folder)
    _write_config(source.folder, folder)
    _write_weights(tensors, folder, most)
    files = {
        file.name: ChunkFile(bytes=file.stat().st_size, sha256=digest_of(file)) for file in sorted(folder.iterdir())
    }
    chunk = ModelChunk(family=source.family, model_sha256=source.sha256, nodes=source.nodes, share=share, files=files)
    (folder / CHUNK_FILE).write_text(chunk.text())
    return chunk


def _copy_small_files(source: Path, folder: Path) -> None:
    for pattern in SMALL_FILES:
        for file in source.glob(pattern):
            if file.name not in NOT_COPIED and not file.name.endswith(".index.json"):
                shutil.copyfile(file, folder / file.name)


def _write_config(source: Path, folder: Path) -> None:
    """The configuration, where head and embeddings are never one: they are on different nodes."""
    config = json.loads((source / "config.json").read_text())
    config["tie_word_embeddings"] = False
    if "text_config" in config:
        config["text_config"]["tie_word_embeddings"] = False
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")


def _write_weights(tensors: Sequence[Named], folder: Path, most: int) -> None:
    """Files as transformers shards them, with an index that says what is where."""
    shards = list(_shards(tensors, most))
    where: dict[str, str] = {}
    for number, shard in enumerate(shards, start=1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        save_file(_loaded(shard), folder / name, metadata={"format": "pt"})
        (folder / name).chmod(READABLE)  # safetensors writes for the owner alone; a container has another user
        where |= {written: name for _, written in shard}
    size = sum(tensor.bytes for tensor, _ in tensors)
    index = {"metadata": {"total_size": size}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1, sort_keys=True) + "\n")


def _shards(tensors: Iterable[Named], most: int) -> Iterable[list[Named]]:
    shard: list[Named] = []
    for tensor, name in tensors:
        if shard and sum(before.bytes for before, _ in shard) + tensor.bytes > most:
            yield shard
            shard = []
        shard.append((tensor, name))
    if shard:
        yield shard


def _loaded(shard: Iterable[Named]) -> dict[str, Any]:
    loaded = {}
    for tensor, name in shard:
        with safe_open(tensor.file, framework="pt") as weights:
            loaded[name] = weights.get_tensor(tensor.name)
    return loaded
