"""The ring that packets travel: torch.distributed between the nodes, one thread that sends and one that receives.

Each ring has a process group of its own (gloo), not torch's default one: a model child may hold several models, and a ring
that has broken is left behind. A thread that waits in it for a node that is frozen ends when that node's connection does.
The group finds its members through `MeetingPlace`, whose content goes over the proven control connections: there is no
open store.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from worker.engines.pipeline.wire import HEAD_BYTES, HEAD_NUMBERS, BadPacket, Packet, What, pack, read_head, unpack

TAG = 7
MEETING_S = 20.0
STUCK = timedelta(minutes=30)  # when a thread in a ring that was left behind gives up

_Store: Any = dist.Store  # type: ignore[attr-defined]  # untyped in torch


class MeetingPlace(_Store):  # type: ignore[misc]
    """Addresses by key, on every node alike: what one sets is told to all by `tell`."""

    def __init__(self, tell: Callable[[str, bytes], None]) -> None:
        super().__init__()
        self._tell = tell
        self._known: dict[str, bytes] = {}
        self._news = threading.Condition()
        self._over = False

    def learn(self, key: str, value: bytes) -> None:
        """Another node has set something."""
        with self._news:
            self._known[key] = value
            self._news.notify_all()

    def give_up(self) -> None:
        """Nobody will meet here: whoever waits is told."""
        with self._news:
            self._over = True
            self._news.notify_all()

    def set(self, key: str, value: str | bytes) -> None:
        """Learn a value and tell the other nodes."""
        data = value.encode() if isinstance(value, str) else value
        self.learn(key, data)
        self._tell(key, data)

    def get(self, key: str) -> bytes:
        """A value, waited for as in `wait`."""
        self.wait([key])
        return self._known[key]

    def wait(self, keys: list[str], *_: Any) -> None:
        """Until all are known. Raises RuntimeError, which torch passes on, when they do not come."""
        with self._news:
            here = self._news.wait_for(lambda: self._over or all(key in self._known for key in keys), MEETING_S)
        if self._over or not here:
            raise RuntimeError("the other nodes did not come")

    def check(self, keys: list[str]) -> bool:
        """Whether all are known now."""
        return all(key in self._known for key in keys)


@dataclass
class Traffic:
    """Packets and bytes that have left here, by what they were about."""

    packets: dict[What, int] = field(default_factory=dict)
    bytes: dict[What, int] = field(default_factory=dict)

    def add(self, what: What, size: int) -> None:
        """Count one packet of so many bytes."""
        self.packets[what] = self.packets.get(what, 0) + 1
        self.bytes[what] = self.bytes.get(what, 0) + size


class RingBroken(Exception):
    """Packets can no longer be sent here."""


class Ring:
    """One node's place in a ring of `size`; made when all nodes make theirs. `lost` is told once why it broke."""

    def __init__(self, place: MeetingPlace, rank: int, size: int, host: str) -> None:
        groups: Any = dist.ProcessGroupGloo  # torch leaves its options untyped
        options = groups._Options()
        options._devices = [groups.create_device(hostname=host)]
        options._timeout = STUCK
        options._threads = 2
        self._group = groups(place, rank, size, options)
        self._next, self._before = (rank + 1) % size, (rank - 1) % size
        self._outgoing: queue.SimpleQueue[Packet] = queue.SimpleQueue()
        self._closed = threading.Event()
        self.broken: str | None = None
        self.traffic = Traffic()
        self.sent = self.received = 0

    def start(self, deliver: Callable[[Packet], None], lost: Callable[[str], None]) -> None:
        """Begin: `deliver` gets every packet, on the thread that receives."""
        for work, name in ((self._send_all, "ring-out"), (lambda: self._receive_all(deliver), "ring-in")):
            threading.Thread(target=self._guarded, args=(work, lost), name=name, daemon=True).start()

    def send(self, packet: Packet) -> None:
        """Have a packet sent to the next node. Raises RingBroken."""
        if self._closed.is_set():
            raise RingBroken(self.broken or "the ring was closed")
        self._outgoing.put(packet)

    def leave(self, reason: str) -> None:
        """Leave the ring, and let the next node know where it can still be reached."""
        if not self._closed.is_set():
            self.broken = reason
            self._closed.set()
            self._outgoing.put(Packet(What.STOP))

    def _guarded(self, work: Callable[[], None], lost: Callable[[str], None]) -> None:
        try:
            work()
        except (RuntimeError, BadPacket) as error:
            if not self._closed.is_set():
                self.leave(f"the connection between two nodes broke: {str(error).splitlines()[0][:200]}")
                lost(self.broken or "")

    def _send_all(self) -> None:
        while not self._closed.is_set():
            packet = self._outgoing.get()
            if self._closed.is_set():
                break
            size = self._put(packet)
            self.sent += 1
            self.traffic.add(packet.what, size)
        with suppress(RuntimeError):  # the next node may be what broke
            self._put(Packet(What.STOP))

    def _put(self, packet: Packet) -> int:
        """Send one packet and wait until it has left; its bytes."""
        head, body = pack(packet)
        works = [self._group.send([part], self._next, TAG) for part in (head, body) if len(part)]
        for work in works:
            work.wait()
        return HEAD_BYTES + len(body)

    def _receive_all(self, deliver: Callable[[Packet], None]) -> None:
        while not self._closed.is_set():
            numbers = torch.empty(HEAD_NUMBERS, dtype=torch.int64)
            self._group.recv([numbers], self._before, TAG).wait()
            head = read_head(numbers)
            if head.what is What.STOP:
                raise RuntimeError("the node before has left")
            body = torch.empty(head.body_bytes, dtype=torch.uint8)
            if head.body_bytes:
                self._group.recv([body], self._before, TAG).wait()
            self.received += 1
            if not self._closed.is_set():
                deliver(unpack(head, body))
