"""Benchmark: a CPU's decode and prefill, ours (ONNX, INT4) beside llama.cpp (Q4_0), OpenVINO (INT4) and PyTorch; JSON lines.

    python -m tests.bench.bench_cpu decode                    0.7B and 4B shapes at contexts 128, 1024 and 4096
    python -m tests.bench.bench_cpu decode --shapes tiny --contexts 64 --rounds 1
    python -m tests.bench.bench_cpu streamed                  chunks a second of a video, a 2B shape, ours and PyTorch
    python -m tests.bench.bench_cpu nano                      memory over 10,000 chunks, first token after the start
    python -m tests.bench.bench_cpu                           all of them, which takes hours

Weights are random. Every runtime is a process of its own; they take turns, round by round, with the read bandwidth measured
between, so a busy machine slows all of them; with --threads 1 the times of the processor
say more there. A peer that cannot be installed is named in a line with the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.cpu.exported import exported
from tests.bench.cpu.models import KV, write_decoder
from tests.bench.cpu.nano import export_nano, first_token, memory
from tests.bench.cpu.peers import LLAMA, LLAMA_WHEEL, OPENVINO, ROOT, Peer, PeerMissing
from tests.bench.cpu.runtime import Runtime, in_turn
from tests.bench.cpu.shapes import SHAPES
from tests.bench.cpu.streamed import streamed
from worker.engines.onnx.inspection import read_bandwidth

CONTEXTS = (128, 1024, 4096)
BASES = ("llama.cpp q4_0", "llama.cpp q4_0 (wheel)")
PEERS = {
    "llama": (BASES[0], "by_llama", LLAMA),
    "llama-wheel": (BASES[1], "by_llama", LLAMA_WHEEL),
    "openvino": ("openvino int4", "by_openvino", OPENVINO),
}
RUNTIMES = (*PEERS, *KV, "bfloat16", "float32")
Start = Callable[[], Runtime]
PARTS = ("decode", "streamed", "nano")


def tell(**line: Any) -> None:
    print(json.dumps({"bench": "cpu", **line, "load_average": round(os.getloadavg()[0], 1)}), flush=True)


def starters(folder: Path, shape: str, threads: int, asked: Sequence[str]) -> Iterator[tuple[str, Start]]:
    """What starts each runtime that was asked for."""
    for name in asked:
        if name in PEERS:
            label, module, peer = PEERS[name]
            yield label, partial(_peer, peer, label, module, folder, shape, threads)
        elif name in KV:
            label = f"onnx int4 kv {name}"
            yield label, partial(Runtime.start, label, "by_onnx", str(folder), name, str(threads))
        else:
            label = f"pytorch {name}"
            yield label, partial(Runtime.start, label, "by_torch", shape, name, str(threads))


def _peer(peer: Peer, label: str, module: str, folder: Path, shape: str, threads: int) -> Runtime:
    """A peer over the GGUF file, which is written when the first one asks for it. Raises PeerMissing."""
    path, python = folder / "model.gguf", peer.ensure()
    if not path.exists():
        subprocess.run([str(python), "-m", "tests.bench.cpu.gguf_file", shape, str(path)], check=True, cwd=ROOT)
    return Runtime.start(label, module, str(path), shape, str(threads), python=python)


def bench_decode(
    folder: Path, shape: str, contexts: Sequence[int], rounds: int, threads: int, asked: Sequence[str]
) -> None:
    """Every runtime over one shape, whose models are in a folder."""
    runtimes: list[Runtime] = []
    try:
        for label, start in starters(folder, shape, threads, asked):
            try:
                runtimes.append(start())
            except PeerMissing as error:
                tell(part="decode", shape=shape, runtime=label, skipped=str(error))
        for context in contexts:
            bandwidths = []
            for _ in range(rounds):
                bandwidths.append(read_bandwidth(threads))
                in_turn(runtimes, context)
            report(runtimes, context, max(bandwidths), shape=shape, threads=threads)
    finally:
        for runtime in runtimes:
            runtime.close()


def report(runtimes: Sequence[Runtime], context: int, read: float, **about: Any) -> None:
    """A line for each; ratios are against llama.cpp, or the first where it takes no part."""
    base = next((runtime for runtime in runtimes if runtime.name in BASES), runtimes[0])
    (base_s, base_cpu_s), (base_fill_s, base_fill_cpu_s) = base.step(context), base.fill(context)
    for runtime in runtimes:
        (step_s, step_cpu_s), (fill_s, fill_cpu_s) = runtime.step(context), runtime.fill(context)
        best_s = min(wall_s for wall_s, _ in runtime.decoded[context])
        tell(
            part="decode",
            **about,
            runtime=runtime.name,
            context=context,
            decode_tokens_per_s=round(1 / step_s, 2),
            decode_best=round(1 / best_s, 2),
            decode_cpu_ms=round(1000 * step_cpu_s, 2),
            prefill_tokens_per_s=round(context / fill_s, 1),
            prefill_cpu_s=round(fill_cpu_s, 3),
            decode_ratio=round(base_s / step_s, 3),
            decode_cpu_ratio=round(base_cpu_s / step_cpu_s, 3),
            prefill_ratio=round(base_fill_s / fill_s, 3),
            prefill_cpu_ratio=round(base_fill_cpu_s / fill_cpu_s, 3),
            vs=base.name,
            read_gb_per_s=round(read / 1e9, 2),
            share_of_bound=round(runtime.step_bytes(context) / best_s / read, 3),
            load_s=round(runtime.loaded["load_s"], 2),
            load_peak_mb=runtime.loaded["load_peak_mb"],
            peak_mb=runtime.peak_mb,
        )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_cpu", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("parts", nargs="*", choices=PARTS, default=[])
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=["0.7b", "4b"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--contexts", type=int, nargs="+", default=list(CONTEXTS))
    parser.add_argument("--runtimes", nargs="+", choices=RUNTIMES, default=list(RUNTIMES))
    parser.add_argument("--window-ms", type=int, default=16_000, help="of the streamed video")
    parser.add_argument("--chunks", type=int, default=10_000, help="of nano's memory")
    asked = parser.parse_args(arguments)
    parts = asked.parts or PARTS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "decode" in parts:
            for shape in asked.shapes:
                own = folder / shape
                own.mkdir()
                write_decoder(own, SHAPES[shape])
                bench_decode(own, shape, asked.contexts, asked.rounds, asked.threads, asked.runtimes)
                shutil.rmtree(own)
        if "streamed" in parts:
            checkpoint, export = exported("2b", folder, tell)
            streamed(export, checkpoint, asked.window_ms, asked.rounds, asked.threads, tell)
        if "nano" in parts:
            nano = export_nano(folder)
            first_token(nano, folder, asked.rounds, tell)
            memory(nano, asked.chunks, tell)
    return 0


if __name__ == "__main__":
    sys.exit(main())
