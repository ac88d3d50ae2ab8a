"""The vision tower as a graph over pictures of one grid: uint8 patches and the host's geometry in, one row a token out.

Shapes: B pictures, P patches of each, M patches that are merged into a token, W windows of at most L patches.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from worker.export.graph import FLOAT, INT64, UINT8, Graph, Linear
from worker.export.source import Source

TOWER = "model.visual"
QUICK_ALPHA = 1.702
EPS = 1e-6


@dataclass(frozen=True)
class VisionShape:
    """Sizes of a vision tower and what its family does differently."""

    size: int
    heads: int
    depth: int
    columns: int
    merged: int
    out: int
    activation: str
    deep_layers: tuple[int, ...]
    full_layers: tuple[int, ...] | None
    mlp: int

    @classmethod
    def of(cls, source: Source) -> VisionShape:
        """The sizes that a checkpoint's configuration gives for its vision encoder."""
        vision = source.vision
        size = vision.get("embed_dim") or vision["hidden_size"]
        patch = vision.get("in_channels", vision.get("in_chans", 3)) * vision.get("temporal_patch_size", 2)
        windowed = source.family == "qwen2_5_vl"
        return cls(
            size=size,
            heads=vision["num_heads"],
            depth=vision["depth"],
            columns=patch * vision["patch_size"] ** 2,
            merged=vision.get("spatial_merge_size", 2) ** 2,
            out=vision["hidden_size"] if "embed_dim" in vision else vision["out_hidden_size"],
            activation=vision.get("hidden_act", "quick_gelu"),
            deep_layers=tuple(vision.get("deepstack_visual_indexes") or ()),
            full_layers=tuple(vision["fullatt_block_indexes"]) if windowed else None,
            mlp=int(vision.get("intermediate_size") or size * vision.get("mlp_ratio", 4)),
        )


