"""A pipeline over a network that is cut or slow: noticed where it must be, waited for where it can be, whole again after."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

import pytest

from tests.waiting import until
from tests.worker.engines.models import OPTIONS, chunk
from tests.worker.engines.pipeline.nodes import NodeThread, node_of, port_of, split_folder
from tests.worker.engines.pipeline.relay import Relay
from worker.engine.protocol import Session
from worker.engines.pipeline.engine import PipelineEngine
from worker.engines.spec import ModelSpec
from worker.errors import Stopped, Transient

FAMILY, SILENT_S = "bm3_vl", 8.0
NOTICED_S = 20  # ten, and twice that where tests share the processors
MENDED_S = 600.0  # until the ring is formed again, where others take the processors


@dataclass
class Group:
    """An engine whose two nodes are behind a network of their own."""

    engine: PipelineEngine
    network: Relay


@pytest.fixture(scope="module")
def group() -> Iterator[Group]:
    top = Path(tempfile.mkdtemp(prefix="network-"))
    folder = split_folder(FAMILY, 3, top / "split", silent_s=SILENT_S)
    network = Relay(port_of(folder))
    nodes = [NodeThread(node_of(folder, rank, network.port)) for rank in (1, 2)]
    engine = PipelineEngine(ModelSpec("model", "pipeline", str(folder / "nodes.json"), {"device": "cpu"}))
    yield Group(engine, network)
    engine.close()
    for node in nodes:
        node.leave()
    network.close()
    shutil.rmtree(top)


def feed_on(session: Session) -> None:
    for index in range(1, 100_000):
        session.feed(chunk(index))


def feed_until_broken(session: Session) -> float:
    """Seconds until the pipeline breaks off."""
    began = time.monotonic()
    with pytest.raises(Transient):
        feed_on(session)
    return time.monotonic() - began


def answers(engine: PipelineEngine) -> list[str]:
    session = engine.open(OPTIONS)
    said = [session.feed(chunk(index)).text for index in range(3)]
    session.close()
    return said


def works_again(engine: PipelineEngine, said: list[str]) -> None:
    assert engine.coordinator.ring(MENDED_S) is not None, engine.problem()
    assert answers(engine) == said


@pytest.mark.timeout(900)
def test_a_network_that_is_slow_is_waited_for(group: Group) -> None:
    said, ring = answers(group.engine), group.engine.ring
    group.network.ring.delay_s, group.network.ring.bytes_per_s = 0.05, 1e5
    try:
        assert answers(group.engine) == said
        assert group.engine.ring is ring
    finally:
        group.network.ring.delay_s, group.network.ring.bytes_per_s = 0.0, inf


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("connections", ["all", "ring"])
def test_a_network_that_is_cut_is_noticed_and_the_ring_formed_anew(group: Group, connections: str) -> None:
    """`ring`: the nodes are heard by the starter, and nothing comes through from one to the next."""
    said = answers(group.engine)
    session = group.engine.open(OPTIONS)
    session.feed(chunk(0))
    if connections == "all":
        group.network.cut()
    else:
        group.network.ring.whole.clear()
    try:
        assert feed_until_broken(session) < NOTICED_S
        assert group.engine.problem() is not None
    finally:
        group.network.mend()
    works_again(group.engine, said)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("moment", ["prefill", "reply"])
def test_streams_that_are_canceled_free_all_nodes(group: Group, moment: str) -> None:
    """Each at a moment when nodes hold a part of it: on its way in over a slow network, or while it speaks."""
    group.network.ring.bytes_per_s = 1e4 if moment == "prefill" else inf
    answering = replace(OPTIONS, max_tokens_per_chunk=2000, silence_threshold=1.0)

    def held() -> bool:
        return any(node.cache_bytes for node in group.engine.info.nodes[1:])

    def cancel(text: str) -> None:
        if moment == "reply" and text:  # a reply can be over before the nodes are asked again: it waits here
            until(held, "no node holds a stream that speaks")
            raise Stopped
        if moment == "prefill" and held():
            raise Stopped

    def watch(number: int) -> None:
        session = group.engine.open(answering)
        with pytest.raises(Stopped):
            session.feed(chunk(number), cancel)
        session.close()

    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(watch, range(2)))
        until(lambda: not held(), "a node still holds a stream")
        assert group.engine.problem() is None
    finally:
        group.network.ring.bytes_per_s = inf
