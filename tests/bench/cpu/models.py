"""Our own decoder of a shape, of random weights: `python -m tests.bench.cpu.models SHAPE FOLDER`.

One file of INT4 weights and a graph for each precision of keys and values. Codes are drawn, not rounded from floats.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.documents.kinds.video import Window
from tests.bench.cpu.shapes import SHAPES, SPREAD, TextShape
from worker.engines.onnx.manifest import DECODER, NAME, WEIGHTS_SUFFIX, ExportManifest, TextSizes, VisionSizes
from worker.export.decoder import Decoder, DecoderShape
from worker.export.graph import Graph, Linear
from worker.export.quantize import Quantized, block_for
from worker.export.source import Source
from worker.export.weights_file import WeightsFile
from worker.families.base import HALF

BITS, SYMMETRIC = 4, 0x88  # both zero points of a byte are 8
KV = ("fp32", "fp16", "int8")


class RandomSource(Source):
    """A checkpoint without content: norms are ones, and what its matrices hold is drawn when they are quantized."""

    def has(self, name: str) -> bool:
        return not name.endswith(".bias")

    def read(self, name: str, shape: tuple[int, ...] | None = None) -> Any:
        return np.ones(shape or (), np.float32)


def random_source(shape: TextShape) -> RandomSource:
    text = {
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "hidden_size": shape.hidden,
        "intermediate_size": shape.middle,
        "num_hidden_layers": shape.layers,
        "head_dim": shape.head_dim,
        "vocab_size": shape.vocabulary,
    }
    files: Mapping[str, tuple[Path, str]] = {}
    return RandomSource(Path(), {"model_type": "qwen3_vl", "text_config": text, "vision_config": {}}, files)


def drawn(rng: np.random.Generator, weights: NDArray[np.float32], bits: int, block: int) -> Quantized:
    """Random codes of a matrix of this size. No two are alike: ONNX Runtime keeps equal matrices once, in the cache."""
    outputs, inputs = weights.shape
    count = -(-inputs // block_for(inputs, block))
    per_byte = 8 // bits
    codes = rng.integers(0, 256, (outputs, count, block // per_byte), dtype=np.uint8)
    scales = np.full((outputs, count), SPREAD / 4.6, np.float32)  # codes spread by 4.6
    return Quantized(bits, block, inputs, codes, scales, np.full((outputs, -(-count // per_byte)), SYMMETRIC, np.uint8))


def write_decoder(folder: Path, shape: TextShape, block: int = 128) -> ExportManifest:
    """`decoder-KV.onnx` for each precision of keys and values, their weights, and a manifest."""
    source = random_source(shape)
    scales = np.full((2, shape.layers, shape.kv_heads, shape.head_dim), 4 / 127, np.float32)  # of normed keys
    with WeightsFile(folder / (DECODER + WEIGHTS_SUFFIX), lambda _, __: None) as weights:
        draw = partial(drawn, np.random.default_rng(0))
        for kv in KV:
            graph = Graph("decoder", weights)
            linear = Linear(graph, BITS, block, quantizer=draw)
            sizes = DecoderShape.of(source, kv)
            Decoder(source, sizes, graph, linear, linear, scales if kv == "int8" else None).build()
            graph.save(folder / graph_name(kv))
    manifest = _manifest(shape, block)
    (folder / NAME).write_text(manifest.model_dump_json(), "utf-8")
    return manifest


def graph_name(kv: str) -> str:
    """The file of the graph with such keys and values."""
    return f"decoder-{kv}.onnx"


def _manifest(shape: TextShape, block: int) -> ExportManifest:
    half = shape.head_dim // 2
    text = TextSizes(
        hidden=shape.hidden,
        layers=shape.layers,
        heads=shape.heads,
        kv_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        vocabulary=shape.vocabulary,
        context_tokens=32_768,
        deep=0,
        inverse_frequencies=tuple(1e6 ** -(index / half) for index in range(half)),
        axis_of=(0,) * half,
    )
    unused = VisionSizes(patch_px=16, merge=2, frames_per_group=2, mean=HALF, std=HALF, inverse_frequencies=())
    return ExportManifest.model_validate(
        {
            "family": "qwen3_vl", "weights": "int4", "activations": "int8", "block": block, "kv": "fp32", "parameters": 0,
            "embeddings": "float32", "text": text, "vision": unused, "window": Window(), "versions": {}, "files": {},
        }
    )  # fmt: skip


if __name__ == "__main__":
    write_decoder(Path(sys.argv[2]), SHAPES[sys.argv[1]])
