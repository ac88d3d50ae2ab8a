"""Int8 keys and values of one layer: each channel of each head has steps of its own, known to the graph, not to the operator.

The operator takes steps of channels too, and multiplies by them for every key and value that is kept. Here queries are multiplied
once instead, and what was attended to once: scores and sums are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.export.graph import Graph

Steps = NDArray[np.float32]
SIZES: dict[str, Any] = {"k_quant_type": "PER_TENSOR", "v_quant_type": "PER_TENSOR", "kv_cache_bit_width": 8}
"""Attributes of GroupQueryAttention over them."""


@dataclass(frozen=True)
class Int8Layer:
    """What a step of each channel stands for; both (kv_heads, head_dim). `heads` are those of queries, also below."""

    graph: Graph
    layer: int
    heads: int
    of_keys: Steps
    of_values: Steps

    def into_steps(self, query: str, key: str, value: str) -> tuple[str, str, str]:
        """Queries (1, S, heads * head_dim), keys and values (1, S, kv_heads * head_dim): the latter two as multiples of steps,
        queries so that they meet such keys."""
        kv_heads = len(self.of_keys)
        return (
            self.graph.node("Mul", query, self._named("key", self.of_keys, self.heads)),
            self.graph.node("Div", key, self._named("key", self.of_keys, kv_heads)),
            self.graph.node("Div", value, self._named("value", self.of_values, kv_heads)),
        )

    def scale_inputs(self) -> list[str]:
        """The operator's last inputs: to it a step is one."""
        return ["", "", "", "", "", *[self.graph.constant("one_step", [1.0], np.float32)] * 2]

    def out_of_steps(self, attended: str) -> str:
        """Sums of steps (1, S, heads * head_dim) as sums of values."""
        return self.graph.node("Mul", attended, self._named("value", self.of_values, self.heads))

    def _named(self, part: str, steps: Steps, heads: int) -> str:
        size = heads * steps.shape[1]
        return self.graph.weight(
            f"kv_steps.{self.layer}.{part}.{heads}", partial(_shared, steps, heads), [size], np.float32
        )


def _shared(steps: Steps, heads: int) -> Steps:
    """The steps of each of so many heads, neighbours of which share keys and values."""
    repeated: Steps = np.repeat(steps, heads // len(steps), axis=0)
    return repeated.ravel()
