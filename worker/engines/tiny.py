"""Tiny checkpoints with random weights, one of each family, written to a folder as a real one is: for tests and first starts.

python -m worker.engines.tiny FAMILY FOLDER
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoConfig, AutoModelForImageTextToText, PreTrainedTokenizerFast

from worker.families import FAMILIES

MARKS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
    "<think>",
    "</think>",
)
SHARPENED = ("q_proj.weight", "k_proj.weight", "in_proj_qkv.weight", "in_proj_a.weight", "in_proj_b.weight")
QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True)
class TinySize:
    """How tiny; the default has all the parts of a real model in the smallest useful number."""

    hidden: int = 64
    layers: int = 3
    heads: int = 4
    kv_heads: int = 2
    patch_px: int = 8
    context_tokens: int = 32_768
    sharpness: float = 4.0  # scales query and key projections: random attention is not flat


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE without merges: one token a byte, split as Qwen2's, and the marks of ChatML and vision."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    core = Tokenizer(models.BPE(vocab={letter: index for index, letter in enumerate(letters)}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    core.decoder = decoders.ByteLevel()
    fast: Any = PreTrainedTokenizerFast  # transformers leaves its constructor untyped
    tokenizer: PreTrainedTokenizerFast = fast(tokenizer_object=core)
    tokenizer.add_special_tokens({"additional_special_tokens": list(MARKS)})
    return tokenizer


def _text_config(size: TinySize, vocabulary: int, rope: dict[str, Any]) -> dict[str, Any]:
    return {
        "vocab_size": vocabulary,
        "hidden_size": size.hidden,
        "intermediate_size": 2 * size.hidden,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "num_key_value_heads": size.kv_heads,
        "max_position_embeddings": size.context_tokens,
        "use_sliding_window": False,
        "eos_token_id": None,
        "bos_token_id": None,
        "rope_parameters": {"rope_type": "default", **rope},
    }


def _sections(head_dim: int) -> list[int]:
    """Frequencies of the time, height and width axes, in about the shares of the real models."""
    third = head_dim // 2 * 3 // 8
    return [head_dim // 2 - 2 * third, third, third]


def _qwen2_vl(size: TinySize, vocabulary: int) -> dict[str, Any]:
    rope = {"rope_theta": 1e6, "mrope_section": _sections(size.hidden // size.heads)}
    vision = {
        "depth": 2,
        "embed_dim": 32,
        "hidden_size": size.hidden,
        "num_heads": 2,
        "mlp_ratio": 2,
        "patch_size": size.patch_px,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "in_channels": 3,
    }
    return {"text_config": _text_config(size, vocabulary, rope), "vision_config": vision}


def _qwen2_5_vl(size: TinySize, vocabulary: int) -> dict[str, Any]:
    rope = {"rope_theta": 1e6, "mrope_section": _sections(size.hidden // size.heads)}
    vision = {
        "depth": 2,
        "hidden_size": 32,
        "intermediate_size": 64,
        "out_hidden_size": size.hidden,
        "num_heads": 2,
        "patch_size": size.patch_px,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "window_size": 4 * size.patch_px,
        "fullatt_block_indexes": [1],
        "tokens_per_second": 2,
    }
    return {"text_config": _text_config(size, vocabulary, rope), "vision_config": vision}


def _qwen3_vl(size: TinySize, vocabulary: int) -> dict[str, Any]:
    head_dim = size.hidden // size.heads
    rope = {"rope_theta": 5e6, "mrope_section": _sections(head_dim), "mrope_interleaved": True}
    vision = {
        "depth": 3,
        "hidden_size": 32,
        "intermediate_size": 64,
        "out_hidden_size": size.hidden,
        "num_heads": 2,
        "patch_size": size.patch_px,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "num_position_embeddings": 64,
        "deepstack_visual_indexes": [0, 1],
    }
    return {"text_config": {**_text_config(size, vocabulary, rope), "head_dim": head_dim}, "vision_config": vision}


def _qwen3_vl_moe(size: TinySize, vocabulary: int) -> dict[str, Any]:
    config = _qwen3_vl(size, vocabulary)
    experts = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": size.hidden // 2}
    return {**config, "text_config": {**config["text_config"], **experts}}


def _qwen3_5(size: TinySize, vocabulary: int) -> dict[str, Any]:
    """Every other layer is linear attention, the first among them; a quarter of a head's dimensions is turned."""
    head_dim = 2 * size.hidden // size.heads
    config = _qwen3_vl(size, vocabulary)
    linear = {
        "num_hidden_layers": size.layers + 1,
        "layer_types": [("linear_attention", "full_attention")[index % 2] for index in range(size.layers + 1)],
        "linear_num_key_heads": 2,
        "linear_num_value_heads": 4,
        "linear_key_head_dim": 16,
        "linear_value_head_dim": 16,
    }
    rope: dict[str, Any] = {"rope_theta": 1e7, "partial_rotary_factor": 0.25, "mrope_interleaved": True}
    rope |= {"rope_type": "default", "mrope_section": _sections(head_dim // 4)}
    text = {**config["text_config"], **linear, "head_dim": head_dim, "rope_parameters": rope}
    vision = {name: value for name, value in config["vision_config"].items() if name != "deepstack_visual_indexes"}
    return {"text_config": text, "vision_config": vision}


def _qwen3_5_moe(size: TinySize, vocabulary: int) -> dict[str, Any]:
    config = _qwen3_5(size, vocabulary)
    experts = {"num_experts": 4, "num_experts_per_tok": 2}
    widths = {"moe_intermediate_size": size.hidden // 2, "shared_expert_intermediate_size": size.hidden // 2}
    return {**config, "text_config": {**config["text_config"], **experts, **widths}}


CONFIGS: dict[str, Callable[[TinySize, int], dict[str, Any]]] = {
    "qwen2_vl": _qwen2_vl,
    "qwen2_5_vl": _qwen2_5_vl,
    "qwen3_vl": _qwen3_vl,
    "qwen3_vl_moe": _qwen3_vl_moe,
    "qwen3_5": _qwen3_5,
    "qwen3_5_moe": _qwen3_5_moe,
    "bm3_vl": _qwen3_vl,
}


def write_tiny(family: str, folder: Path, size: TinySize | None = None, seed: int = 0) -> Path:
    """Write a checkpoint with random weights and its tokenizer; returns the folder. The same seed gives the same weights."""
    size = size or TinySize()
    if code := FAMILIES[family].code:
        import_module(code)
    tokenizer = tiny_tokenizer()
    marks = {mark.strip("<|>"): tokenizer.convert_tokens_to_ids(mark) for mark in MARKS}
    vocabulary = -(-len(tokenizer) // 64) * 64
    config = AutoConfig.for_model(
        FAMILIES[family].model_type,
        **CONFIGS[family](size, vocabulary),
        image_token_id=marks["image_pad"],
        video_token_id=marks["video_pad"],
        vision_start_token_id=marks["vision_start"],
        vision_end_token_id=marks["vision_end"],
        tie_word_embeddings=False,
    )
    torch.manual_seed(seed)
    auto: Any = AutoModelForImageTextToText  # untyped as well
    model = auto.from_config(config, dtype=torch.float32)
    sharpen(model, size.sharpness)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    mean_std = {"image_mean": FAMILIES[family].mean, "image_std": FAMILIES[family].std}
    (folder / "preprocessor_config.json").write_text(json.dumps(mean_std))
    return folder


@torch.no_grad()
def sharpen(model: Any, sharpness: float) -> None:
    """Random weights attend to everything alike; larger queries and keys make a wrong cache visible in the logits."""
    for name, weight in model.model.language_model.named_parameters():
        if name.endswith(SHARPENED):
            weight.mul_(sharpness)
        if name.endswith("A_log"):
            weight.uniform_(-5, 0.5)  # some heads forget slowly, as trained ones do
    model.lm_head.weight.mul_(sharpness)


if __name__ == "__main__":
    print(write_tiny(sys.argv[1], Path(sys.argv[2])))
