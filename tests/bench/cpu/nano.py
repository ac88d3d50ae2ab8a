"""The built-in nano by the ONNX engine: the time from the start to its first token, and its memory over a long stream."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.bench.cpu.peers import ROOT
from tests.bench.cpu.runtime import Runtime
from worker.bm3 import NANO

SIDE_TOKENS, WINDOW_MS = 2, 4000
SETTLED = 1000  # chunks after which nothing may grow any more
ASKED = 500


def export_nano(folder: Path) -> Path:
    """A float32 export of it."""
    out = folder / "nano"
    command = [sys.executable, "-m", "worker.export", str(NANO), "--out", str(out), "--weights", "fp32", "--quiet"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return out


def first_token(export: Path, folder: Path, rounds: int, tell: Callable[..., None]) -> None:
    """Seconds from starting `python -m worker.ask` to the first of its answer; the first round is left out."""
    picture = folder / "picture.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)).save(picture)
    command = [sys.executable, "-m", "worker.ask", str(picture), "--text", "What is this?", "--model", f"onnx:{export}"]
    seconds = [_until_first_byte(command) for _ in range(rounds + 1)][1:]
    tell(part="first token", model="nano", median_s=round(statistics.median(seconds), 3), best_s=round(min(seconds), 3))


def _until_first_byte(command: list[str]) -> float:
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        took = time.perf_counter() - start
        process.stdout.read()
    return took


def memory(export: Path, chunks: int, tell: Callable[..., None]) -> None:
    """Resident memory along a stream of so many chunks."""
    arguments = (str(SIDE_TOKENS), str(WINDOW_MS))
    runtime = Runtime.start("nano", "by_engine", f"onnx:{export}?threads=1", *arguments)
    try:
        resident = [runtime.ask(chunks=ASKED)["resident_mb"] for _ in range(chunks // ASKED)]
    finally:
        runtime.close()
    settled = resident[min(SETTLED // ASKED, len(resident)) - 1]
    growth = resident[-1] - settled
    tell(part="memory", model="nano", chunks=chunks, resident_mb=resident[-1], growth_mb=growth, since_chunk=SETTLED)
