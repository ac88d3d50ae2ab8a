"""The decoder as one graph for prefill and decode: embeddings and rotary angles in, logits and new keys out.

The keys and values of a stream stay in buffers of its own: past and present are bound to the same memory, and a new token's
row is the next free one. Old rows may lie in any order, because all of them are visible to every new token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.export.graph import CONTRIB, FLOAT, HALF, INT8, INT32, Graph, Linear
from worker.export.int8_cache import SIZES, Int8Layer
from worker.export.source import Source

LAYERS = "model.language_model.layers"
KeyValueScales = NDArray[np.float32]
"""(2, layers, kv_heads, head_dim): keys' and values', see `worker.export.calibrate`."""
Reads = Callable[[], NDArray[np.float32]]
CACHES = {"fp32": FLOAT, "fp16": HALF, "int8": INT8}


@dataclass(frozen=True)
class DecoderShape:
    """Sizes of a text model. `deep` is the number of its first layers that take DeepStack features."""

    hidden: int
    middle: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    eps: float
    deep: int
    cache: str

    @classmethod
    def of(cls, source: Source, cache: str) -> DecoderShape:
        """The sizes that a checkpoint's configuration gives for its text decoder."""
        text = source.text
        heads = int(text["num_attention_heads"])
        return cls(
            hidden=text["hidden_size"],
            middle=text["intermediate_size"],
            layers=text["num_hidden_layers"],
            heads=heads,
            kv_heads=text.get("num_key_value_heads") or heads,
            head_dim=text.get("head_dim") or text["hidden_size"] // heads,
            vocabulary=text["vocab_size"],
            eps=text.get("rms_norm_eps", 1e-6),
            deep=len(source.vision.get("deepstack_visual_indexes") or ()),
            cache=cache,
        )

    @property
    def widths(self) -> tuple[int, int, int]:
        """Outputs of the query, key and value projections."""
        return self.heads * self.head_dim, self.kv_heads * self.head_dim, self.kv_heads * self.head_dim


