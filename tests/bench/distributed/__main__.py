"""Benchmark: a model split over 2 and 3 processes against the same model in one, in turns in one run.

    python -m tests.bench.distributed                  one JSON object a line, nothing else on stdout
    python -m tests.bench.distributed --nodes 3 --streams 4    only these
    python -m tests.bench.distributed --network        three nodes with 1 Gbit/s and 1 ms between them

Every round feeds 1, 2 and 4 streams to each engine in turn; `ratio` is against one process in the same round, the median of all
rounds. Every process has as many threads as there are cores. `ratio_cpu` compares the
processor time of all processes for a token: what a busy machine changes least. Bytes are what leaves the starter on its hop;
memory is what each node's process has held at most, beside what a tiny model's has and the caches of four streams. The model has
260 million parameters (float32): a decode step takes as long as its weights take to be read, as that of a real one does.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from tests.bench.distributed.wires import Namespace, has_netem, network, relayed
from tests.servers import free_port
from tests.waiting import until
from tests.worker.engines.models import OPTIONS, checkpoint_folder, chunk
from worker.engine.protocol import Engine
from worker.engines import load_engine
from worker.engines.pipeline.engine import PipelineEngine
from worker.engines.pipeline.wire import What
from worker.engines.spec import ModelSpec
from worker.engines.tiny import TinySize, write_tiny
from worker.errors import Stopped
from worker.split.split import split

FAMILY, SIZE = "qwen3_vl", TinySize(hidden=1024, layers=28, heads=16, kv_heads=8)
LEAST = TinySize(layers=5)
WATCHED = replace(OPTIONS, max_tokens_per_chunk=12, silence_threshold=0.99)
STREAMS = (1, 2, 4)
ENDLESS = replace(WATCHED, max_tokens_per_chunk=500)
CHUNKS, ROUNDS = 2, 3


@dataclass(frozen=True)
class Speed:
    """Tokens and chunks of all streams together in a second, and seconds of processor time for a token."""

    tokens: float
    chunks: float
    cpu_s: float


@dataclass
class SplitRun:
    """An engine over a split model and the processes of its nodes."""

    engine: PipelineEngine
    nodes: list[subprocess.Popen[bytes]]


@contextmanager
def split_run(model: Path, folder: Path, nodes: int, wire: str) -> Iterator[SplitRun]:
    """A split model, its nodes started, with such a wire between them."""
    with ExitStack() as stack:
        places = stack.enter_context(network(nodes)) if wire == "netem" else []
        listen = f"{places[0].host if places else '127.0.0.1'}:{free_port()}"
        split(model, [1.0] * nodes, folder, listen)
        port = int(listen.rpartition(":")[2])
        join = f"127.0.0.1:{stack.enter_context(relayed(port))}" if wire == "relay" else listen
        yield stack.enter_context(joined(folder, nodes, join, places))


@contextmanager
def joined(folder: Path, nodes: int, join: str, places: Sequence[Namespace]) -> Iterator[SplitRun]:
    """The nodes of a folder and their engine, each in its namespace where there are any."""
    running = []
    for rank in range(1, nodes):
        command = [sys.executable, "-m", "worker", "node", "--chunk", str(folder / f"node{rank}"), "--device", "cpu"]
        command += ["--secret-file", str(folder / "secret"), "--join", join]
        inside = places[rank].command if places else []
        running.append(subprocess.Popen([*inside, *command], stdout=subprocess.DEVNULL))
    try:
        engine = load_engine(ModelSpec(f"split{nodes}", "pipeline", str(folder / "nodes.json"), {"device": "cpu"}))
        assert isinstance(engine, PipelineEngine)
        yield SplitRun(engine, running)
        engine.close()
    finally:
        for node in running:
            node.terminate()
        for node in running:
            node.wait()


def cpu_s(processes: Sequence[int]) -> float:
    """Processor time that this process and others have used."""
    ticks = 0
    for pid in (os.getpid(), *processes):
        fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def fed(engine: Engine, streams: int, others: Sequence[int] = ()) -> Speed:
    """So many streams at once through an engine that also works in other processes."""

    def watch(number: int) -> int:
        session = engine.open(WATCHED)
        said = sum(session.feed(chunk(100 * number + index)).tokens for index in range(CHUNKS))
        session.close()
        return said

    began, used_s = time.perf_counter(), cpu_s(others)
    with ThreadPoolExecutor(streams) as pool:
        tokens = sum(pool.map(watch, range(streams)))
    seconds = time.perf_counter() - began
    return Speed(tokens / seconds, streams * CHUNKS / seconds, (cpu_s(others) - used_s) / tokens)


def measure(whole: Engine, runs: dict[int, SplitRun], wire: str, rounds: int, several: Sequence[int]) -> None:
    """Rounds in turns, and a line for each engine and number of streams."""
    engines = {1: partial(fed, whole, others=())}
    engines |= {nodes: partial(fed, run.engine, others=[node.pid for node in run.nodes]) for nodes, run in runs.items()}
    for feed in engines.values():
        feed(1)  # what is only done once
    for streams in several:
        found: dict[int, list[Speed]] = {nodes: [] for nodes in engines}
        for _ in range(rounds):
            for nodes, feed in engines.items():
                found[nodes].append(feed(streams))
        for nodes, speeds in found.items():
            pairs = list(zip(speeds, found[1], strict=True))
            say(
                "speed",
                wire=wire,
                nodes=nodes,
                streams=streams,
                tokens_per_s=round(statistics.median(one.tokens for one in speeds), 1),
                ratio_tokens=round(statistics.median(one.tokens / base.tokens for one, base in pairs), 3),
                ratio_chunks=round(statistics.median(one.chunks / base.chunks for one, base in pairs), 3),
                ratio_cpu=round(statistics.median(one.cpu_s / base.cpu_s for one, base in pairs), 3),
            )


def tell_bytes(run: SplitRun, nodes: int) -> None:
    """Bytes that have left the starter, a decoded token and a chunk, against what the hidden state alone takes."""
    ring = run.engine.ring
    assert ring is not None
    before = dict(ring.traffic.bytes), dict(ring.traffic.packets)
    fed(run.engine, 1)
    decoded = ring.traffic.bytes[What.DECODE] - before[0].get(What.DECODE, 0)
    tokens = ring.traffic.packets[What.DECODE] - before[1].get(What.DECODE, 0)
    prefilled = ring.traffic.bytes[What.PREFILL] - before[0].get(What.PREFILL, 0)
    hidden = SIZE.hidden * torch.float32.itemsize
    say(
        "bytes",
        nodes=nodes,
        a_token=round(decoded / tokens),
        ratio_to_hidden=round(decoded / tokens / hidden, 3),
        a_chunk=round(prefilled / CHUNKS),
    )


def tell_memory(run: SplitRun, nodes: int, weights: int, top: Path) -> None:
    """Each node's weights against its share, and the most that its process has held (the starter's is this one's)."""
    with split_run(checkpoint_folder(FAMILY, LEAST), top / f"tiny{nodes}", nodes, "loopback") as tiny:
        fed(tiny.engine, 1)
        least = [0, *(peak_bytes(node.pid) for node in tiny.nodes)]
    session = run.engine.open(WATCHED)
    session.feed(chunk(0))
    until(lambda: all(node.cache_bytes for node in run.engine.info.nodes[1:]), "a node has no part of the stream")
    for info, process in zip(run.engine.info.nodes, [None, *run.nodes], strict=True):
        share = run.engine.coordinator.plan.nodes[info.rank].share.bytes
        caches = STREAMS[-1] * info.cache_bytes
        more = None if process is None else peak_bytes(process.pid) - least[info.rank] - caches
        say(
            "memory",
            nodes=nodes,
            rank=info.rank,
            weights=info.bytes,
            ratio_to_share=round(info.bytes / share, 3),
            share_of_model=round(share / weights, 3),
            caches=caches,
            process_to_share=more and round(more / share, 3),
        )
    session.close()


