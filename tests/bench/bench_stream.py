"""`make bench-stream`: what the streaming engine costs, in one run, as JSON lines; CPU time, medians, tiny random weights.

`vs` is what a ratio is against. All schemes run the same modules on the same chunks, in turn, so that whatever else the
machine does meets all of them.
"""

from __future__ import annotations

import json
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import torch
from transformers import DynamicCache

from db.kinds.video import Window
from tests.bench.schemes import RotateAll, reprefill
from tests.worker.engines.models import chunk, resident_of, stock_model
from worker.engines.base import Chunk, WatchOptions
from worker.engines.tiny import Size
from worker.streaming.forward import Forward, Piece, Seen
from worker.streaming.memory import Ablation
from worker.streaming.resident import Resident
from worker.streaming.session import StreamSession
from worker.streaming.spans import Role, Span

FAMILY = "qwen3_vl"
SMALLEST = Size(hidden=16, layers=1, heads=2, kv_heads=1)
MIDDLE = Size(hidden=256, layers=4, heads=4, kv_heads=2, sharpness=1.0)
LARGE = Size(hidden=1024, layers=4, heads=8, kv_heads=2, sharpness=1.0)
SPEAKS = 1.0  # a silence threshold that is never reached: every chunk decodes all its tokens
CHUNK_MS = 2000


def emit(metric: str, value: float, unit: str, vs: str | None = None) -> None:
    print(
        json.dumps({"bench": "stream", "metric": metric, "value": round(value, 4), "unit": unit, "vs": vs}), flush=True
    )


def options(side_px: int, window_chunks: int, tokens: int, frames: int) -> WatchOptions:
    return WatchOptions(
        prompt="What happens?",
        window=Window(text_sink_tokens=128, text_window_tokens=128, vision_ms=CHUNK_MS * window_chunks),
        fps=frames * 1000 / CHUNK_MS,
        max_frame_pixels=side_px * side_px,
        max_tokens_per_chunk=tokens,
        silence_threshold=SPEAKS,
    )


def video(side_px: int, frames: int) -> Iterator[Chunk]:
    """An endless video of pictures that are made once."""
    shown = [chunk(index, frames=frames, width_px=side_px, height_px=side_px) for index in range(8)]
    index = 0
    while True:
        times = {"index": index, "start_ms": CHUNK_MS * index, "end_ms": CHUNK_MS * (index + 1)}
        yield replace(shown[index % len(shown)], **times)
        index += 1


def cpu_s(work: Callable[[], Any]) -> float:
    """Seconds of CPU time, all threads."""
    start = time.process_time()
    work()
    return time.process_time() - start


