"""A decoder of random Q4_0 weights in a GGUF file: `python -m tests.bench.cpu.gguf_file SHAPE MODEL.gguf`, with the package gguf.

Codes are drawn, not rounded from floats: billions of them in seconds. The vocabulary is made up, for OpenVINO wants one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from tests.bench.cpu.shapes import SHAPES, SPREAD, TextShape

BLOCK, CODE_BYTES = 32, 16
SPREAD_OF_CODES = 4.6  # of whole numbers from -8 to 7, each as likely


def write_gguf(path: Path, shape: TextShape) -> None:
    """The file."""
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
    _add_vocabulary(writer, shape.vocabulary)
    for seed, (name, size) in enumerate(tensors_of(shape).items()):
        if len(size) == 1:
            writer.add_tensor(name, np.ones(size, np.float32))
        else:
            writer.add_tensor(name, blocks(seed, size), raw_dtype=gguf.GGMLQuantizationType.Q4_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_vocabulary(writer: Any, size: int) -> None:
    """Bytes, one merge, and words that no text has."""
    letters = [chr(code) for code in range(33, 127)] + [chr(256 + code) for code in range(162)]
    words = [*letters, "ab", *(f"word{index}" for index in range(size - len(letters) - 3)), "<|end|>", "<|start|>"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(words)
    writer.add_token_types([gguf.TokenType.NORMAL] * (size - 2) + [gguf.TokenType.CONTROL] * 2)
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(size - 2)
    writer.add_bos_token_id(size - 1)
    writer.add_pad_token_id(size - 2)
    writer.add_add_bos_token(False)
    writer.add_chat_template("{% for message in messages %}{{ message['content'] }}{% endfor %}")


def blocks(seed: int, size: tuple[int, ...]) -> Any:
    """Rows of blocks: a half-precision scale, then 32 codes of four bits."""
    rows, columns = size
    drawn = np.random.default_rng(seed).integers(0, 256, (rows, columns // BLOCK, 2 + CODE_BYTES), dtype=np.uint8)
    drawn[..., :2] = np.array([SPREAD / SPREAD_OF_CODES], np.float16).view(np.uint8)
    return drawn.reshape(rows, -1)


def tensors_of(shape: TextShape) -> dict[str, tuple[int, ...]]:
    """Names and sizes of all tensors."""
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


if __name__ == "__main__":
    write_gguf(Path(sys.argv[2]), SHAPES[sys.argv[1]])
