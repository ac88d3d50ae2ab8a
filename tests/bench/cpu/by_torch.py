"""The PyTorch engine's own forward passes over the same shape: `python -m tests.bench.cpu.by_torch SHAPE DTYPE THREADS`."""

from __future__ import annotations

import sys
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForImageTextToText
from transformers.initialization import no_init_weights

from tests.bench.cpu.serve import Decoding, serve
from tests.bench.cpu.shapes import SHAPES, SPREAD, STEPS, TOKENS, TextShape
from worker.streaming.attention import NAME
from worker.streaming.forward import Forward, VisionFeatures
from worker.streaming.runtime.protocol import PromptSegment
from worker.streaming.spans import SpanRole, TokenSpan

SMALL_VISION = {"depth": 1, "hidden_size": 32, "num_heads": 2, "intermediate_size": 64, "deepstack_visual_indexes": []}
TILE_NUMBERS = 1 << 20


class TorchDecoder:
    """See `tests.bench.cpu.serve.Decoder`."""

    def __init__(self, shape: TextShape, dtype: torch.dtype, threads: int) -> None:
        torch.set_num_threads(threads)
        self.forward = Forward(random_model(shape, dtype), None)  # type: ignore[arg-type]  # no picture is ever shown
        self.weights = shape.weights * dtype.itemsize
        self.token = shape.kv_bytes(dtype.itemsize)

    def prefill(self, tokens: int) -> None:
        """A new stream."""
        self.cache, self.used = self.forward.new_cache(tokens + 2 * STEPS, 0), tokens
        ids = tuple(index % TOKENS for index in range(tokens))
        segment = PromptSegment(TokenSpan(0, SpanRole.FRAMES, 0, tokens), ids)
        self.forward.prefill(self.cache, [segment], VisionFeatures())

    def step(self) -> None:
        """One token more of it."""
        self.forward.decode([self.cache], [TokenSpan(1, SpanRole.FRAMES, 0, 1, self.used)], [self.used % TOKENS])
        self.used += 1


def random_model(shape: TextShape, dtype: torch.dtype) -> Any:
    """Such a decoder behind next to no vision tower."""
    text = {
        "hidden_size": shape.hidden,
        "intermediate_size": shape.middle,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_dim,
        "vocab_size": shape.vocabulary,
        "rope_parameters": {"rope_type": "default", "rope_theta": 5e6, "mrope_section": [24, 20, 20]},
    }
    vision = {**SMALL_VISION, "out_hidden_size": shape.hidden}
    config = AutoConfig.for_model("qwen3_vl", text_config=text, vision_config=vision)
    auto: Any = AutoModelForImageTextToText
    attention = {"text_config": NAME, "vision_config": "sdpa"}
    with no_init_weights():
        model = auto.from_config(config, dtype=dtype, attn_implementation=attention).eval()
    fill(model)
    return model


def fill(model: torch.nn.Module) -> None:
    """One tile of random numbers over and over: billions of them in seconds."""
    tile = torch.randn(TILE_NUMBERS, generator=torch.Generator().manual_seed(0)) * SPREAD
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" in name:
                weight.fill_(1.0)
                continue
            for part in weight.view(-1).split(TILE_NUMBERS):
                part.copy_(tile[: len(part)])


if __name__ == "__main__":
    serve(lambda: Decoding(TorchDecoder(SHAPES[sys.argv[1]], getattr(torch, sys.argv[2]), int(sys.argv[3]))))