def peak_bytes(pid: int) -> int:
    """The most memory that a process has held."""
    status = Path("/proc", str(pid), "status").read_text()
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def tell_cancel(run: SplitRun, nodes: int) -> None:
    """From the moment when four replies, or those that are still to begin, are not wanted any more to the one when no node
    holds anything of them."""
    moments: list[float] = []
    unwanted = threading.Event()

    def held() -> bool:
        return any(node.cache_bytes for node in run.engine.info.nodes[1:])

    def cancel(text: str) -> None:
        if unwanted.is_set() or (text and held()):
            unwanted.set()
            moments.append(time.monotonic())
            raise Stopped

    def watch(number: int) -> None:
        session = run.engine.open(ENDLESS)
        with suppress(Stopped):
            session.feed(chunk(100 * number), cancel)
        session.close()

    with ThreadPoolExecutor(STREAMS[-1]) as pool:
        list(pool.map(watch, range(STREAMS[-1])))
    until(lambda: not held(), "a node still holds a stream")
    say("cancel", nodes=nodes, streams=len(moments), seconds=round(time.monotonic() - min(moments), 2))


def say(what: str, **found: object) -> None:
    print(json.dumps({"bench": "distributed", "what": what, **found}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--network", action="store_true", help="nodes in network namespaces with 1 Gbit/s and 1 ms")
    parser.add_argument("--nodes", type=int, choices=(2, 3), action="append", help="only this split; may be repeated")
    parser.add_argument("--streams", type=int, choices=STREAMS, action="append", help="only so many; may be repeated")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    with ExitStack() as stack:
        top = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="distributed-")))
        model = write_tiny(FAMILY, top / "model", SIZE)
        wire = "loopback" if not asked.network else "netem" if has_netem() else "relay"
        whole = load_engine(ModelSpec("whole", "pytorch", str(model), {"device": "cpu"}))
        numbers = [3] if asked.network else asked.nodes or [2, 3]
        runs = {n: stack.enter_context(split_run(model, top / f"split{n}", n, wire)) for n in numbers}
        measure(whole, runs, wire, asked.rounds, asked.streams or STREAMS)
        weights = sum(file.stat().st_size for file in model.glob("*.safetensors"))
        for nodes, run in runs.items():
            tell_bytes(run, nodes)
            tell_memory(run, nodes, weights, top)
            tell_cancel(run, nodes)
        whole.close()


if __name__ == "__main__":
    main()
