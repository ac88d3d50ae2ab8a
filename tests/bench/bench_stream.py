"""`make bench-stream`: what the streaming engine costs, in one run, as JSON lines; medians, random weights.

    python -m tests.bench.bench_stream                              tiny models, one CPU thread, CPU time: about three minutes
    python -m tests.bench.bench_stream --device cuda --shape 8b     the shape of Qwen3-VL-8B (or 2b, 4b) on a GPU, its clock

`vs` is what a ratio is against. All schemes run the same modules on the same chunks, in turn, so that whatever else the
machine does meets all of them.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import torch
from transformers import DynamicCache

from db.documents.kinds.video import Window
from tests.bench.schemes import RotateAll, reprefill
from tests.bench.workloads import SHAPES, Work, Workload, real_workload, tiny_workload
from tests.worker.engines.models import chunk
from worker.compat import cache_argument
from worker.engine.protocol import Chunk, Reply, WatchOptions
from worker.engines.tiny import TinySize
from worker.streaming.context_window import Ablation
from worker.streaming.forward import Forward, VisionFeatures
from worker.streaming.loaded_model import LoadedModel
from worker.streaming.runtime.protocol import PromptSegment
from worker.streaming.session import StreamSession
from worker.streaming.spans import SpanRole, TokenSpan

SMALLEST = TinySize(hidden=16, layers=1, heads=2, kv_heads=1)
MIDDLE = TinySize(hidden=256, layers=4, heads=4, kv_heads=2, sharpness=1.0)
LARGE = TinySize(hidden=1024, layers=4, heads=8, kv_heads=2, sharpness=1.0)
SPEAKS = 1.0  # a silence threshold that is never reached: every chunk decodes all its tokens
CHUNK_MS = 2000
AGE_CHUNKS = {"cpu": 10_000, "cuda": 1000}


def emit(metric: str, value: float, unit: str, vs: str | None = None) -> None:
    print(
        json.dumps({"bench": "stream", "metric": metric, "value": round(value, 4), "unit": unit, "vs": vs}), flush=True
    )


@dataclass(frozen=True)
class Film:
    """What is watched: `frames` pictures a chunk."""

    width_px: int
    height_px: int
    frames: int

    @classmethod
    def square(cls, loaded: LoadedModel, side_tokens: int, frames: int) -> Film:
        """Pictures of `side_tokens` by `side_tokens` tokens, whatever the patches of the model."""
        side_px = side_tokens * loaded.geometry.factor_px
        return cls(side_px, side_px, frames)


def options(film: Film, window_chunks: int, tokens: int) -> WatchOptions:
    return WatchOptions(
        prompt="What happens?",
        window=Window(text_sink_tokens=128, text_window_tokens=128, vision_ms=CHUNK_MS * window_chunks),
        fps=film.frames * 1000 / CHUNK_MS,
        max_frame_pixels=film.width_px * film.height_px,
        max_tokens_per_chunk=tokens,
        silence_threshold=SPEAKS,
    )


def video(film: Film) -> Iterator[Chunk]:
    """An endless video of pictures that are made once."""
    shown = [chunk(index, film.frames, CHUNK_MS, film.width_px, film.height_px) for index in range(8)]
    index = 0
    while True:
        times = {"index": index, "start_ms": CHUNK_MS * index, "end_ms": CHUNK_MS * (index + 1)}
        yield replace(shown[index % len(shown)], **times)
        index += 1


def in_turn(workload: Workload, works: Sequence[Work], rounds: int) -> list[float]:
    """Median seconds of each work."""
    taken = [[workload.seconds(work) for work in works] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def watcher(session: StreamSession, film: Film, warm_chunks: int) -> Callable[[], Reply]:
    """Feeds the next chunk at every call; `warm_chunks` have been fed before."""
    chunks = video(film)
    for _ in range(warm_chunks):
        session.feed(next(chunks))
    return lambda: session.feed(next(chunks))


def bench_age(workload: Workload, chunks: int, rounds: int = 200) -> None:
    """Time per chunk at chunk 100 and at chunk 10,000."""
    loaded = workload.loaded(Forward)
    film = Film.square(loaded, 1, frames=2)
    sessions = [StreamSession(loaded, options(film, window_chunks=2, tokens=2)) for _ in range(2)]
    works = [watcher(session, film, warm) for session, warm in zip(sessions, (100, chunks), strict=True)]
    at_100, at_end = in_turn(workload, works, rounds)
    loaded.batcher.close()
    emit("chunk_time_at_100", at_100 * 1e3, "ms")
    emit(f"chunk_time_at_{chunks}", at_end * 1e3, "ms")
    emit("chunk_time_growth", at_end / at_100, "ratio", "chunk 100")
    emit("cache_growth", sessions[1].cache.nbytes / sessions[0].cache.nbytes, "ratio", "chunk 100")


def bench_schemes(workload: Workload, context: int, rounds: int = 3, videos: int = 3) -> None:
    """One chunk (about 310 tokens, 16 of them decoded) with a full window of `context` tokens, by four schemes.

    Full attention is measured after a video of three windows: it remembers all of it.
    """
    ours, rotating = (workload.loaded(forward) for forward in (Forward, RotateAll))
    film, window_chunks = Film.square(ours, 11, frames=4), context // 310
    shown = options(film, window_chunks, tokens=16)
    sessions = [
        StreamSession(ours, shown),
        StreamSession(rotating, shown),
        StreamSession(ours, shown, ablation=Ablation.FULL),
    ]
    warm = [window_chunks + 1, window_chunks + 1, videos * window_chunks]
    works: list[Work] = [watcher(session, film, chunks) for session, chunks in zip(sessions, warm, strict=True)]
    works.append(reprefiller(ours, shown, film, window_chunks))
    base, rotate_all, full, fresh = in_turn(workload, works, rounds)
    for loaded in (ours, rotating):
        loaded.batcher.close()
    name = f"{context // 1000}k"
    emit(f"chunk_time_{name}", base * 1e3, "ms")
    emit(f"rotate_all_{name}", rotate_all / base, "ratio", "this engine")
    emit(f"reprefill_{name}", fresh / base, "ratio", "this engine")
    emit(f"full_attention_{name}", full / base, "ratio", "this engine")


def reprefiller(loaded: LoadedModel, shown: WatchOptions, film: Film, window_chunks: int) -> Work:
    chunks = video(film)
    words = tuple(range(65, 65 + shown.max_tokens_per_chunk))
    past = deque(((next(chunks), words) for _ in range(window_chunks - 1)), maxlen=window_chunks - 1)

    def work() -> None:
        coming = next(chunks)
        past.append((coming, reprefill(loaded, shown, list(past), coming).ids))

    return work


def bench_streams(workload: Workload, counts: Sequence[int] = (1, 4, 8), rounds: int = 2) -> None:
    """Tokens a second of a decode-heavy watch, alone and batched; of CPU time on a CPU."""
    loaded = workload.loaded(Forward)
    film, rates = Film.square(loaded, 1, frames=2), {}
    shown = options(film, window_chunks=2, tokens=48)
    for count in counts:
        works = [watcher(StreamSession(loaded, shown), film, warm_chunks=1) for _ in range(count)]
        rates[count] = statistics.median(rate(workload, works) for _ in range(rounds))
        emit(f"tokens_per_s_{count}_streams", rates[count], "tokens/s")
    for count in counts[1:]:
        emit(f"batching_{count}_streams", rates[count] / rates[1], "ratio", "1 stream")
    loaded.batcher.close()


def bench_real_time(workload: Workload, counts: Sequence[int] = (1, 4, 8), rounds: int = 5) -> None:
    """Frames a second of a whole watch, the video's decoding excepted."""
    loaded = workload.loaded(Forward)
    film, tokens, window_chunks = Film(640, 480, frames=4), 30, 8
    for count in counts:
        sessions = [StreamSession(loaded, options(film, window_chunks, tokens)) for _ in range(count)]
        works = [watcher(session, film, warm_chunks=window_chunks + 1) for session in sessions]
        chunks_per_s = statistics.median(rate(workload, works) for _ in range(rounds)) / tokens
        emit(
            f"frames_per_s_{count}_streams", chunks_per_s * film.frames, "frames/s", "640x480, 2 fps, 15 tokens/s, 16 s"
        )
        emit(f"real_time_{count}_streams", chunks_per_s * CHUNK_MS / 1000, "x", "all streams together")
    loaded.batcher.close()


