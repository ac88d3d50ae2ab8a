"""A video watched by a 2B shape at a full window: the ONNX engine beside the PyTorch engine on the same CPU."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.bench.cpu.runtime import Runtime

SIDE_TOKENS = 8
PARTS = ("seconds", "cpu_s", "vision_s", "prefill_s", "reply_s")


def streamed(
    export: Path, checkpoint: Path, window_ms: int, rounds: int, threads: int, tell: Callable[..., None]
) -> None:
    """Both engines fill their windows, then take turns chunk by chunk; `tell` is called with a line for each."""
    arguments = (str(SIDE_TOKENS), str(window_ms))
    os.environ["OMP_NUM_THREADS"] = str(threads)
    runtimes = [
        Runtime.start("onnx int4", "by_engine", f"onnx:{export}?threads={threads}", *arguments),
        Runtime.start("pytorch float32", "by_engine", f"pytorch:{checkpoint}?device=cpu", *arguments),
    ]
    try:
        for runtime in runtimes:
            runtime.ask(chunks=window_ms // 2000 + 1)
        taken: dict[str, list[dict[str, Any]]] = {runtime.name: [] for runtime in runtimes}
        for _ in range(rounds):
            for runtime in runtimes:
                taken[runtime.name] += runtime.ask(chunks=1)["chunks"]
    finally:
        for runtime in runtimes:
            runtime.close()
    report(runtimes, taken, threads, tell)


def report(
    runtimes: Sequence[Runtime], taken: dict[str, list[dict[str, Any]]], threads: int, tell: Callable[..., None]
) -> None:
    """A line for each; the ratio is that of chunks a second to the last one's."""
    medians = {
        name: {part: statistics.median(chunk[part] for chunk in chunks) for part in PARTS}
        for name, chunks in taken.items()
    }
    slowest = medians[runtimes[-1].name]
    for runtime in runtimes:
        found = medians[runtime.name]
        tell(
            part="streamed",
            shape="2b",
            threads=threads,
            runtime=runtime.name,
            context=taken[runtime.name][-1]["context_tokens"],
            chunks_per_s=round(1 / found["seconds"], 4),
            ratio=round(slowest["seconds"] / found["seconds"], 3),
            cpu_ratio=round(slowest["cpu_s"] / found["cpu_s"], 3),
            vs=runtimes[-1].name,
            **{part: round(found[part], 3) for part in PARTS[1:]},
            load_s=round(runtime.loaded["load_s"], 2),
            load_peak_mb=runtime.loaded["load_peak_mb"],
            peak_mb=runtime.peak_mb,
        )
