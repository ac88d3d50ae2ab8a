"""A pipeline whose nodes are lost and come back: noticed in time, and streams go on from their checkpoints, whole."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch

from db.failures import Failure
from tests.waiting import until
from tests.worker.engines.models import OPTIONS, chunk
from tests.worker.engines.pipeline.nodes import SIZE, NodeThread, node_of, port_of, split_folder
from worker.engine.protocol import ChatRequest, Session
from worker.engines.pipeline import batcher
from worker.engines.pipeline.engine import PipelineEngine
from worker.engines.pipeline.wire import What
from worker.engines.spec import ModelSpec
from worker.errors import NotReady, Transient

NOTICED_S = 20  # ten, of which a node may be silent eight; twice that where tests share the processors
AGAIN_S = 400  # a process that is started again; so long where all processors are taken
FAMILY = "bm3_vl"
CHUNKS = 40
FAULTS = 8
SEED = 20


@dataclass
class Group:
    """An engine and its two nodes, as threads."""

    engine: PipelineEngine
    nodes: list[NodeThread]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    top = Path(tempfile.mkdtemp(prefix="faults-"))
    yield split_folder(FAMILY, 3, top / "split", silent_s=8)
    shutil.rmtree(top)


@pytest.fixture
def group(folder: Path) -> Iterator[Group]:
    nodes = [NodeThread(node_of(folder, rank, port_of(folder))) for rank in (1, 2)]
    engine = PipelineEngine(ModelSpec("model", "pipeline", str(folder / "nodes.json"), {"device": "cpu"}))
    yield Group(engine, nodes)
    engine.close()
    for node in nodes:
        node.leave()


def leaves_and_returns(node: NodeThread) -> None:
    node.leave()
    node.start()


def is_cut_off(node: NodeThread) -> None:
    node.worker.cut()


FAULT_KINDS: tuple[Callable[[NodeThread], None], ...] = (leaves_and_returns, is_cut_off)


def feed_all(engine: PipelineEngine, first: int, over: threading.Event) -> list[int]:
    """Feed a stream chunk by chunk as a job does, from its last checkpoint whenever the pipeline breaks off."""
    answered: list[int] = []
    state = None
    while state is None or state["next_chunk"] < first + CHUNKS:
        try:
            session = engine.open(OPTIONS, state)
            if state is not None:
                for index in range(state["rewatch_from_chunk"], state["next_chunk"]):
                    session.rewatch(chunk(index))
            for index in range(first if state is None else state["next_chunk"], first + CHUNKS):
                session.feed(chunk(index))
                state = session.checkpoint()
                answered.append(index)
        except Transient:
            time.sleep(0.2)
    over.set()
    return answered


def feed_on(session: Session) -> None:
    for index in range(1, 10_000):
        session.feed(chunk(index))


def test_a_node_that_leaves_breaks_turns_off_and_comes_back(group: Group) -> None:
    session = group.engine.open(OPTIONS)
    session.feed(chunk(0))
    state = session.checkpoint()
    group.nodes[0].leave()
    began = time.monotonic()
    with pytest.raises(Transient) as broken:
        feed_on(session)
    assert time.monotonic() - began < NOTICED_S
    assert broken.value.code is Failure.ENGINE_UNREACHABLE
    assert "node 1 (secondary)" in (group.engine.problem() or "")
    assert [node.joined for node in group.engine.info.nodes] == [True, False, True]
    group.nodes[0].start()
    assert group.engine.coordinator.ring(30) is not None
    assert group.engine.problem() is None
    resumed = group.engine.open(OPTIONS, state)
    resumed.rewatch(chunk(0))
    resumed.feed(chunk(1))
    resumed.close()


def test_a_stream_that_finds_nodes_away_has_not_begun(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batcher, "RING_WAIT_S", 0.2)
    group.nodes[0].leave()
    until(lambda: group.engine.problem() is not None, "nobody noticed that the node has left")
    with pytest.raises(NotReady, match=r"node 1 \(secondary\)"):
        group.engine.open(OPTIONS).feed(chunk(0))
    group.nodes[0].start()


def test_streams_that_end_free_their_caches_on_every_node(group: Group) -> None:
    session = group.engine.open(OPTIONS)
    session.feed(chunk(0))
    until(lambda: all(node.cache_bytes for node in group.engine.info.nodes[1:]), "a node has no part of the stream")
    session.close()
    until(lambda: not any(node.cache_bytes for node in group.engine.info.nodes[1:]), "a node still holds the stream")


def test_a_decoded_token_costs_each_hop_its_hidden_state_and_96_bytes(group: Group) -> None:
    session = group.engine.open(replace(OPTIONS, silence_threshold=1.0))
    for index in range(3):
        session.feed(chunk(index))
    session.close()
    hidden_bytes = SIZE.hidden * torch.float32.itemsize
    *down, back = (ring.traffic for ring in (group.engine.ring, *(node.worker.ring for node in group.nodes)) if ring)
    steps = down[0].packets[What.DECODE]
    assert steps > 10
    assert [one.packets[What.DECODE] for one in down] == [steps, steps]
    assert [one.bytes[What.DECODE] for one in down] == [steps * (hidden_bytes + 96)] * 2
    assert back.packets[What.CHOSEN] == steps + 3
    assert back.bytes[What.CHOSEN] < 100 * (steps + 3)


@pytest.mark.timeout(900)
def test_no_chunk_is_lost_or_answered_twice_whatever_breaks(group: Group) -> None:
    """Faults of both kinds on both nodes, drawn by a seed, while three streams are fed."""
    drawn = random.Random(SEED)
    over = [threading.Event() for _ in range(3)]
    done = 0
    with ThreadPoolExecutor(len(over)) as pool:
        firsts = [100 * number for number in range(len(over))]
        streams = [pool.submit(feed_all, group.engine, first, end) for first, end in zip(firsts, over, strict=True)]
        while done < FAULTS and not all(end.is_set() for end in over):
            assert group.engine.coordinator.ring(120) is not None, group.engine.problem()
            time.sleep(drawn.uniform(0.0, 0.5))
            drawn.choice(FAULT_KINDS)(drawn.choice(group.nodes))
            done += 1
        answered = [stream.result(600) for stream in streams]
    assert done > 3
    assert answered == [list(range(first, first + CHUNKS)) for first in firsts]


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_a_process_that_is_killed_or_frozen_is_noticed_in_ten_seconds(folder: Path, fault: signal.Signals) -> None:
    command = [sys.executable, "-m", "worker", "node", "--secret-file", str(folder / "secret"), "--device", "cpu"]
    command += ["--join", f"127.0.0.1:{port_of(folder)}"]
    nodes = [subprocess.Popen([*command, "--chunk", str(folder / f"node{rank}")]) for rank in (1, 2)]
    engine = PipelineEngine(ModelSpec("model", "pipeline", str(folder / "nodes.json"), {"device": "cpu"}))
    try:
        ring = engine.coordinator.ring()
        session = engine.open(OPTIONS)
        session.feed(chunk(0))
        nodes[0].send_signal(fault)
        began = time.monotonic()
        with pytest.raises(Transient):
            feed_on(session)
        assert time.monotonic() - began < NOTICED_S
        if fault is signal.SIGKILL:
            nodes[0].wait()
            nodes[0] = subprocess.Popen([*command, "--chunk", str(folder / "node1")])
        else:
            nodes[0].send_signal(signal.SIGCONT)
        assert engine.coordinator.ring(AGAIN_S) not in (None, ring)
        assert engine.chat(ChatRequest([{"role": "user", "content": "Hello"}], 3)).completion_tokens
    finally:
        engine.close()
        for node in nodes:
            node.terminate()
            assert node.wait(60) == 0
