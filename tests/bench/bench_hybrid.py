"""Benchmark: what a token costs a hybrid model against a dense one of the same width, at a window of 8,192 tokens.

    python -m tests.bench.bench_hybrid      one JSON object a line, nothing else on stdout

Both are Qwen's layouts in small, with random weights: eight layers of 512, attention layers with the same bytes of keys and
values; of the hybrid's layers every fourth is one. They decode in turns in one process, on one thread, and CPU time is
counted: whatever else the machine does meets both, and no thread is counted while it waits for another.

Parts are single layers of the same run: an attention layer of each model over the full window, and a linear layer.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForImageTextToText

from worker.engines.loading import normalisation
from worker.engines.tiny import CONFIGS, TinySize
from worker.families import FAMILIES
from worker.families.geometry import Geometry
from worker.streaming.attention import ATTENTION, NAME, ForwardStep
from worker.streaming.cache import Placement, StreamCache
from worker.streaming.forward import Forward
from worker.streaming.spans import SpanRole, TokenSpan
from worker.streaming.state.delta_rule import linear_layer

WINDOW_TOKENS, REPLY_TOKENS = 8192, 64
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
        self.layers = model.model.language_model.layers
        self.cache: StreamCache = self.forward.new_cache(WINDOW_TOKENS + REPLY_TOKENS, REPLY_TOKENS)
        self.cache.reserve([TokenSpan(0, SpanRole.FRAMES, 0, WINDOW_TOKENS, 0)])
        for buffer in (self.cache.keys, self.cache.values):  # time does not depend on what is in the window
            buffer[:, :, :WINDOW_TOKENS].normal_()
        self.end = WINDOW_TOKENS

    def decode(self, tokens: int) -> float:
        """Seconds of CPU a token; the reply is forgotten when it is long, so that the window stays what it is."""
        start = time.process_time()
        for _ in range(tokens):
            if self.end == WINDOW_TOKENS + REPLY_TOKENS:
                self.cache.drop([1])
                self.end = WINDOW_TOKENS
            self.forward.decode([self.cache], [TokenSpan(1, SpanRole.REPLY, 0, 1, self.end)], [65])
            self.end += 1
        return (time.process_time() - start) / tokens

    @torch.inference_mode()
    def parts(self, times: int) -> dict[str, float]:
        """Seconds of CPU of single layers, by what they are."""
        hidden = torch.randn((1, 1, HIDDEN))
        took: dict[str, float] = {"attention_layer": self._attention(hidden, times)}
        if self.cache.state is not None:
            states, linear = [self.cache.state], self.layers[0]
            took["linear_layer"] = _cpu(lambda: linear_layer(linear, hidden, states), times)
        return took

    def _attention(self, hidden: torch.Tensor, times: int) -> float:
        placement = Placement(self.cache, slice(WINDOW_TOKENS - 1, WINDOW_TOKENS), slice(0, 1), None)
        cos, sin = self.forward.angles.of_text([WINDOW_TOKENS])
        angles = cos[:, None, None], sin[:, None, None]
        identity = torch.ones((1, 1, self.forward.angles.dims)), torch.zeros((1, 1, self.forward.angles.dims))
        step = ForwardStep((placement,), *angles, None, ATTENTION["sdpa"], {LAYERS - 1: 0})
        return _cpu(
            lambda: self.layers[-1](hidden, position_embeddings=identity, attention_mask=None, step=step), times
        )


def _cpu(work: Callable[[], object], times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times


def report(metric: str, value: float, unit: str, vs: str | None = None) -> None:
    line = {"bench": "hybrid", "metric": metric, "value": round(value, 3), "unit": unit}
    print(json.dumps(line | ({"vs": vs} if vs else {})), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    streams = {family: Stream(family) for family in SHAPES}
    for stream in streams.values():
        stream.decode(given.tokens)
    rounds = [{family: stream.decode(given.tokens) for family, stream in streams.items()} for _ in range(given.rounds)]
    parts = [{family: stream.parts(given.tokens) for family, stream in streams.items()} for _ in range(given.rounds)]
    for family, stream in streams.items():
        report(f"{family}_decode", 1e3 * statistics.median(took[family] for took in rounds), "ms/token")
        report(f"{family}_stream", stream.cache.nbytes / 2**20, "MiB")
        for part in parts[0][family]:
            report(f"{family}_{part}", 1e3 * statistics.median(took[family][part] for took in parts), "ms/token")
    ratio = statistics.median(took["qwen3_5"] / took["qwen3_vl"] for took in rounds)
    report("hybrid_decode_ratio", ratio, "ratio", "qwen3_vl")


if __name__ == "__main__":
    main()
