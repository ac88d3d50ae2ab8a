"""`make bench-stream`: what the streaming engine costs, in one run, as JSON lines; CPU time, medians, tiny random weights.

`vs` is what the value is a ratio to, where it is one. All schemes run the same modules on the same chunks, in turn, so
that whatever else the machine does meets all of them.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import torch
from transformers import DynamicCache

from db.kinds.video import Window
from tests.bench.schemes import RotateAll, reprefill
from tests.worker.engines.models import chunk, plain_resident, stock_model
from worker.engines.base import Chunk, WatchOptions
from worker.engines.tiny import Size
from worker.streaming.memory import Ablation
from worker.streaming.resident import Resident
from worker.streaming.session import StreamSession
from worker.streaming.spans import Role, Span

FAMILY = "qwen3_vl"
SMALLEST = Size(hidden=16, layers=1, heads=2, kv_heads=1)
MIDDLE = Size(hidden=256, layers=4, heads=4, kv_heads=2, sharpness=1.0)
LARGE = Size(hidden=1024, layers=6, heads=8, kv_heads=2, sharpness=1.0)
SPEAKS = 1.0  # a silence threshold that is never reached: every chunk decodes all its tokens


def emit(metric: str, value: float, unit: str, vs: str | None = None) -> None:
    print(json.dumps({"bench": "stream", "metric": metric, "value": round(value, 4), "unit": unit, "vs": vs}), flush=True)


def options(side_px: int, vision_ms: int, tokens: int, frames: int = 4) -> WatchOptions:
    return WatchOptions(
        prompt="What happens?",
        window=Window(text_sink_tokens=128, text_window_tokens=128, vision_ms=vision_ms),
        fps=frames / 2,
        max_frame_pixels=side_px * side_px,
        max_tokens_per_chunk=tokens,
        silence_threshold=SPEAKS,
    )


def video(side_px: int, frames: int = 4) -> Iterator[Chunk]:
    """An endless video of pictures that are made once."""
    shown = [chunk(index, frames=frames, width_px=side_px, height_px=side_px) for index in range(8)]
    index = 0
    while True:
        yield replace(shown[index % len(shown)], index=index, start_ms=2000 * index, end_ms=2000 * (index + 1))
        index += 1


def timed(work: Callable[[], Any]) -> float:
    """Seconds of CPU time, all threads."""
    start = time.process_time()
    work()
    return time.process_time() - start


def bench_age(chunks: int = 10_000, sample: int = 400) -> None:
    """Time per chunk at chunk 100 and at chunk 10,000."""
    resident = plain_resident(FAMILY, SMALLEST)
    shown = options(16, 4000, tokens=2, frames=2)
    old, frames = StreamSession(resident, shown), video(16, frames=2)
    for _ in range(chunks):
        old.feed(next(frames))
    young, young_frames = StreamSession(resident, shown), video(16, frames=2)
    for _ in range(100):
        young.feed(next(young_frames))
    pairs = [
        (timed(lambda: young.feed(next(young_frames))), timed(lambda: old.feed(next(frames)))) for _ in range(sample)
    ]
    resident.batcher.close()
    at_100, at_end = (statistics.median(column) for column in zip(*pairs, strict=True))
    emit("chunk_time_at_100", at_100 * 1e3, "ms")
    emit(f"chunk_time_at_{chunks}", at_end * 1e3, "ms")
    emit("chunk_time_growth", at_end / at_100, "ratio", "chunk 100")
    emit("cache_bytes", old.cache.nbytes, "bytes")


def bench_schemes(context: int, sample: int = 5) -> None:
    """One chunk (about 270 tokens in, 16 out) with a full window of `context` tokens, by four schemes."""
    resident = plain_resident(FAMILY, MIDDLE)
    side_px, tokens = 176, 16  # 121 tokens a frame group, two groups a chunk
    vision_ms = 2000 * (context // 290)
    shown = options(side_px, vision_ms, tokens)
    ours = StreamSession(resident, shown)
    rotate_all = StreamSession(replace(resident, forward=None), shown) if False else None
    del rotate_all


def main() -> None:
    torch.set_num_threads(1)
    bench_age()


if __name__ == "__main__":
    main()
