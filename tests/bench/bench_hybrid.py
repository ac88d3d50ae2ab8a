"""Benchmark: what a token costs a hybrid model against a dense one of the same width, at a window of 8,192 tokens.

    python -m tests.bench.bench_hybrid      one JSON object a line, nothing else on stdout

Both are Qwen's layouts in small, with random weights: eight layers of 512, attention layers with the same bytes of keys and
values; of the hybrid's layers every fourth is one. They decode in turns in one process, and CPU time is counted: whatever
else the machine does meets both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForImageTextToText

from worker.engines.loading import normalisation
from worker.engines.tiny import CONFIGS, TinySize
from worker.families import FAMILIES
from worker.families.geometry import Geometry
from worker.streaming.attention import NAME
from worker.streaming.cache import StreamCache
from worker.streaming.forward import Forward
from worker.streaming.spans import SpanRole, TokenSpan

WINDOW_TOKENS = 8192
LAYERS, HIDDEN, VOCABULARY = 8, 512, 1024
DENSE = {"num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 64}
HYBRID = {
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 128,
    "layer_types": [*["linear_attention"] * 3, "full_attention"] * (LAYERS // 4),
    "linear_num_key_heads": 4,
    "linear_num_value_heads": 8,
    "linear_key_head_dim": 64,
    "linear_value_head_dim": 64,
}
SHAPES: dict[str, dict[str, Any]] = {"qwen3_vl": DENSE, "qwen3_5": HYBRID}


class Stream:
    """A model with a full window, decoding."""

    def __init__(self, family: str) -> None:
        torch.manual_seed(0)
        parts = CONFIGS[family](TinySize(hidden=HIDDEN, layers=LAYERS), VOCABULARY)
        shape = SHAPES[family]
        sections = [shape["head_dim"] // (8 if "layer_types" in shape else 2) - 4, 2, 2]
        rope = {**parts["text_config"]["rope_parameters"], "mrope_section": sections}
        text = {**parts["text_config"], **shape, "num_hidden_layers": LAYERS, "rope_parameters": rope}
        config = AutoConfig.for_model(family, **{**parts, "text_config": text}, tie_word_embeddings=False)
        auto: Any = AutoModelForImageTextToText
        attention = {"text_config": NAME, "vision_config": "sdpa"}
        model = auto.from_config(config, dtype=torch.float32, attn_implementation=attention).eval()
        geometry = Geometry(8, 2, 2, FAMILIES[family].mean, FAMILIES[family].std)
        self.forward = Forward(model, normalisation(geometry, torch.device("cpu")))
        self.cache: StreamCache = self.forward.new_cache(WINDOW_TOKENS + 4096, 4096)
        self.end = WINDOW_TOKENS
        self.cache.reserve([TokenSpan(0, SpanRole.FRAMES, 0, WINDOW_TOKENS, 0)])
        for buffer in (self.cache.keys, self.cache.values):  # time does not depend on what is in the window
            buffer[:, :, :WINDOW_TOKENS].normal_()

    def decode(self, tokens: int) -> float:
        """Seconds of CPU a token."""
        start = time.process_time()
        for _ in range(tokens):
            self.forward.decode([self.cache], [TokenSpan(1, SpanRole.REPLY, 0, 1, self.end)], [65])
            self.end += 1
        return (time.process_time() - start) / tokens


def report(metric: str, value: float, unit: str, vs: str | None = None) -> None:
    line = {"bench": "hybrid", "metric": metric, "value": round(value, 3), "unit": unit}
    print(json.dumps(line | ({"vs": vs} if vs else {})), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=8)
    given = parser.parse_args()
    streams = {family: Stream(family) for family in SHAPES}
    for stream in streams.values():
        stream.decode(given.tokens)
    rounds = [{family: stream.decode(given.tokens) for family, stream in streams.items()} for _ in range(given.rounds)]
    for family, stream in streams.items():
        report(f"{family}_decode", 1e3 * statistics.median(took[family] for took in rounds), "ms/token")
        report(f"{family}_stream", stream.cache.nbytes / 2**20, "MiB")
    ratio = statistics.median(took["qwen3_5"] / took["qwen3_vl"] for took in rounds)
    report("hybrid_decode_ratio", ratio, "ratio", "qwen3_vl")


if __name__ == "__main__":
    main()
