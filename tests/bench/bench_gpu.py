"""`make bench-gpu`: everything that is to be known of one card in at most nine minutes, as one JSON object and a table.

    python -m tests.bench.bench_gpu                                  build/gpu.json, and a table for docs/gpu.md
    python -m tests.bench.bench_gpu --device cpu --shapes tiny       the same with a tiny model and no card: no figures of speed

The kernels are tested on the card first. Then shapes of Qwen3-VL with random weights decode for 1, 4, 8 and 16 streams whose
windows differ in length, in each way there is (`decode=apart`, `together`, `graphs`), and watch a 480p video of 2 frames a
second with 15 tokens for each second of it: several of them with their prefills before decode steps (`overlap=off`) and beside
them (`on`), by turns. What the time did not suffice for is named in `left_out`.

`roofline`: the time that reading the weights of the text layers and every visible key and value once takes at the speed at
which this card copies memory, as a share of the time that the step took.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from tests.bench.bench_stream import CHUNK_MS, Film, options, watcher
from tests.bench.workloads import FAMILY, SHAPES, clock, loaded_shape
from tests.worker.engines.models import resident_of
from worker.engines.running import DECODE
from worker.engines.tiny import TinySize
from worker.streaming.batch import Batcher
from worker.streaming.forward import Forward
from worker.streaming.loaded_model import LoadedModel
from worker.streaming.session import StreamSession
from worker.streaming.spans import SpanRole, TokenSpan
from worker.streaming.together.step import cuda_graph

NO_CARD = "no CUDA device: nothing to measure here (--device cpu --shapes tiny runs the same steps with a tiny model)"
STREAMS = (1, 4, 8, 16)
WATCHED = (1, 8)
TOKENS_PER_S = 15
COPIED_BYTES = {"cuda": 2**30, "cpu": 2**22}


@dataclass(frozen=True)
class Plan:
    """How much is done: `window` tokens are what the longest of the streams sees."""

    device: str
    shapes: tuple[str, ...]
    minutes: float
    window: int
    steps: int
    film: Film
    streams: tuple[int, ...] = STREAMS
    watched: tuple[int, ...] = WATCHED


@dataclass
class Report:
    """What was found; every list holds one line a measurement."""

    card: str
    memory_gb: float
    torch: str
    copies_gb_per_s: float = 0.0
    tests: str = ""
    decode: list[dict[str, Any]] = field(default_factory=list)
    watch: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


class Bench:
    """One run over a card, which ends in time."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.clock = clock(plan.device)
        self._end_s = time.monotonic() + 60 * plan.minutes
        name, memory = _card(plan.device)
        self.report = Report(name, memory, torch.__version__)

    def run(self) -> Report:
        """All of it, the most telling first."""
        self.report.copies_gb_per_s = round(self._copies() / 1e9, 1)
        self.report.tests = self._tests()
        for shape in self.plan.shapes:
            if self._in_time(f"{shape}: all", 60):
                self._shape(shape)
        return self.report

    def _in_time(self, what: str, needed_s: float) -> bool:
        """Whether there is time for something; what there is none for is written down."""
        there = self._end_s - time.monotonic() > needed_s * min(1.0, self.plan.minutes / 9)
        if not there:
            self.report.left_out.append(f"{what}: no time left")
        return there

    def _copies(self) -> float:
        """Bytes a second, read and written, of a large copy."""
        source = torch.zeros(COPIED_BYTES[self.plan.device], dtype=torch.uint8, device=self.plan.device)
        target = torch.empty_like(source)
        taken = [self.clock(lambda: target.copy_(source)) for _ in range(7)]
        return 2 * len(source) / statistics.median(taken)

    def _tests(self) -> str:
        """The last line of the tests of the kernels, compiled for this card."""
        if self.plan.device == "cpu":
            self.report.left_out.append("tests of the kernels: make test runs them where there is no card")
            return ""
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "tests/worker/streaming/together/test_kernels.py"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
        return (done.stdout.strip().splitlines() or [done.stderr.strip()])[-1]

    def _shape(self, shape: str) -> None:
        loaded = load_shape(shape, self.plan.device)
        for mode in DECODE:
            if mode == "graphs" and self.plan.device == "cpu":
                self.report.left_out.append(f"{shape} graphs: CUDA alone has them")
                continue
            set_mode(loaded.forward, mode)
            for streams in self.plan.streams:
                if self._in_time(f"{shape} {mode} {streams}: decode", 20):
                    self._noted(f"{shape} {mode} {streams}", self.report.decode, self._decode, loaded, shape, streams)
            for streams in self.plan.watched:
                if self._in_time(f"{shape} {mode} {streams}: watch", 30):
                    self._noted(f"{shape} {mode} {streams}", self.report.watch, self._watch, loaded, shape, streams)
        loaded.batcher.close()

    def _noted(self, what: str, where: list[dict[str, Any]], work: Callable[..., dict[str, Any]], *given: Any) -> None:
        """One measurement; a way that does not fit or fails here is written down, and the next one goes on."""
        try:
            where.append({"mode": what.split()[1], **work(*given)})
        except (torch.OutOfMemoryError, RuntimeError) as error:
            self.report.left_out.append(f"{what}: {type(error).__name__}: {str(error).splitlines()[0]}")
        if self.plan.device == "cuda":
            torch.cuda.empty_cache()

    def _decode(self, loaded: LoadedModel, shape: str, streams: int) -> dict[str, Any]:
        """Decode steps of streams whose windows are between half and all of the longest."""
        forward, window = loaded.forward, self.plan.window
        seen = [window - (window // 2) * index // max(1, streams - 1) for index in range(streams)]
        room = self.plan.steps + 3
        caches = [forward.new_cache(tokens + room, room) for tokens in seen]
        for cache, tokens in zip(caches, seen, strict=True):
            cache.reserve([TokenSpan(0, SpanRole.FRAMES, 0, tokens, 0)])
            for buffer in (cache.keys, cache.values):
                buffer.normal_()

        def step(number: int) -> Any:
            spans = [TokenSpan(1, SpanRole.REPLY, 0, 1, tokens + number) for tokens in seen]
            return forward.decode(caches, spans, [65] * streams).argmax(-1).tolist()

        for number in range(3):
            step(number)
        if self.plan.device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        taken = [self.clock(lambda: step(number)) for number in range(3, room)]  # noqa: B023 - called at once
        step_s = statistics.median(taken)
        least_s = step_bytes(forward, seen) / (self.report.copies_gb_per_s * 1e9)
        return {
            "shape": shape,
            "streams": streams,
            "window": seen,
            "step_ms": round(step_s * 1e3, 3),
            "tokens_per_s": round(streams / step_s, 1),
            "roofline": round(least_s / step_s, 6),
            "memory_gb": _peak_gb(self.plan.device),
        }

    def _watch(self, loaded: LoadedModel, shape: str, streams: int, chunks: int = 2, rounds: int = 2) -> dict[str, Any]:
        """Frames a second of whole streams, decoding of the video excepted; of one stream nothing can overlap."""
        film, tokens, window_chunks = self.plan.film, TOKENS_PER_S * CHUNK_MS // 1000, 8
        if self.plan.device == "cpu":
            tokens, window_chunks, chunks = 2, 1, 1
        sessions = [StreamSession(loaded, options(film, window_chunks, tokens)) for _ in range(streams)]
        feeds = [watcher(session, film, warm_chunks=0) for session in sessions]
        watched(feeds, window_chunks + 1)
        ways = {"off": loaded.batcher}
        if streams > 1:
            ways["on"] = Batcher(loaded.forward, loaded.forward.beside())  # type: ignore[attr-defined]
        taken: dict[str, list[float]] = {overlap: [] for overlap in ways}
        for _ in range(rounds):
            for overlap, batcher in ways.items():
                for session in sessions:
                    session._loaded = replace(loaded, batcher=batcher)
                taken[overlap].append(self.clock(lambda: watched(feeds, chunks)))
        if streams > 1:
            ways["on"].close()
        per_s = {overlap: streams * chunks * film.frames / statistics.median(s) for overlap, s in taken.items()}
        fps = film.frames * 1000 / CHUNK_MS
        return {
            "shape": shape,
            "streams": streams,
            "frames_per_s": round(per_s["off"], 2),
            "real_time": round(per_s["off"] / fps, 2),
            "overlapped_frames_per_s": round(per_s["on"], 2) if "on" in per_s else None,
            "memory_gb": _peak_gb(self.plan.device),
        }


def watched(feeds: Sequence[Callable[[], Any]], chunks: int) -> None:
    """Some chunks of every stream, each as soon as the one before it was answered."""
    with ThreadPoolExecutor(len(feeds)) as pool:
        for done in [pool.submit(lambda feed: [feed() for _ in range(chunks)], feed) for feed in feeds]:
            done.result()


def load_shape(shape: str, device: str) -> LoadedModel:
    """A model of that shape with random weights."""
    if shape == "tiny":
        return resident_of(FAMILY, TinySize(), Forward, device=device)
    return loaded_shape(SHAPES[shape], device, Forward)


def set_mode(forward: Any, mode: str) -> None:
    """Let a loaded model decode another way."""
    forward._together = None if mode == "apart" else forward._decoder(cuda_graph if mode == "graphs" else None)


def step_bytes(forward: Any, seen: list[int]) -> int:
    """What one decode step has to read at least: weights of the text layers and the head, visible keys and values."""
    weights = sum(weight.nbytes for part in (forward._text.layers, forward._head) for weight in part.parameters())
    shape = forward.shape
    return weights + 2 * shape.layers * shape.heads * shape.head_dim * shape.dtype.itemsize * sum(seen)


def _card(device: str) -> tuple[str, float]:
    if device == "cpu":
        return "no card (processor)", 0.0
    return torch.cuda.get_device_name(), round(torch.cuda.get_device_properties(0).total_memory / 1e9, 1)


def _peak_gb(device: str) -> float:
    return round(torch.cuda.max_memory_allocated() / 1e9, 2) if device == "cuda" else 0.0


def table(report: Report) -> Iterator[str]:
    """Lines of Markdown with the card's name."""
    yield f"{report.card}, {report.memory_gb:g} GB, PyTorch {report.torch}, copies {report.copies_gb_per_s:g} GB/s"
    yield ""
    yield "| model | decode | streams | step | tokens/s | share of the roofline | memory |"
    yield "|---|---|---|---|---|---|---|"
    for row in report.decode:
        cells = (row["shape"], row["mode"], row["streams"], f"{row['step_ms']:g} ms", f"{row['tokens_per_s']:g}")
        yield "| " + " | ".join(map(str, (*cells, f"{row['roofline']:.0%}", f"{row['memory_gb']:g} GB"))) + " |"
    yield ""
    yield "| model | decode | streams | frames/s | times real time | frames/s with `overlap=on` | memory |"
    yield "|---|---|---|---|---|---|---|"
    for row in report.watch:
        cells = (row["shape"], row["mode"], row["streams"], f"{row['frames_per_s']:g}", f"{row['real_time']:g}")
        beside = "-" if row["overlapped_frames_per_s"] is None else f"{row['overlapped_frames_per_s']:g}"
        yield "| " + " | ".join(map(str, (*cells, beside, f"{row['memory_gb']:g} GB"))) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--shapes", nargs="+", choices=(*SHAPES, "tiny"), default=["8b", "4b", "2b"])
    parser.add_argument("--minutes", type=float, default=8.5)
    parser.add_argument("--out", type=Path, default=Path("build/gpu.json"))
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        sys.exit(NO_CARD)
    shapes = tuple(given.shapes)
    if given.device == "cuda":
        plan = Plan("cuda", shapes, given.minutes, 8192, 40, Film(854, 480, frames=4))
    else:
        plan = Plan("cpu", shapes, given.minutes, 24, 1, Film(16, 16, frames=2), streams=(1, 2), watched=(1, 2))
    report = Bench(plan).run()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(asdict(report), indent=1) + "\n")
    print("\n".join(table(report)))
    for line in islice(report.left_out, 40):
        print(f"left out: {line}", file=sys.stderr)


if __name__ == "__main__":
    main()
