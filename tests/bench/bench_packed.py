"""Benchmark: decode steps of several streams, and prefills, with packed and with plain linear layers on this CPU.

    python -m tests.bench.bench_packed               one JSON object a line, nothing else on stdout
    python -m tests.bench.bench_packed --threads 2   with as many threads

The text layers have sizes of Qwen3-VL's, fewer of them and random weights in float32. The windows of the streams differ in
length. Both ways take turns step by step; `ratio` is plain CPU time over packed CPU time, so more than 1 is faster packed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForImageTextToText

from tests.bench.workloads import CONTEXT_TOKENS, FAMILY, ROPE
from worker.engines.loading import normalisation
from worker.engines.packing import pack
from worker.families import FAMILIES
from worker.families.geometry import Geometry
from worker.streaming.attention import NAME
from worker.streaming.cache import StreamCache
from worker.streaming.forward import Forward, VisionFeatures
from worker.streaming.runtime.protocol import PromptSegment
from worker.streaming.spans import SpanRole, TokenSpan

SIZES = {"1024": (1024, 3072, 8), "2048": (2048, 6144, 16)}  # hidden, intermediate, heads
LAYERS = 4
VOCABULARY = 32_000
STREAMS = (1, 2, 4, 8)
SHORTEST, LONGEST = 200, 2000
PREFILLED = (64, 256)
WARM_UP = 3
CPU = torch.device("cpu")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    machine = {"cpu": torch.backends.cpu.get_cpu_capability(), "threads": asked.threads, "load": os.getloadavg()[0]}
    for size in asked.sizes:
        for line in _measured(size, asked.rounds):
            print(json.dumps({"hidden": int(size), **line, **machine}), flush=True)


@torch.inference_mode()
def _measured(size: str, rounds: int) -> Iterator[dict[str, Any]]:
    ways = _both(size)
    for streams in STREAMS:
        seen = windows(streams)
        taken = _in_turn({way: _steps(forward, seen) for way, forward in ways.items()}, rounds)
        yield {"what": "decode", "streams": streams, "windows": seen, **_compared(taken, streams)}
    for tokens in PREFILLED:
        taken = _in_turn({way: _prefills(forward, tokens) for way, forward in ways.items()}, max(3, rounds // 3))
        yield {"what": "prefill", "tokens": tokens, **_compared(taken, tokens)}


def windows(streams: int) -> list[int]:
    """Tokens that each stream sees: evenly from the shortest to the longest, or between them for one stream."""
    if streams == 1:
        return [(SHORTEST + LONGEST) // 2]
    return [SHORTEST + (LONGEST - SHORTEST) * index // (streams - 1) for index in range(streams)]


def _both(size: str) -> dict[str, Forward]:
    plain = _model(*SIZES[size])
    packed = deepcopy(plain)
    pack(packed, "cpu", torch.float32)
    family = FAMILIES[FAMILY]
    shift = normalisation(Geometry(16, 2, 2, family.mean, family.std), CPU)
    return {"plain": Forward(plain, shift), "packed": Forward(packed, shift)}


def _model(hidden: int, intermediate: int, heads: int) -> Any:
    text = {
        "vocab_size": VOCABULARY,
        "hidden_size": hidden,
        "intermediate_size": intermediate,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": heads,
        "num_key_value_heads": heads // 2,
        "head_dim": 128,
        "max_position_embeddings": CONTEXT_TOKENS,
        "rope_parameters": ROPE,
    }
    vision = {
        "depth": 1,
        "hidden_size": 64,
        "intermediate_size": 64,
        "out_hidden_size": hidden,
        "num_heads": 1,
        "patch_size": 16,
        "num_position_embeddings": 64,
        "deepstack_visual_indexes": [],
    }
    config = AutoConfig.for_model(FAMILY, text_config=text, vision_config=vision, tie_word_embeddings=False)
    chosen = {"text_config": NAME, "vision_config": "sdpa"}
    return AutoModelForImageTextToText.from_config(config, dtype=torch.float32, attn_implementation=chosen).eval()


def _steps(forward: Forward, seen: list[int]) -> Callable[[int], Any]:
    """Decode steps over caches of random rows; a step is given its number."""
    caches = [_filled(forward, tokens) for tokens in seen]

    def step(number: int) -> Any:
        spans = [TokenSpan(1, SpanRole.REPLY, 0, 1, tokens + number) for tokens in seen]
        return forward.decode(caches, spans, [65] * len(seen)).argmax(-1).tolist()

    return step


def _filled(forward: Forward, tokens: int) -> StreamCache:
    cache = forward.new_cache(tokens + 64, 64)
    cache.reserve([TokenSpan(0, SpanRole.FRAMES, 0, tokens, 0)])
    for buffer in (cache.keys, cache.values):
        buffer.normal_()
    return cache


def _prefills(forward: Forward, tokens: int) -> Callable[[int], Any]:
    """Prefills of so many tokens of text behind a window of the middle length."""
    before = windows(1)[0]
    given = PromptSegment(TokenSpan(1, SpanRole.FRAMES, 0, tokens, before), tuple(65 + n % 26 for n in range(tokens)))

    def prefill(_: int) -> Any:
        cache = forward.new_cache(before + tokens, tokens)
        cache.reserve([TokenSpan(0, SpanRole.FRAMES, 0, before, 0)])
        return forward.prefill(cache, [given], VisionFeatures()).argmax(-1).tolist()

    return prefill


def _in_turn(works: dict[str, Callable[[int], Any]], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each way, all threads, warm-up left out; the ways take turns."""
    taken: dict[str, list[float]] = {way: [] for way in works}
    for number in range(rounds + WARM_UP):
        for way, work in works.items():
            start = time.process_time()
            work(number)
            taken[way].append(time.process_time() - start)
    return {way: seconds[WARM_UP:] for way, seconds in taken.items()}


def _compared(taken: dict[str, list[float]], tokens: int) -> dict[str, float]:
    middle = {way: statistics.median(seconds) for way, seconds in taken.items()}
    per_s = {f"{way}_tokens_per_cpu_s": round(tokens / seconds, 1) for way, seconds in middle.items()}
    return {**per_s, "ratio": round(middle["plain"] / middle["packed"], 2)}


if __name__ == "__main__":
    main()
