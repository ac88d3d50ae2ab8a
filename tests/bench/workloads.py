"""Where the streaming benchmark runs: tiny models by CPU time, or the shapes of real ones by the clock of a GPU.

Weights are random and made in memory: what is measured does not depend on them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForImageTextToText

from tests.worker.engines.models import resident_of, stock_model
from worker.engines.loading import HubTokenizer, normalisation
from worker.engines.tiny import TinySize, tiny_tokenizer
from worker.families import FAMILIES
from worker.families.geometry import Geometry
from worker.streaming.attention import NAME
from worker.streaming.batch import Batcher
from worker.streaming.forward import Forward
from worker.streaming.loaded_model import LoadedModel

FAMILY = "qwen3_vl"
CONTEXT_TOKENS = 262_144
ROPE = {"rope_type": "default", "rope_theta": 5e6, "mrope_section": [24, 20, 20], "mrope_interleaved": True}
"""Of every Qwen3-VL; heads are 128 wide."""
Work = Callable[[], Any]


@dataclass(frozen=True)
class Shape:
    """Sizes of a Qwen3-VL checkpoint, as its config.json has them."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    vision_depth: int
    vision_hidden: int
    vision_intermediate: int
    deepstack: tuple[int, ...]
    tied: bool


SHAPES = {
    "2b": Shape(2048, 6144, 28, 16, 24, 1024, 4096, (5, 11, 17), tied=True),
    "4b": Shape(2560, 9728, 36, 32, 24, 1024, 4096, (5, 11, 17), tied=True),
    "8b": Shape(4096, 12288, 36, 32, 27, 1152, 4304, (8, 16, 24), tied=False),
}


@dataclass(frozen=True)
class Workload:
    """A model to measure: the engine's resident with forward passes of some class, the stock model, and the clock."""

    loaded: Callable[[type[Forward]], LoadedModel]
    stock: Callable[[], Any]
    seconds: Callable[[Work], float]
    device: str


def cpu_seconds(work: Work) -> float:
    """CPU time, all threads: what a busy machine leaves as it is."""
    start = time.process_time()
    work()
    return time.process_time() - start


def gpu_seconds(work: Work) -> float:
    torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - start


def tiny_workload(size: TinySize, device: str) -> Workload:
    """A model of a few million weights, or far less."""
    return Workload(
        lambda forward: resident_of(FAMILY, size, forward, device=device),
        lambda: stock_model(FAMILY, size, "sdpa").to(device),
        clock(device),
        device,
    )


def real_workload(shape: Shape, device: str) -> Workload:
    """bfloat16, as such a checkpoint runs."""
    return Workload(
        lambda forward: loaded_shape(shape, device, forward),
        lambda: random_model(shape, device, "sdpa"),
        clock(device),
        device,
    )


def clock(device: str) -> Callable[[Work], float]:
    return gpu_seconds if device == "cuda" else cpu_seconds


def random_model(shape: Shape, device: str, attention: str) -> Any:
    """A Qwen3-VL of some shape."""
    text = {
        "vocab_size": 151_936,
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "max_position_embeddings": CONTEXT_TOKENS,
        "tie_word_embeddings": shape.tied,
        "rope_parameters": ROPE,
    }
    vision = {
        "depth": shape.vision_depth,
        "hidden_size": shape.vision_hidden,
        "intermediate_size": shape.vision_intermediate,
        "out_hidden_size": shape.hidden,
        "num_heads": 16,
        "patch_size": 16,
        "num_position_embeddings": 2304,
        "deepstack_visual_indexes": list(shape.deepstack),
    }
    config = AutoConfig.for_model(FAMILY, text_config=text, vision_config=vision, tie_word_embeddings=shape.tied)
    chosen = {"text_config": attention, "vision_config": "sdpa"}
    with torch.device(device):
        return AutoModelForImageTextToText.from_config(config, dtype=torch.bfloat16, attn_implementation=chosen).eval()


def loaded_shape(shape: Shape, device: str, forward_class: type[Forward]) -> LoadedModel:
    """A model of some shape with random weights and a thread of its own."""
    model = random_model(shape, device, NAME)
    family, tokens = FAMILIES[FAMILY], HubTokenizer(tiny_tokenizer())
    geometry = Geometry(16, 2, 2, family.mean, family.std)
    forward = forward_class(model, normalisation(geometry, torch.device(device)))
    return LoadedModel(forward, Batcher(forward), family, geometry, tokens, lambda _: "", CONTEXT_TOKENS)
