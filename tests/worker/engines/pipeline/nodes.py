"""A split tiny model with its nodes as threads of this process: what pipelines are tested on, the conformance suite too."""

from __future__ import annotations

import shutil
import tempfile
import threading
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import free_port
from tests.worker.engines.models import checkpoint_folder
from worker.engines.pipeline.chunk import NODES_FILE, read_plan
from worker.engines.pipeline.command import load_node
from worker.engines.pipeline.engine import PipelineEngine
from worker.engines.pipeline.node import NodeWorker
from worker.engines.spec import ModelSpec
from worker.engines.tiny import TinySize
from worker.split.split import split

SIZE = TinySize(layers=5)
DENSE = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe", "bm3_vl")
LEAVE_S = 20
PATIENT_S = 90


def split_folder(family: str, nodes: int, folder: Path, size: TinySize = SIZE, silent_s: float = PATIENT_S) -> Path:
    """A tiny model of a family, split; the folder with `nodes.json`. All threads of a test share one processor and lock."""
    plan = split(checkpoint_folder(family, size), [1.0] * nodes, folder, f"127.0.0.1:{free_port()}")
    (folder / NODES_FILE).write_text(plan.model_copy(update={"silent_s": silent_s}).model_dump_json())
    return folder


def node_of(folder: Path, rank: int, port: int, **named: str) -> NodeWorker:
    """A loaded node that has not joined yet."""
    asked = Namespace(
        chunk=folder / f"node{rank}",
        secret_file=folder / "secret",
        join=f"127.0.0.1:{port}",
        device="cpu",
        dtype=named.get("dtype"),
        attention=None,
    )
    return load_node(asked)


def port_of(folder: Path) -> int:
    """Where the starter of a split folder listens."""
    return int(read_plan(folder / "nodes.json").listen.rpartition(":")[2])


class NodeThread:
    """A node at work on a thread; `start` after `leave` is a restart with the weights still in memory."""

    def __init__(self, worker: NodeWorker) -> None:
        self.worker = worker
        self.start()

    def start(self) -> None:
        self.worker.stop.clear()
        self._thread = threading.Thread(target=self.worker.run, daemon=True)
        self._thread.start()

    def leave(self) -> None:
        self.worker.leave()
        self._thread.join(LEAVE_S)
        assert not self._thread.is_alive()


@contextmanager
def pipeline(family: str, nodes: int, size: TinySize = SIZE) -> Iterator[PipelineEngine]:
    """An engine over a split model, all its nodes joined."""
    folder = Path(tempfile.mkdtemp(prefix="pipeline-"))
    try:
        split_folder(family, nodes, folder / "split", size)
        with joined(folder / "split", nodes) as engine:
            yield engine
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def joined(folder: Path, nodes: int) -> Iterator[PipelineEngine]:
    """An engine and its nodes over a folder of `split_folder`."""
    others = [NodeThread(node_of(folder, rank, port_of(folder))) for rank in range(1, nodes)]
    try:
        engine = PipelineEngine(ModelSpec("model", "pipeline", str(folder / "nodes.json"), {"device": "cpu"}))
        try:
            yield engine
        finally:
            engine.close()
    finally:
        for node in others:
            node.leave()
