"""Benchmark: decode and prefill on a CPU, INT4 by ONNX beside PyTorch and llama.cpp (Q4_0), of one shape with random weights.

    python -m tests.bench.bench_cpu                        0.7B at contexts 128, 1024 and 4096; one JSON object a line
    python -m tests.bench.bench_cpu --shape tiny --rounds 1

The runtimes take turns, round by round, and read bandwidth is measured in every round: a busy machine slows all of them.
llama.cpp takes part where `pip install llama-cpp-python gguf` was possible (the first is built from source); else a line
says why not.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.cpu.models import SHAPES, TextShape, write_decoder, write_gguf
from worker.engines.onnx.forward import Embeddings, OnnxForward
from worker.engines.onnx.inspection import read_bandwidth
from worker.engines.onnx.runtime import open_graph
from worker.engines.spec import ModelSpec
from worker.streaming.runtime.protocol import PromptSegment
from worker.streaming.spans import SpanRole, TokenSpan

CONTEXTS = (128, 1024, 4096)
STEPS = 16
TOKENS = 1000  # ids are below this


@dataclass
class Runner:
    """One runtime: `prefill(tokens)` and `step()`, and what a step reads at a context."""

    name: str
    prefill: Callable[[int], None]
    step: Callable[[], None]
    step_bytes: Callable[[int], int]
    load_s: float
    decode: dict[int, list[float]] = field(default_factory=dict)
    filled: dict[int, list[float]] = field(default_factory=dict)


class OnnxDecoder:
    """Our graph behind the engine's own forward passes."""

    def __init__(self, folder: Path, shape: TextShape, kv: str, threads: int) -> None:
        manifest = write_decoder(folder, shape, 4, kv)
        start = time.perf_counter()
        graph = open_graph(folder / "decoder.onnx", ModelSpec("bench", "onnx"), "cpu", threads)
        self.load_s = time.perf_counter() - start
        table = np.random.default_rng(0).standard_normal((TOKENS, shape.hidden), dtype=np.float32)
        self.forward = OnnxForward(manifest, None, graph, Embeddings(table, "float32"))
        self.weights = (folder / "decoder.onnx.weights").stat().st_size

    def prefill(self, tokens: int) -> None:
        self.cache, self.used = self.forward.new_cache(tokens + 2 * STEPS, 0), tokens
        ids = tuple(index % TOKENS for index in range(tokens))
        span = TokenSpan(0, SpanRole.FRAMES, 0, tokens)
        self.forward.prefill(self.cache, [PromptSegment(span, ids)], None)

    def step(self) -> None:
        self.forward.decode([self.cache], [TokenSpan(1, SpanRole.FRAMES, 0, 1, self.used)], [self.used % TOKENS])
        self.used += 1


def onnx_runner(folder: Path, shape: TextShape, kv: str, threads: int) -> Runner:
    own = folder / f"onnx-{kv}"
    own.mkdir()
    decoder = OnnxDecoder(own, shape, kv, threads)
    token = decoder.forward.shape.nbytes(1, 0)
    return Runner(
        f"onnx int4 kv {kv}", decoder.prefill, decoder.step, lambda c: decoder.weights + c * token, decoder.load_s
    )


class LlamaDecoder:
    """The same through llama-cpp-python."""

    def __init__(self, path: Path, threads: int) -> None:
        from llama_cpp import Llama

        start = time.perf_counter()
        self.model = Llama(
            str(path), n_ctx=max(CONTEXTS) + 2 * STEPS, n_threads=threads, n_threads_batch=threads, verbose=False
        )
        self.load_s = time.perf_counter() - start

    def prefill(self, tokens: int) -> None:
        self.model.reset()
        self.model.eval([index % TOKENS for index in range(tokens)])

    def step(self) -> None:
        self.model.eval([self.model.n_tokens % TOKENS])


def llama_runner(folder: Path, shape: TextShape, threads: int) -> Runner:
    """llama.cpp. Raises ImportError where it is not installed."""
    import llama_cpp  # noqa: F401 - asked before a model is written for it

    path = folder / "model.gguf"
    write_gguf(path, shape)
    decoder = LlamaDecoder(path, threads)
    kv = 2 * 2 * shape.layers * shape.kv_heads * shape.head_dim  # llama.cpp keeps keys and values in half precision
    weights = shape.weights * 18 // 32  # 32 weights in 18 bytes
    return Runner("llama.cpp q4_0", decoder.prefill, decoder.step, lambda c: weights + c * kv, decoder.load_s)


def torch_runner(shape: TextShape, dtype: str, threads: int) -> Runner:
    import torch

    from tests.bench.cpu.by_torch import TorchDecoder

    start = time.perf_counter()
    decoder = TorchDecoder(shape, getattr(torch, dtype), threads, TOKENS, 2 * STEPS)
    took_s = time.perf_counter() - start
    return Runner(
        f"pytorch {dtype}", decoder.prefill, decoder.step, lambda c: decoder.bytes + c * decoder.token_bytes, took_s
    )


def measure(runners: Sequence[Runner], contexts: Sequence[int], rounds: int) -> list[float]:
    """Everything by turns; the read bandwidths that were found between."""
    bandwidths = []
    for context in contexts:
        for _ in range(rounds):
            bandwidths.append(read_bandwidth())
            for runner in runners:
                start = time.perf_counter()
                runner.prefill(context)
                runner.filled.setdefault(context, []).append(context / (time.perf_counter() - start))
                for _ in range(STEPS):
                    start = time.perf_counter()
                    runner.step()
                    runner.decode.setdefault(context, []).append(1 / (time.perf_counter() - start))
    return bandwidths


def report(runners: Sequence[Runner], bandwidths: list[float], shape: str, threads: int) -> None:
    read = max(bandwidths)
    for runner in runners:
        for context, rates in runner.decode.items():
            best = max(rates)
            tell(
                shape=shape,
                runtime=runner.name,
                threads=threads,
                context=context,
                decode_tokens_per_s=round(statistics.median(rates), 2),
                decode_best=round(best, 2),
                prefill_tokens_per_s=round(max(runner.filled[context]), 1),
                load_s=round(runner.load_s, 2),
                read_gb_per_s=round(read / 1e9, 2),
                share_of_bound=round(best * runner.step_bytes(context) / read, 3),
                decode_over_first=round(statistics.median(rates) / statistics.median(runners[0].decode[context]), 3),
                load_average=round(os.getloadavg()[0], 1),
            )
    tell(peak_rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def tell(**line: Any) -> None:
    print(json.dumps(line), flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_cpu", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--shape", choices=SHAPES, default="0.7b")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--contexts", type=int, nargs="+", default=list(CONTEXTS))
    parser.add_argument("--torch", nargs="*", choices=("float32", "bfloat16"), default=["float32", "bfloat16"])
    asked = parser.parse_args(arguments)
    shape = SHAPES[asked.shape]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runners = [torch_runner(shape, dtype, asked.threads) for dtype in asked.torch]
        runners += [onnx_runner(folder, shape, kv, asked.threads) for kv in ("fp32", "fp16", "int8")]
        try:
            runners.insert(0, llama_runner(folder, shape, asked.threads))
        except (ImportError, OSError) as error:
            tell(runtime="llama.cpp q4_0", skipped=str(error))
        report(runners, measure(runners, asked.contexts, asked.rounds), asked.shape, asked.threads)
    return 0


if __name__ == "__main__":
    sys.exit(main())