class Decoder:
    """Writes the graph of one text model. Shapes: S new tokens, H hidden size, R rows of a cache."""

    def __init__(
        self,
        source: Source,
        shape: DecoderShape,
        graph: Graph,
        linear: Linear,
        head: Linear,
        scales: KeyValueScales | None = None,
    ) -> None:
        self._source = source
        self._shape = shape
        self._graph = graph
        self._linear = linear
        self._head = head
        self._scales = scales
        self._raw: list[str] = []

    def build(self) -> None:
        """Add every node, input and output."""
        graph, shape = self._graph, self._shape
        hidden = graph.input("inputs_embeds", FLOAT, [1, "S", shape.hidden])
        for name in ("cos", "sin"):
            graph.input(name, FLOAT, ["S", shape.head_dim // 2])
        for name in ("seqlens_k", "total_sequence_length"):
            graph.input(name, INT32, [1])
        deep = [graph.input(f"deep.{index}", FLOAT, [1, "S", shape.hidden]) for index in range(shape.deep)]
        added: str | None = None
        for layer in range(shape.layers):
            normed, hidden = self._norm(hidden, added, f"{LAYERS}.{layer}.input_layernorm.weight")
            attended = self._attention(normed, layer)
            if layer == shape.layers - 1:  # later layers have no use for the others any more
                hidden, *deep = (self._last(value) for value in (hidden, *deep))
            normed, hidden = self._norm(hidden, attended, f"{LAYERS}.{layer}.post_attention_layernorm.weight")
            added = self._mlp(normed, layer)
            if layer < len(deep):
                added = graph.node("Add", added, deep[layer])
        self._logits(hidden, added or hidden)
        graph.nodes("Concat", self._raw, ["raw_keys"], axis=0)
        graph.output("raw_keys", FLOAT, [shape.layers, "S", shape.kv_heads * shape.head_dim])

    def _read(self, name: str, *shape: int) -> Reads:
        return partial(self._source.read, name, shape)

    def _norm(self, hidden: str, added: str | None, weight: str) -> tuple[str, str]:
        """(normed, the sum): what a layer added goes into the sum and the norm in one step."""
        graph, eps, size = self._graph, self._shape.eps, self._shape.hidden
        gamma = graph.weight(weight, self._read(weight, size), [size], np.float32)
        if added is None:
            return graph.node("SimplifiedLayerNormalization", hidden, gamma, epsilon=eps, axis=-1), hidden
        outputs = [f"normed.{weight}", "", "", f"sum.{weight}"]
        graph.nodes("SkipSimplifiedLayerNormalization", [hidden, added, gamma], outputs, CONTRIB, epsilon=eps)
        return outputs[0], outputs[3]

    def _logits(self, hidden: str, added: str) -> None:
        graph, shape = self._graph, self._shape
        normed, _ = self._norm(hidden, added, "model.language_model.norm.weight")
        sizes = (shape.vocabulary, shape.hidden)
        out = self._head(normed, "lm_head.weight", self._read(self._source.head, *sizes), sizes)
        graph.nodes("Reshape", [out, graph.constant("logits_shape", [shape.vocabulary])], ["logits"])
        graph.output("logits", FLOAT, [shape.vocabulary])

    def _last(self, value: str) -> str:
        """The last of the new tokens, whose logits alone are asked for: (1, S, numbers) -> (1, 1, numbers)."""
        return self._graph.node("Gather", value, self._graph.constant("last", [-1]), axis=1)

    def _attention(self, normed: str, layer: int) -> str:
        graph, shape = self._graph, self._shape
        packed = self._qkv(normed, layer)
        query, key, value = graph.split(packed, shape.widths)
        prefix = f"{LAYERS}.{layer}.self_attn"
        query = self._head_norm(query, f"{prefix}.q_norm.weight", shape.heads)
        key = self._head_norm(key, f"{prefix}.k_norm.weight", shape.kv_heads)
        self._raw.append(key)
        offset = graph.constant("first_angle", [0])
        turned = [graph.contrib("RotaryEmbedding", part, offset, "cos", "sin") for part in (query, key)]
        attended = self._grouped_query(turned[0], turned[1], value, layer)
        if layer == shape.layers - 1:
            attended = self._last(attended)
        sizes = (shape.hidden, shape.widths[0])
        return self._linear(attended, f"{prefix}.o_proj.weight", self._read(f"{prefix}.o_proj.weight", *sizes), sizes)

    def _qkv(self, normed: str, layer: int) -> str:
        """The three projections as one matrix product."""
        shape, prefix = self._shape, f"{LAYERS}.{layer}.self_attn"
        names = [f"{prefix}.{part}_proj" for part in "qkv"]
        rows = list(zip(names, shape.widths, strict=True))
        weights = [self._read(f"{name}.weight", width, shape.hidden) for name, width in rows]
        biases = [self._read(f"{name}.bias", width) for name, width in rows]
        biased = self._source.has(f"{names[0]}.bias")
        sizes = (sum(shape.widths), shape.hidden)
        return self._linear(
            normed,
            f"{prefix}.qkv.weight",
            partial(_joined, weights),
            sizes,
            partial(_joined, biases) if biased else None,
        )

    def _head_norm(self, value: str, weight: str, heads: int) -> str:
        """Queries and keys normed head by head, in the families that do so."""
        graph, dim = self._graph, self._shape.head_dim
        if not self._source.has(weight):
            return value
        gamma = graph.weight(weight, self._read(weight, dim), [dim], np.float32)
        split = graph.reshape(value, [0, 0, heads, dim])
        normed = graph.node("SimplifiedLayerNormalization", split, gamma, epsilon=self._shape.eps, axis=-1)
        return graph.reshape(normed, [0, 0, heads * dim])

    def _grouped_query(self, query: str, key: str, value: str, layer: int) -> str:
        graph, shape = self._graph, self._shape
        kind = CACHES[shape.cache]
        kept: list[int | str] = [1, shape.kv_heads, "R", shape.head_dim]
        past = [graph.input(f"past.{layer}.{part}", kind, kept) for part in ("key", "value")]
        present = [f"present.{layer}.{part}" for part in ("key", "value")]
        for name in present:
            graph.output(name, kind, kept)
        if kind == HALF:
            query, key, value = (graph.node("Cast", part, to=HALF) for part in (query, key, value))
        out = f"attended.{layer}"
        inputs = ["seqlens_k", "total_sequence_length"]
        sizes: dict[str, Any] = {"num_heads": shape.heads, "kv_num_heads": shape.kv_heads, "do_rotary": 0}
        int8 = None if self._scales is None else Int8Layer(graph, layer, shape.heads, *self._scales[:, layer])
        if int8 is not None:
            query, key, value = int8.into_steps(query, key, value)
            inputs += int8.scale_inputs()
            sizes |= SIZES
        graph.nodes("GroupQueryAttention", [query, key, value, *past, *inputs], [out, *present], CONTRIB, **sizes)
        if int8 is not None:
            return int8.out_of_steps(out)
        return graph.node("Cast", out, to=FLOAT) if kind == HALF else out

    def _mlp(self, normed: str, layer: int) -> str:
        graph, shape, prefix = self._graph, self._shape, f"{LAYERS}.{layer}.mlp"
        parts = [self._read(f"{prefix}.{part}_proj.weight", shape.middle, shape.hidden) for part in ("gate", "up")]
        sizes = (2 * shape.middle, shape.hidden)
        both = self._linear(normed, f"{prefix}.gate_up.weight", partial(_joined, parts), sizes)
        gate, up = graph.split(both, (shape.middle, shape.middle))
        silu = graph.contrib("QuickGelu", gate, alpha=1.0)  # x * sigmoid(x), in one operator
        name, back = f"{prefix}.down_proj.weight", (shape.hidden, shape.middle)
        return self._linear(graph.node("Mul", silu, up), name, self._read(name, *back), back)


def _joined(reads: list[Reads]) -> NDArray[np.float32]:
    return np.concatenate([read() for read in reads])