class Vision:
    """Writes the graph of one vision tower."""

    def __init__(self, source: Source, shape: VisionShape, graph: Graph, linear: Linear, first: Linear) -> None:
        self._source = source
        self._shape = shape
        self._graph = graph
        self._linear = linear
        self._first = first  # a hundredth of the work, on which all of it rests
        self._rms = source.family == "qwen2_5_vl"

    def build(self, scale: Any, shift: Any) -> None:
        """Add every node, input and output; `scale` and `shift` (columns,) turn bytes into what the tower was trained on."""
        graph, shape = self._graph, self._shape
        graph.input("patches", UINT8, ["B", "P", shape.columns])
        for name in ("cos", "sin"):
            graph.input(name, FLOAT, ["P", shape.size // shape.heads // 2])
        if shape.full_layers is not None:
            graph.input("window_of", INT64, ["W", "L"])
            graph.input("window_bias", FLOAT, ["W", 1, "L", "L"])
            graph.input("place_of", INT64, ["P"])
        pixels = graph.node("Cast", "patches", to=FLOAT)
        pixels = graph.node("Mul", pixels, graph.constant("scale", scale, np.float32))
        pixels = graph.node("Add", pixels, graph.constant("shift", shift, np.float32))
        hidden = self._positions(self._full(pixels, "patch_embed.proj", shape.size, shape.columns, self._first))
        for layer in range(shape.depth):
            hidden = self._block(hidden, layer)
            if layer in shape.deep_layers:
                place = shape.deep_layers.index(layer)
                self._emit(f"deep.{place}", self._merger(hidden, f"deepstack_merger_list.{place}", after=True))
        self._emit("features", self._merger(hidden, "merger", after=False))

    def _emit(self, name: str, value: str) -> None:
        self._graph.nodes("Identity", [value], [name])
        self._graph.output(name, FLOAT, ["B", "T", self._shape.out])

    def _full(self, value: str, name: str, outputs: int, inputs: int, linear: Linear | None = None) -> str:
        """A linear layer with the bias that the checkpoint has for it."""
        weight, bias = f"{TOWER}.{name}.weight", f"{TOWER}.{name}.bias"

        def read() -> Any:
            return self._source.read(weight).reshape(outputs, inputs)  # a convolution as wide as its stride is a matrix

        reads = partial(self._source.read, bias, (outputs,)) if self._source.has(bias) else None
        return (linear or self._linear)(value, weight, read, (outputs, inputs), reads)

    def _norm(self, value: str, name: str, size: int) -> str:
        graph, weight, bias = self._graph, f"{TOWER}.{name}.weight", f"{TOWER}.{name}.bias"
        gamma = graph.weight(weight, partial(self._source.read, weight, (size,)), [size], np.float32)
        if self._rms:
            return graph.node("SimplifiedLayerNormalization", value, gamma, epsilon=EPS, axis=-1)
        beta = graph.weight(bias, partial(self._source.read, bias, (size,)), [size], np.float32)
        return graph.node("LayerNormalization", value, gamma, beta, epsilon=EPS, axis=-1)

    def _positions(self, hidden: str) -> str:
        """Learned positions, interpolated to the grid, in the families that have them."""
        name, graph = f"{TOWER}.pos_embed.weight", self._graph
        if not self._source.has(name):
            return hidden
        shape = (int(self._source.vision["num_position_embeddings"]), self._shape.size)
        table = graph.weight(name, partial(self._source.read, name, shape), shape, np.float32)
        taps, weights = graph.input("taps", INT64, ["P", 4]), graph.input("tap_weights", FLOAT, ["P", 4, 1])
        near = graph.node("Mul", graph.node("Gather", table, taps, axis=0), weights)
        return graph.node("Add", hidden, graph.node("ReduceSum", near, graph.constant("taps_axis", [1]), keepdims=0))

    def _block(self, hidden: str, layer: int) -> str:
        graph, prefix = self._graph, f"blocks.{layer}"
        size = self._shape.size
        attended = self._attention(self._norm(hidden, f"{prefix}.norm1", size), layer)
        hidden = graph.node("Add", hidden, attended)
        return graph.node("Add", hidden, self._mlp(self._norm(hidden, f"{prefix}.norm2", size), f"{prefix}.mlp"))

    def _attention(self, normed: str, layer: int) -> str:
        graph, shape, prefix = self._graph, self._shape, f"blocks.{layer}.attn"
        size = shape.size
        query, key, value = graph.split(self._full(normed, f"{prefix}.qkv", 3 * size, size), (size, size, size))
        offset = graph.constant("first_angle", [0])
        query, key = (graph.contrib("RotaryEmbedding", part, offset, "cos", "sin") for part in (query, key))
        if shape.full_layers is None or layer in shape.full_layers:
            attended = graph.contrib("MultiHeadAttention", query, key, value, num_heads=shape.heads)
        else:
            attended = self._windows(query, key, value)
        return self._full(attended, f"{prefix}.proj", size, size)

    def _windows(self, query: str, key: str, value: str) -> str:
        """Attention inside windows (Qwen2.5-VL): each filled up to L patches, which the bias hides, and put back in order.

        One picture a run: its windows are what the attention takes for a batch.
        """
        graph, shape = self._graph, self._shape
        flat = [graph.reshape(part, [-1, shape.size]) for part in (query, key, value)]
        query, key, value = (graph.node("Gather", part, "window_of", axis=0) for part in flat)
        inputs = [query, key, value, "", "", "window_bias"]
        out = graph.contrib("MultiHeadAttention", *inputs, num_heads=shape.heads)
        back = graph.node("Gather", graph.reshape(out, [-1, shape.size]), "place_of", axis=0)
        return graph.reshape(back, [1, -1, shape.size])

    def _mlp(self, normed: str, prefix: str) -> str:
        shape, source = self._shape, self._source
        if source.has(f"{TOWER}.{prefix}.gate_proj.weight"):
            gate = self._activated(self._full(normed, f"{prefix}.gate_proj", shape.mlp, shape.size), shape.activation)
            up = self._full(normed, f"{prefix}.up_proj", shape.mlp, shape.size)
            return self._full(self._graph.node("Mul", gate, up), f"{prefix}.down_proj", shape.size, shape.mlp)
        names = ("linear_fc1", "linear_fc2") if source.has(f"{TOWER}.{prefix}.linear_fc1.weight") else ("fc1", "fc2")
        inner = self._full(normed, f"{prefix}.{names[0]}", shape.mlp, shape.size)
        return self._full(self._activated(inner, shape.activation), f"{prefix}.{names[1]}", shape.size, shape.mlp)

    def _activated(self, value: str, kind: str) -> str:
        if kind in ("silu", "quick_gelu"):
            return self._graph.contrib("QuickGelu", value, alpha=1.0 if kind == "silu" else QUICK_ALPHA)
        return self._graph.node("Gelu", value, approximate="tanh" if kind == "gelu_pytorch_tanh" else "none")

    def _merger(self, hidden: str, name: str, after: bool) -> str:
        """Neighbouring patches joined into a token; `after`: the norm comes after joining."""
        graph, shape = self._graph, self._shape
        joined = shape.size * shape.merged
        old = self._source.has(f"{TOWER}.{name}.ln_q.weight")
        norm, first, second = ("ln_q", "mlp.0", "mlp.2") if old else ("norm", "linear_fc1", "linear_fc2")
        if not after:
            hidden = self._norm(hidden, f"{name}.{norm}", shape.size)
        # The batch is kept; the patches of a picture are a whole number of tokens.
        hidden = graph.reshape(hidden, [0, -1, joined])
        if after:
            hidden = self._norm(hidden, f"{name}.{norm}", joined)
        inner = self._activated(self._full(hidden, f"{name}.{first}", joined, joined), "gelu")
        return self._full(inner, f"{name}.{second}", shape.out, joined)