def rate(workload: Workload, works: Sequence[Callable[[], Reply]]) -> float:
    """Tokens a second while all streams are shown their next chunk at once."""
    replies: list[Reply] = []
    with ThreadPoolExecutor(len(works)) as pool:
        took_s = workload.seconds(lambda: replies.extend(pool.map(lambda work: work(), works)))
    return sum(len(reply.token_ids) for reply in replies) / took_s


def bench_overhead(name: str, workload: Workload, context: int = 1024, rounds: int = 60) -> None:
    """One decode step by our loop, and by transformers' own text model and cache called with explicit positions."""
    loaded, stock = workload.loaded(Forward), workload.stock()
    forward = loaded.forward
    ids = tuple(index % 250 for index in range(context))
    cache = forward.new_cache(context + 2 * rounds, context + 2 * rounds)
    forward.prefill(cache, [PromptSegment(TokenSpan(0, SpanRole.PINNED, 0, context), ids)], VisionFeatures())
    kept = DynamicCache(config=stock.config.text_config)
    text = stock.model.language_model
    place = iter(range(context, context + 10 * rounds))

    @torch.inference_mode()
    def bare(tokens: Sequence[int], first: int) -> torch.Tensor:
        positions = torch.arange(first, first + len(tokens), device=workload.device).expand(3, 1, -1)
        words = torch.tensor([tokens], device=workload.device)
        seen = text(input_ids=words, position_ids=positions, use_cache=True, **cache_argument(kept))
        return stock.lm_head(seen.last_hidden_state[:, -1])

    bare(ids, 0)
    ours, theirs = in_turn(
        workload,
        [
            lambda: forward.decode([cache], [TokenSpan(1, SpanRole.REPLY, 0, 1, next(place))], [7]),
            lambda: bare([7], next(place)),
        ],
        rounds,
    )
    loaded.batcher.close()
    emit(f"decode_step_{name}", ours * 1e3, "ms")
    emit(f"loop_overhead_{name}", ours / theirs, "ratio", "bare transformers modules")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=AGE_CHUNKS, default="cpu")
    parser.add_argument("--shape", choices=SHAPES, help="a real model's shape in bfloat16; default: tiny models")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.shape:
        smallest = middle = large = real_workload(SHAPES[given.shape], given.device)
    else:
        smallest, middle, large = (tiny_workload(size, given.device) for size in (SMALLEST, MIDDLE, LARGE))
        bench_overhead("small", middle)
    bench_overhead("large", large)
    bench_streams(large)
    if given.shape:
        bench_real_time(large)
    for context in (1000, 4000, 8000):
        bench_schemes(middle, context)
    bench_age(smallest, AGE_CHUNKS[given.device])


if __name__ == "__main__":
    main()
