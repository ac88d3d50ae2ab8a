"""The measured side of the benchmark: one runtime in a process of its own, asked and answering in JSON lines.

Nothing here needs more than the standard library: it runs in the peers' environments too.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

Line = dict[str, Any]
Took = tuple[float, float]
"""Seconds of the clock, and of the processor: all threads of the process."""


class Served(Protocol):
    """What a process measures. `about` goes into its first line."""

    about: Line

    def answer(self, asked: Line) -> Line:
        """What is told about one request."""
        ...


class Decoder(Protocol):
    """A model in memory. `weights` and `token` are the bytes that a step reads: of the weights, and of each token kept."""

    weights: int
    token: int

    def prefill(self, tokens: int) -> None:
        """Begin anew with so many tokens."""
        ...

    def step(self) -> None:
        """One token more."""
        ...


class Decoding:
    """Answers {"prefill": tokens} and {"steps": count} with what a decoder took."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self.about: Line = {"weights": decoder.weights, "token": decoder.token}

    def answer(self, asked: Line) -> Line:
        """See `Served`."""
        if tokens := asked.get("prefill"):
            return {"prefill": timed(lambda: self._decoder.prefill(tokens))}
        return {"steps": [timed(self._decoder.step) for _ in range(asked["steps"])]}


def serve(load: Callable[[], Served]) -> None:
    """Load, tell how that went, and answer until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer

    def tell(line: Line) -> None:
        answers.write(json.dumps(line) + "\n")
        answers.flush()

    start = time.perf_counter()
    served = load()
    tell({"load_s": time.perf_counter() - start, "load_peak_mb": peak_mb()} | served.about)
    for line in sys.stdin:
        tell(served.answer(json.loads(line)) | {"peak_mb": peak_mb(), "resident_mb": resident_mb()})


def now() -> Took:
    """Both clocks."""
    return time.perf_counter(), time.process_time()


def since(start: Took, end: Took | None = None) -> Took:
    """What passed between two times, or until now."""
    wall_s, cpu_s = end or now()
    return wall_s - start[0], cpu_s - start[1]


def timed(work: Callable[[], Any]) -> Took:
    """What a call took."""
    start = now()
    work()
    return since(start)


def peak_mb() -> int:
    """The most memory that this process has held, in MiB; not what it was forked from held, as getrusage counts it."""
    return _status_mb("VmHWM:")


def resident_mb() -> int:
    """What it holds now, in MiB."""
    return _status_mb("VmRSS:")


def _status_mb(field: str) -> int:
    return int(Path("/proc/self/status").read_text("ascii").split(field)[1].split()[0]) // 1024
