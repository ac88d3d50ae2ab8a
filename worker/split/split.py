"""Splits a model folder: all or nothing, and the original is only read."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.engines.loading import known_family
from worker.engines.pipeline.chunk import NODES_FILE, ModelChunk, NodeRole, NodeShare, NodesPlan, PlannedNode
from worker.engines.weights import weights_sha256
from worker.families.base import Family
from worker.split.plan import CannotSplit, balance
from worker.split.tensors import TensorPlace, parts_of, tensors_of, with_head
from worker.split.write import SHARD_BYTES, Named, SplitSource, write_node

SECRET_BYTES = 32


@dataclass(frozen=True)
class SplitLayout:
    """Who gets what."""

    family: Family
    shares: tuple[NodeShare, ...]
    tensors: tuple[tuple[Named, ...], ...]

    @property
    def bytes(self) -> int:
        """Bytes of the weights of all nodes together."""
        return sum(share.bytes for share in self.shares)


def lay_out(folder: Path, weights: Sequence[float]) -> SplitLayout:
    """Decide it, from the headers of the files alone. Raises CannotSplit, OSError, ValueError or SafetensorError."""
    config, family = known_family(folder)
    text = config.get_text_config()
    _refuse(config, text)
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise CannotSplit(f"{folder} holds no *.safetensors file")
    named = with_head(tensors_of(files), bool(config.tie_word_embeddings))
    deep = len(getattr(config.vision_config, "deepstack_visual_indexes", None) or ())
    parts = parts_of([tensor for tensor, _ in named], text.num_hidden_layers, max(1, deep))
    shares, tensors = [], []
    for rank, layers in enumerate(balance(parts, weights)):
        role = NodeRole.of(rank, len(weights))
        mine = tuple(pair for pair in named if _held(pair[0].place, role, layers))
        shares.append(_share(rank, role, layers, mine))
        tensors.append(mine)
    return SplitLayout(family, tuple(shares), tuple(tensors))


def _share(rank: int, role: NodeRole, layers: range, tensors: Sequence[Named]) -> NodeShare:
    return NodeShare(
        rank=rank,
        role=role,
        first=layers.start,
        last=layers.stop,
        parameters=sum(tensor.values for tensor, _ in tensors),
        bytes=sum(tensor.bytes for tensor, _ in tensors),
    )


def _held(place: int | TensorPlace, role: NodeRole, layers: range) -> bool:
    if isinstance(place, TensorPlace):
        return place.value == role.value
    return place in layers


def _refuse(config: Any, text: Any) -> None:
    if "linear_attention" in (getattr(text, "layer_types", None) or ()):
        raise CannotSplit(
            f"models of family {config.model_type} are not split: the recurrent state of their linear-attention layers "
            "would have to be kept and restored on every node together; serve it on one machine"
        )
    if getattr(config, "quantization_config", None):
        raise CannotSplit("it is quantized: split the model that it was made from")


def split(
    folder: Path, weights: Sequence[float], out: Path, listen: str | None = None, most: int = SHARD_BYTES
) -> NodesPlan:
    """Write `out` with a folder a node, `nodes.json` and a new secret; it appears complete or not at all.

    `weights` are the shares of the bytes that the nodes should hold, in their order, to any scale. Raises what `lay_out`
    raises, and CannotSplit when `out` exists or its disk is too small.
    """
    if out.exists():
        raise CannotSplit(f"{out} exists already: name a folder that does not")
    layout = lay_out(folder, weights)
    out.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(out.parent).free
    if layout.bytes > free:
        raise CannotSplit(f"{layout.bytes:,} bytes are to be written, the disk of {out} has {free:,} free")
    source = SplitSource(folder, layout.family.name, weights_sha256((folder,)), len(weights))
    unfinished = out.parent / f".{out.name}.{os.getpid()}.partial"
    unfinished.mkdir()
    try:
        plan = _write(source, layout, unfinished, listen, most)
        unfinished.rename(out)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return plan


def _write(source: SplitSource, layout: SplitLayout, out: Path, listen: str | None, most: int) -> NodesPlan:
    chunks: list[ModelChunk] = []
    for share, tensors in zip(layout.shares, layout.tensors, strict=True):
        folder = out / f"node{share.rank}"
        folder.mkdir()
        chunks.append(write_node(source, share, tensors, folder, most))
    nodes = tuple(PlannedNode(share=chunk.share, sha256=chunk.sha256) for chunk in chunks)
    plan = NodesPlan(nodes=nodes) if listen is None else NodesPlan(nodes=nodes, listen=listen)
    (out / NODES_FILE).write_text(json.dumps(plan.model_dump(mode="json"), indent=1) + "\n")
    secret = os.open(out / plan.secret_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(secret, "w") as file:
        file.write(secrets.token_hex(SECRET_BYTES) + "\n")
    return plan
