"""Rings that are left: nobody goes on waiting in them, and a process ends as it should."""

from __future__ import annotations

import queue
import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.checkout import ROOT
from tests.waiting import until
from tests.worker.engines.pipeline.rings import PACKET, TOO_LARGE, make_rings, pass_on
from worker.engines.pipeline.channel import BEAT, FIRST_BYTES, PART_BYTES, RingBroken
from worker.engines.pipeline.wire import HEAD_BYTES, Packet, What


def ring_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name in ("ring-in", "ring-out")]


def test_packets_arrive_at_the_next_node() -> None:
    rings, heard = make_rings(2), queue.SimpleQueue[Packet]()
    rings[0].start(heard.put, lambda _: None)
    rings[1].start(lambda packet: pass_on(rings[1], packet), lambda _: None)
    rings[0].send(PACKET)
    returned = heard.get(timeout=60)
    assert returned.hidden is not None
    assert returned.hidden.shape == PACKET.hidden.shape  # type: ignore[union-attr]
    for ring in rings:
        ring.end()


def test_packets_of_every_length_arrive_whole_and_in_their_order() -> None:
    """Around what goes at once and what in parts, from several threads at a time, and from one that may not send itself."""
    lengths = [0, 1, *(edge + more for edge in (FIRST_BYTES, FIRST_BYTES + PART_BYTES) for more in (-HEAD_BYTES, 0, 1))]
    drawn = random.Random(1)
    texts = {thread: [drawn.randbytes(drawn.choice(lengths)) for _ in range(20)] for thread in (1, 2)}
    rings, heard = make_rings(2), queue.SimpleQueue[Packet]()
    for ring in rings:
        ring.start(heard.put, lambda _: None)

    def send(thread: int) -> None:
        for text in texts[thread]:
            rings[0].send(Packet(What.FREE, np.array([thread]), text=text))

    with ThreadPoolExecutor(len(texts)) as pool:
        list(pool.map(send, texts))
    rings[0].send_soon(Packet(What.FREE, np.array([3]), text=b"soon"))
    arrived: dict[int, list[bytes]] = {1: [], 2: [], 3: []}
    for _ in range(41):
        packet = heard.get(timeout=60)
        arrived[int(packet.numbers[0])].append(packet.text)
    assert arrived == {**texts, 3: [b"soon"]}
    assert rings[1].received == rings[0].sent
    for ring in rings:
        ring.end()


def test_a_beat_goes_round_once_past_those_who_are_at_work() -> None:
    rings, waiting = make_rings(3), queue.SimpleQueue[Packet]()
    for ring in rings:
        ring.start(waiting.put, lambda _: None)
    rings[0].send(PACKET)
    rings[0].send(BEAT)
    until(lambda: rings[0].received == 1, "the beat has not come round")
    assert waiting.get(timeout=60).what is What.DECODE
    assert [ring.traffic.packets.get(What.BEAT) for ring in rings] == [1, 1, 1]
    assert waiting.empty()
    for ring in rings:
        ring.end()


def test_who_leaves_does_not_wait_for_a_node_that_is_frozen() -> None:
    """The others neither send nor receive: they stand for machines that are frozen."""
    others = ring_threads()
    rings = make_rings(3)
    lost: list[str] = []
    rings[0].start(lambda _: None, lost.append)
    rings[0].send(TOO_LARGE)
    rings[0].leave("node 1 is lost")
    until(lambda: set(ring_threads()) <= set(others), "a thread still waits in a ring that was left")
    with pytest.raises(RingBroken, match="node 1 is lost"):
        rings[0].send(PACKET)
    assert lost == []
    for ring in rings:
        ring.end()


def test_the_nodes_beside_notice_that_one_has_left() -> None:
    rings, lost = make_rings(3), queue.SimpleQueue[str]()
    rings[1].start(lambda packet: pass_on(rings[1], packet), lost.put)
    rings[0].leave("node 2 is lost")
    assert "the connection between two nodes broke" in lost.get(timeout=60)
    for ring in rings:
        ring.end()


@pytest.mark.timeout(600)
def test_a_process_ends_with_rings_in_every_state() -> None:
    command = [sys.executable, "-m", "tests.worker.engines.pipeline.rings", "20"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=550, check=False)
    told = ended.stdout.splitlines()[-1:]  # PyTorch 2.9's Gloo tells of its connections before
    assert (ended.returncode, told) == (0, ["ends"]), ended.stderr[-2000:]
