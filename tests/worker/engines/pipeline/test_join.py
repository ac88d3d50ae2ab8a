"""Who may join: whoever knows the secret and holds the right chunk in the right version; a stranger gets no answer at all."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers import free_port
from worker.engines.pipeline.chunk import ChunkProblem, NodeRole, NodeShare, NodesPlan, PlannedNode
from worker.engines.pipeline.control import (
    FORMAT,
    ControlLine,
    ControlLost,
    JoinRefused,
    NodeCard,
    address,
    introduce,
    read_secret,
)
from worker.engines.pipeline.coordinator import Coordinator

SECRET = b"a secret that all nodes share"
CHUNKS = ("a" * 64, "b" * 64)
NewLine = Callable[[Coordinator], ControlLine]


def share(rank: int) -> NodeShare:
    return NodeShare(rank=rank, role=NodeRole.of(rank, 2), first=rank, last=rank + 1, parameters=1, bytes=4)


@pytest.fixture
def coordinator() -> Iterator[Coordinator]:
    nodes = tuple(PlannedNode(share=share(rank), sha256=CHUNKS[rank]) for rank in range(2))
    plan = NodesPlan(nodes=nodes, listen=f"127.0.0.1:{free_port()}", silent_s=1)
    started = Coordinator(plan, SECRET, card(0), lambda *_: None, lambda *_: None)
    yield started
    started.close()


def card(rank: int, dtype: str = "float32") -> NodeCard:
    return NodeCard.of(rank, CHUNKS[min(rank, 1)], dtype, "cpu", 4, f"of {rank}")


@pytest.fixture
def line_to() -> Iterator[NewLine]:
    """Makes connections, and closes them after the test."""
    made: list[ControlLine] = []

    def connect(coordinator: Coordinator) -> ControlLine:
        made.append(ControlLine(socket.create_connection(("127.0.0.1", coordinator.port), 5)))
        return made[-1]

    yield connect
    for line in made:
        line.close()


def test_a_node_with_secret_chunk_and_versions_is_welcome(line_to: NewLine, coordinator: Coordinator) -> None:
    assert "node 1 (finisher)" in (coordinator.problem() or "")
    line = line_to(coordinator)
    assert introduce(line, SECRET, card(1)) == {"type": "welcome", "silent_s": 1.0, "nodes": 2}
    assert [state.joined for state in coordinator.states()] == [True, True]
    line.close()


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (replace(card(1), chunk="c" * 64), "another split"),
        (replace(card(1), dtype="bfloat16"), "dtype bfloat16, the starter float32"),
        (replace(card(1), packages={**card(1).packages, "torch": "1.0"}), "torch 1.0"),
        (replace(card(1), rank=2), "no node 2 of 2"),
        (replace(card(1), rank=0), "no node 0 of 2"),
    ],
    ids=["chunk", "dtype", "version", "rank", "starter"],
)
def test_what_does_not_fit_is_refused_with_the_reason(
    line_to: NewLine, coordinator: Coordinator, wrong: NodeCard, reason: str
) -> None:
    with pytest.raises(JoinRefused, match=reason) as refused:
        introduce(line_to(coordinator), SECRET, wrong)
    assert not refused.value.again


def test_a_second_node_of_one_rank_may_come_later(line_to: NewLine, coordinator: Coordinator) -> None:
    first = line_to(coordinator)
    introduce(first, SECRET, card(1))
    with pytest.raises(JoinRefused, match="joined already") as refused:
        introduce(line_to(coordinator), SECRET, card(1))
    assert refused.value.again
    first.close()


def test_another_secret_is_refused_before_anything_is_told(line_to: NewLine, coordinator: Coordinator) -> None:
    with pytest.raises(JoinRefused, match="the secrets differ"):
        introduce(line_to(coordinator), b"another secret of some length", card(1))
    assert [state.joined for state in coordinator.states()] == [True, False]


def test_a_starter_without_the_secret_is_not_believed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
        theirs = ControlLine(server.accept()[0])
        theirs.send(type="challenge", format=FORMAT, nonce="0" * 64)
        theirs.send(type="proven", proof="0" * 64)
        with pytest.raises(JoinRefused, match="does not know the secret"):
            introduce(ControlLine(ours), SECRET, card(1))
        theirs.close()


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">I", 2**31) + b"x",
        struct.pack(">I", 2) + b"[]",
        struct.pack(">I", 4) + b"\x80\x04N.",
        struct.pack(">I", 16) + b'{"type": "card"}',
        b"",
    ],
    ids=["http", "huge", "list", "pickle", "too early", "nothing"],
)
def test_a_stranger_gets_a_challenge_and_then_nothing(coordinator: Coordinator, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", coordinator.port), 60) as connection:
        line = ControlLine(connection)
        assert line.receive().keys() == {"type", "format", "nonce"}
        with suppress(OSError):  # hung up on already
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
        with pytest.raises(ControlLost, match=r"closed|reset"):  # reset where something of it was not read
            line.receive()
    assert [state.joined for state in coordinator.states()] == [True, False]


def hear_on(line: ControlLine) -> None:
    while True:
        line.receive()


def test_a_silent_node_is_lost(line_to: NewLine, coordinator: Coordinator) -> None:
    line = line_to(coordinator)
    introduce(line, SECRET, card(1))
    line.wait_at_most(10)
    with pytest.raises(ControlLost):
        hear_on(line)  # pings, and none is answered
    assert [state.joined for state in coordinator.states()] == [True, False]


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nodes = tuple(PlannedNode(share=share(rank), sha256=CHUNKS[rank]) for rank in range(2))
        plan = NodesPlan(nodes=nodes, listen=f"127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(ChunkProblem, match="nodes cannot join at"):
            Coordinator(plan, SECRET, card(0), lambda *_: None, lambda *_: None)


def test_the_starter_listens_on_loopback_unless_told() -> None:
    nodes = tuple(PlannedNode(share=share(rank), sha256=CHUNKS[rank]) for rank in range(2))
    assert address(NodesPlan(nodes=nodes).listen)[0] == "127.0.0.1"


def test_addresses_and_secrets_of_another_form_are_refused(tmp_path: Path) -> None:
    assert address("[::1]:7433") == ("::1", 7433)
    for text in ("host", "host:", ":7433", "host:x", "host:99999"):
        with pytest.raises(ChunkProblem):
            address(text)
    (tmp_path / "secret").write_text("short\n")
    with pytest.raises(ChunkProblem, match="shorter than 16"):
        read_secret(tmp_path / "secret")
    with pytest.raises(ChunkProblem, match="cannot be read"):
        read_secret(tmp_path / "none")