def in_turn(works: Sequence[Callable[[], Any]], rounds: int) -> list[float]:
    """Median CPU seconds of each work."""
    taken = [[cpu_s(work) for work in works] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def watcher(session: StreamSession, side_px: int, frames: int, warm_chunks: int) -> Callable[[], Any]:
    """Feeds the next chunk at every call; `warm_chunks` have been fed before."""
    chunks = video(side_px, frames)
    for _ in range(warm_chunks):
        session.feed(next(chunks))
    return lambda: session.feed(next(chunks))


def bench_age(chunks: int = 10_000, rounds: int = 400) -> None:
    """Time per chunk at chunk 100 and at chunk 10,000."""
    resident = resident_of(FAMILY, SMALLEST, Forward)
    shown = options(16, window_chunks=2, tokens=2, frames=2)
    sessions = [StreamSession(resident, shown) for _ in range(2)]
    works = [watcher(session, 16, 2, warm) for session, warm in zip(sessions, (100, chunks), strict=True)]
    at_100, at_end = in_turn(works, rounds)
    resident.batcher.close()
    emit("chunk_time_at_100", at_100 * 1e3, "ms")
    emit(f"chunk_time_at_{chunks}", at_end * 1e3, "ms")
    emit("chunk_time_growth", at_end / at_100, "ratio", "chunk 100")
    emit("cache_growth", sessions[1].cache.nbytes / sessions[0].cache.nbytes, "ratio", "chunk 100")


def bench_schemes(context: int, rounds: int = 3, videos: int = 3) -> None:
    """One chunk (about 310 tokens, 16 of them decoded) with a full window of `context` tokens, by four schemes.

    Full attention is measured after a video of three windows: it remembers all of it.
    """
    ours, rotating = (resident_of(FAMILY, MIDDLE, forward) for forward in (Forward, RotateAll))
    side_px, window_chunks = 176, context // 310
    shown = options(side_px, window_chunks, tokens=16, frames=4)
    sessions = [
        StreamSession(ours, shown),
        StreamSession(rotating, shown),
        StreamSession(ours, shown, ablation=Ablation.FULL),
    ]
    warm = [window_chunks + 1, window_chunks + 1, videos * window_chunks]
    works = [watcher(session, side_px, 4, chunks) for session, chunks in zip(sessions, warm, strict=True)]
    works.append(reprefiller(ours, shown, side_px, window_chunks))
    base, rotate_all, full, fresh = in_turn(works, rounds)
    for resident in (ours, rotating):
        resident.batcher.close()
    name = f"{context // 1000}k"
    emit(f"chunk_time_{name}", base * 1e3, "ms")
    emit(f"rotate_all_{name}", rotate_all / base, "ratio", "this engine")
    emit(f"reprefill_{name}", fresh / base, "ratio", "this engine")
    emit(f"full_attention_{name}", full / base, "ratio", "this engine")


def reprefiller(resident: Resident, shown: WatchOptions, side_px: int, window_chunks: int) -> Callable[[], Any]:
    chunks = video(side_px, 4)
    words = tuple(range(65, 65 + shown.max_tokens_per_chunk))
    past = deque(((next(chunks), words) for _ in range(window_chunks - 1)), maxlen=window_chunks - 1)

    def work() -> None:
        coming = next(chunks)
        past.append((coming, reprefill(resident, shown, list(past), coming).ids))

    return work


def bench_streams(counts: Sequence[int] = (1, 4, 8), rounds: int = 3) -> None:
    """Tokens per CPU second of a decode-heavy watch, alone and batched."""
    resident = resident_of(FAMILY, LARGE, Forward)
    shown = options(16, window_chunks=2, tokens=48, frames=2)
    rates = {}
    for count in counts:
        works = [watcher(StreamSession(resident, shown), 16, 2, warm_chunks=1) for _ in range(count)]
        with ThreadPoolExecutor(count) as pool:
            taken = [cpu_s(lambda works=works: list(pool.map(lambda work: work(), works))) for _ in range(rounds)]
        rates[count] = count * shown.max_tokens_per_chunk / statistics.median(taken)
        emit(f"tokens_per_cpu_s_{count}_streams", rates[count], "tokens/s")
    for count in counts[1:]:
        emit(f"batching_{count}_streams", rates[count] / rates[1], "ratio", "1 stream")
    resident.batcher.close()


def bench_overhead(name: str, size: Size, context: int = 1024, rounds: int = 60) -> None:
    """One decode step by our loop, and by transformers' own text model and cache called with explicit positions."""
    resident = resident_of(FAMILY, size, Forward)
    forward, stock = resident.forward, stock_model(FAMILY, size, "sdpa")
    ids = tuple(index % 250 for index in range(context))
    cache = forward.new_cache(context + 2 * rounds, context + 2 * rounds)
    forward.prefill(cache, [Piece(Span(0, Role.PINNED, 0, context), ids)], Seen())
    kept = DynamicCache(config=stock.config.text_config)
    text = stock.model.language_model
    place = iter(range(context, context + 10 * rounds))

    @torch.inference_mode()
    def bare(tokens: Sequence[int], first: int) -> torch.Tensor:
        positions = torch.arange(first, first + len(tokens)).expand(3, 1, -1)
        seen = text(input_ids=torch.tensor([tokens]), position_ids=positions, past_key_values=kept, use_cache=True)
        return stock.lm_head(seen.last_hidden_state[:, -1])

    bare(ids, 0)
    ours, theirs = in_turn(
        [
            lambda: forward.decode([cache], [Span(1, Role.REPLY, 0, 1, next(place))], [7]),
            lambda: bare([7], next(place)),
        ],
        rounds,
    )
    resident.batcher.close()
    emit(f"decode_step_{name}", ours * 1e3, "ms")
    emit(f"loop_overhead_{name}", ours / theirs, "ratio", "bare transformers modules")


def main() -> None:
    torch.set_num_threads(1)
    bench_overhead("small", MIDDLE)
    bench_overhead("large", LARGE)
    bench_streams()
    for context in (1000, 4000, 8000):
        bench_schemes(context)
    bench_age()


if __name__ == "__main__":
    main()
