"""The PyTorch engine's own forward passes over the same shape."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AutoConfig, AutoModelForImageTextToText

from tests.bench.cpu.models import TextShape
from worker.streaming.attention import NAME
from worker.streaming.forward import Forward, VisionFeatures
from worker.streaming.runtime.protocol import PromptSegment
from worker.streaming.spans import SpanRole, TokenSpan

SMALL_VISION = {"depth": 1, "hidden_size": 32, "num_heads": 2, "intermediate_size": 64, "deepstack_visual_indexes": []}


class TorchDecoder:
    """A model of random weights on the CPU; `tokens` ids are used, `room` tokens may come after a prefill."""

    def __init__(self, shape: TextShape, dtype: torch.dtype, threads: int, tokens: int, room: int) -> None:
        torch.set_num_threads(threads)
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
        model = auto.from_config(config, dtype=dtype, attn_implementation=attention).eval()
        self.forward = Forward(model, None)  # type: ignore[arg-type]  # no picture is ever shown
        self._tokens, self._room = tokens, room
        self.bytes = shape.weights * dtype.itemsize
        self.token_bytes = 2 * shape.layers * shape.kv_heads * shape.head_dim * dtype.itemsize

    def prefill(self, tokens: int) -> None:
        self.cache, self.used = self.forward.new_cache(tokens + self._room, 0), tokens
        ids = tuple(index % self._tokens for index in range(tokens))
        self.forward.prefill(
            self.cache, [PromptSegment(TokenSpan(0, SpanRole.FRAMES, 0, tokens), ids)], VisionFeatures()
        )

    def step(self) -> None:
        span = TokenSpan(1, SpanRole.FRAMES, 0, 1, self.used)
        self.forward.decode([self.cache], [span], [self.used % self._tokens])
        self.used += 1
