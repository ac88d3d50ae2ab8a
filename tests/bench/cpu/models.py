"""The same decoder shape, with random weights, for every runtime that takes part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from db.documents.kinds.video import Window
from worker.engines.onnx.manifest import ExportManifest, TextSizes, VisionSizes
from worker.export.decoder import Decoder, DecoderShape
from worker.export.graph import Graph, Linear
from worker.export.source import Source
from worker.export.weights_file import WeightsFile
from worker.families.base import HALF

SPREAD = 0.02


@dataclass(frozen=True)
class TextShape:
    """Sizes of a Qwen3 decoder."""

    hidden: int
    middle: int
    layers: int
    heads: int
    kv_heads: int
    vocabulary: int = 151_936
    head_dim: int = 128

    @property
    def weights(self) -> int:
        """Weights that a decode step reads."""
        attention = 2 * self.hidden * self.head_dim * (self.heads + self.kv_heads)
        return self.layers * (attention + 3 * self.hidden * self.middle) + self.hidden * self.vocabulary


SHAPES = {
    "tiny": TextShape(256, 512, 2, 4, 2, vocabulary=4096),
    "0.7b": TextShape(1024, 3072, 30, 16, 8),
    "4b": TextShape(2560, 9728, 36, 32, 8),
}


class RandomSource(Source):
    """A checkpoint of which every tensor is drawn when it is read; norms are ones."""

    def has(self, name: str) -> bool:
        return not name.endswith(".bias")

    def read(self, name: str, shape: tuple[int, ...] | None = None) -> Any:
        size = shape or ()
        if "norm" in name:
            return np.ones(size, np.float32)
        return np.random.default_rng(abs(hash(name)) % 2**32).standard_normal(size, dtype=np.float32) * SPREAD


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


def write_decoder(folder: Path, shape: TextShape, bits: int | None, kv: str, block: int = 128) -> ExportManifest:
    """Our decoder graph of such a shape, and what a manifest says about it."""
    source = random_source(shape)
    sizes = DecoderShape.of(source, kv)
    scales = np.full((2, shape.layers, shape.kv_heads, shape.head_dim), 4 / 127, np.float32)  # of normed keys
    with WeightsFile(folder / "decoder.onnx.weights", lambda _, __: None) as weights:
        graph = Graph("decoder", weights)
        linear = Linear(graph, bits, block)
        Decoder(source, sizes, graph, linear, linear, scales if kv == "int8" else None).build()
        graph.save(folder / "decoder.onnx")
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
            "family": "qwen3_vl", "weights": "int4", "activations": "int8", "block": block, "kv": kv, "parameters": 0,
            "embeddings": "float32", "text": text, "vision": unused, "window": Window(), "versions": {}, "files": {},
        }
    )  # fmt: skip


def write_gguf(path: Path, shape: TextShape) -> None:
    """The same shape as llama.cpp reads it, every matrix in Q4_0; needs the package gguf."""
    import gguf

    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_block_count(shape.layers)
    writer.add_context_length(32_768)
    writer.add_embedding_length(shape.hidden)
    writer.add_feed_forward_length(shape.middle)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_dim)
    writer.add_value_length(shape.head_dim)
    writer.add_rope_freq_base(1e6)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_0)
    writer.add_tokenizer_model("no_vocab")
    writer.add_vocab_size(shape.vocabulary)
    for name, size in _gguf_tensors(shape).items():
        if len(size) == 1:
            writer.add_tensor(name, np.ones(size, np.float32))
            continue
        values = np.random.default_rng(abs(hash(name)) % 2**32).standard_normal(size, dtype=np.float32) * SPREAD
        kind = gguf.GGMLQuantizationType.Q4_0
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _gguf_tensors(shape: TextShape) -> dict[str, tuple[int, ...]]:
    wide, narrow = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    tensors: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (shape.vocabulary, shape.hidden),
        "output.weight": (shape.vocabulary, shape.hidden),
        "output_norm.weight": (shape.hidden,),
    }
    for layer in range(shape.layers):
        parts: dict[str, tuple[int, ...]] = {
            "attn_norm": (shape.hidden,),
            "ffn_norm": (shape.hidden,),
            "attn_q_norm": (shape.head_dim,),
            "attn_k_norm": (shape.head_dim,),
            "attn_q": (wide, shape.hidden),
            "attn_k": (narrow, shape.hidden),
            "attn_v": (narrow, shape.hidden),
            "attn_output": (shape.hidden, wide),
            "ffn_gate": (shape.middle, shape.hidden),
            "ffn_up": (shape.middle, shape.hidden),
            "ffn_down": (shape.hidden, shape.middle),
        }
        tensors |= {f"blk.{layer}.{name}.weight": size for name, size in parts.items()}
    return tensors
