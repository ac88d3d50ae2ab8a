"""Rings of one process; run as a program, it ends while many of them are in every state."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import torch

from worker.engines.pipeline.channel import MeetingPlace, Ring
from worker.engines.pipeline.wire import Packet, What

PACKET = Packet(What.DECODE, hidden=torch.zeros(1, 1, 512))
TOO_LARGE = Packet(What.PREFILL, hidden=torch.zeros(1, 10_000, 4096))  # for what connections hold that nobody reads


def make_rings(size: int) -> list[Ring]:
    """Every node's place in a ring; none has begun."""
    places: list[MeetingPlace] = []

    def tell(key: str, value: bytes) -> None:
        for place in places:
            place.learn(key, value)

    places += [MeetingPlace(tell) for _ in range(size)]
    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(lambda rank: Ring(places[rank], rank, size, "127.0.0.1"), range(size)))


def pass_on(ring: Ring, packet: Packet) -> None:
    if ring.broken is None:
        ring.send(packet)


def start_all(rings: list[Ring]) -> None:
    """Packets go round and round."""
    for ring in rings:
        ring.start(partial(pass_on, ring), lambda _: None)


def main(times: int) -> None:
    """Rings that were left while packets went round, and at the end one at work, one that waits, one that cannot send."""
    for number in range(times):
        rings = make_rings(3)
        start_all(rings)
        rings[0].send(PACKET)
        rings[number % 3].leave("another ring is formed")
    busy, waiting, stuck = make_rings(3), make_rings(2), make_rings(2)
    start_all(busy)
    busy[0].send(PACKET)
    start_all(waiting)
    stuck[0].start(lambda _: None, lambda _: None)
    stuck[0].send(TOO_LARGE)
    print("ends", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
