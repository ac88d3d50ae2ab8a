"""What the published checkpoints take, computed from their shapes: the tables of docs/gpu.md.

    python -m tests.worker.engines.published      prints them

The shapes are facts of the checkpoints' config.json; the model is built without memory (PyTorch's device `meta`) and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForImageTextToText

from worker.engine.protocol import WatchOptions
from worker.engines.loading import HubTokenizer
from worker.engines.tiny import tiny_tokenizer
from worker.families import FAMILIES
from worker.families.geometry import Geometry
from worker.streaming.budget import token_budget
from worker.streaming.cache import CacheShape
from worker.streaming.prompt_builder import PromptBuilder

CARDS_GB = (12, 24, 48, 80, 141)
USABLE = 0.94  # of what a card is called: the driver, the display, fragments
ACTIVATIONS = 2e9
MOST_STREAMS = 16
NF4_BYTES = 0.5 + 4 / 64  # four bits, and a scale of four bytes for 64 numbers
PIXELS = {"256 x 256": 256 * 256, "854 x 480": 854 * 480}


@dataclass(frozen=True)
class Shape:
    """The numbers of a config.json that decide over memory."""

    name: str
    family: str
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    wide: int
    vision: tuple[int, int, int]  # depth, hidden, intermediate
    tied: bool = False
    experts: tuple[int, int] | None = None  # number, width
    vocabulary: int = 151_936


V2, V2_5 = (32, 1280, 5120), (32, 1280, 3420)
SMALL, LARGE = (24, 1024, 4096), (27, 1152, 4304)
SHAPES = (
    Shape("Qwen2-VL-2B", "qwen2_vl", 1536, 28, 12, 2, 8960, V2, tied=True),
    Shape("Qwen2-VL-7B", "qwen2_vl", 3584, 28, 28, 4, 18944, V2, vocabulary=152_064),
    Shape("Qwen2.5-VL-3B", "qwen2_5_vl", 2048, 36, 16, 2, 11008, V2_5, tied=True),
    Shape("Qwen2.5-VL-7B", "qwen2_5_vl", 3584, 28, 28, 4, 18944, V2_5, vocabulary=152_064),
    Shape("Qwen2.5-VL-72B", "qwen2_5_vl", 8192, 80, 64, 8, 29568, (32, 1280, 3456), vocabulary=152_064),
    Shape("Qwen3-VL-2B", "qwen3_vl", 2048, 28, 16, 8, 6144, SMALL, tied=True),
    Shape("Qwen3-VL-4B", "qwen3_vl", 2560, 36, 32, 8, 9728, SMALL, tied=True),
    Shape("Qwen3-VL-8B", "qwen3_vl", 4096, 36, 32, 8, 12288, LARGE),
    Shape("Qwen3-VL-32B", "qwen3_vl", 5120, 64, 64, 8, 25600, LARGE),
    Shape("Qwen3-VL-30B-A3B", "qwen3_vl_moe", 2048, 48, 32, 4, 6144, LARGE, experts=(128, 768)),
)


@dataclass(frozen=True)
class Taken:
    """What a checkpoint takes in bfloat16, in bytes; `stream` by picture size."""

    parameters: int
    weights: int
    weights_4bit: int | None
    stream: dict[str, int]

    def streams(self, card_gb: int, weights: int, pixels: str) -> int:
        """Streams that fit beside the weights on a card."""
        free = card_gb * 1e9 * USABLE - ACTIVATIONS - weights
        return max(0, min(MOST_STREAMS, int(free // self.stream[pixels])))


def taken(shape: Shape) -> Taken:
    """Build the model without memory and count it."""
    config = AutoConfig.for_model(shape.family, **_parts(shape), tie_word_embeddings=shape.tied)
    auto: Any = AutoModelForImageTextToText
    with torch.device("meta"):
        model = auto.from_config(config, dtype=torch.bfloat16)
    parameters = sum(weight.numel() for weight in {id(p): p for p in model.parameters()}.values())
    layers = model.model.language_model.layers
    linear = sum(one.weight.numel() for one in layers.modules() if isinstance(one, torch.nn.Linear))
    rest = 2 * (parameters - linear)
    small = None if shape.experts else round(rest + linear * NF4_BYTES)
    return Taken(parameters, 2 * parameters, small, {name: _stream(shape, config, px) for name, px in PIXELS.items()})


def _parts(shape: Shape) -> dict[str, Any]:
    text: dict[str, Any] = {
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.hidden,
        "intermediate_size": shape.wide,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "tie_word_embeddings": shape.tied,
    }
    if shape.family.startswith("qwen3"):
        text["head_dim"] = 128
    if shape.experts:
        text |= {"num_experts": shape.experts[0], "moe_intermediate_size": shape.experts[1], "num_experts_per_tok": 8}
    depth, hidden, wide = shape.vision
    vision: dict[str, Any] = {"depth": depth, "hidden_size": hidden, "intermediate_size": wide}
    if shape.family == "qwen2_vl":
        vision = {"depth": depth, "embed_dim": hidden, "hidden_size": shape.hidden}
    else:
        vision["out_hidden_size"] = shape.hidden
    return {"text_config": text, "vision_config": vision}


def _stream(shape: Shape, config: Any, pixels: int) -> int:
    """Keys and values of one stream with the settings of a job that sets none, but pictures of so many pixels."""
    family, vision = FAMILIES[shape.family], config.vision_config
    geometry = Geometry(
        vision.patch_size, vision.spatial_merge_size, vision.temporal_patch_size, family.mean, family.std
    )
    options = WatchOptions(prompt="Describe what happens.", max_frame_pixels=pixels)
    builder = PromptBuilder(family, HubTokenizer(tiny_tokenizer()), geometry)
    budget = token_budget(options, builder.costs(options), geometry.frames_per_group)
    cache = CacheShape.of(config.get_text_config(), torch.bfloat16, torch.device("cpu"))
    return cache.nbytes(budget.tokens, budget.text_tokens)


def memory_rows() -> list[str]:
    """The rows of the first table: weights and a stream."""
    return [memory_row(shape.name, taken(shape)) for shape in SHAPES]


def memory_row(name: str, one: Taken) -> str:
    four = "experts: no" if one.weights_4bit is None else f"{one.weights_4bit / 1e9:.1f} GB"
    streams = " | ".join(f"{one.stream[pixels] / 1e6:,.0f} MB" for pixels in PIXELS)
    return f"| {name} | {one.parameters / 1e9:.2f} | {one.weights / 1e9:.1f} GB | {four} | {streams} |"


def card_rows(pixels: str = "854 x 480") -> list[str]:
    """The rows of the second table: streams that fit on cards."""
    return [card_row(shape.name, taken(shape), pixels) for shape in SHAPES]


def card_row(name: str, one: Taken, pixels: str) -> str:
    return f"| {name} | " + " | ".join(_fits(one, card, pixels) for card in CARDS_GB) + " |"


def _fits(one: Taken, card: int, pixels: str) -> str:
    whole = one.streams(card, one.weights, pixels)
    four = 0 if one.weights_4bit is None else one.streams(card, one.weights_4bit, pixels)
    return str(whole) if whole else f"4bit: {four}" if four else "-"


if __name__ == "__main__":
    print("\n".join([*memory_rows(), "", *card_rows()]))
