"""The ring that packets travel: torch.distributed between the nodes, one thread that sends and one that receives.

Each ring has a process group of its own (gloo), not torch's default one: a model child may hold several models, and a ring
that has broken is left for another. Whoever leaves closes its connections, so that none of its threads goes on waiting for a
node that is frozen: an interpreter that ends while a thread waits in the group is aborted, so rings are left before.
The group finds its members through `MeetingPlace`, whose content goes over the proven control connections: there is no
open store.
"""

from __future__ import annotations

import atexit
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from weakref import WeakSet

import torch
import torch.distributed as dist

from worker.engines.pipeline.wire import HEAD_BYTES, HEAD_NUMBERS, BadPacket, Packet, What, pack, read_head, unpack

TAG, NEVER_SENT = 7, 8
MEETING_S = 20.0
PACKET_AGE = timedelta(days=1)  # how long a packet is waited for: faults are found elsewhere, and end the wait
AT_ONCE = timedelta(milliseconds=1)
LEFT_S = MEETING_S + 10.0  # after this time no thread is in a ring that was left

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
        self._place = place
        self._next, self._before = (rank + 1) % size, (rank - 1) % size
        self._outgoing: queue.SimpleQueue[Packet | None] = queue.SimpleQueue()
        self._counting = threading.RLock()  # a stream that is freed may be sent away in the midst of a send
        self._closed, self._made = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._group: Any = None
        self.broken: str | None = None
        self.traffic = Traffic()
        self.sent = self.received = 0
        _rings.add(self)
        try:
            self._group = _group(place, rank, size, host)
        finally:
            self._made.set()

    def start(self, deliver: Callable[[Packet], None], lost: Callable[[str], None]) -> None:
        """Begin: `deliver` gets every packet, on the thread that receives."""
        for work, name in ((self._send_all, "ring-out"), (lambda: self._receive_all(deliver), "ring-in")):
            thread = threading.Thread(target=self._guarded, args=(work, lost), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def send(self, packet: Packet) -> None:
        """Have a packet sent to the next node. Raises RingBroken."""
        if self._closed.is_set():
            raise RingBroken(self.broken or "the ring was closed")
        with self._counting:
            self.sent += 1  # now: gloo sends once it knows that the other side receives, and a cut network never tells
        self._outgoing.put(packet)

    def leave(self, reason: str) -> None:
        """Leave the ring: its connections are closed, which ends its threads here and tells the nodes beside."""
        if self._closed.is_set():
            return
        self.broken = reason
        self._closed.set()
        self._outgoing.put(None)
        if self._group is None:
            return
        # Neither abort() nor shutdown() ends a wait that has begun (torch 2.15). One that is over time ends all of the group.
        with suppress(RuntimeError):
            self._group.recv([torch.empty(1, dtype=torch.uint8)], self._before, NEVER_SENT).wait(AT_ONCE)

    def end(self) -> None:
        """Leave, and wait until no thread is in the ring, nor on its way into it."""
        self._place.give_up()
        self._made.wait(LEFT_S)
        self.leave("the process ends")
        for thread in self._threads:
            thread.join(LEFT_S)

    def _guarded(self, work: Callable[[], None], lost: Callable[[str], None]) -> None:
        try:
            work()
        except (RuntimeError, BadPacket) as error:
            if not self._closed.is_set():
                self.leave(f"the connection between two nodes broke: {str(error).splitlines()[0][:200]}")
                lost(self.broken or "")

    def _send_all(self) -> None:
        while (packet := self._outgoing.get()) is not None and not self._closed.is_set():
            self.traffic.add(packet.what, self._put(packet))

    def _put(self, packet: Packet) -> int:
        """Send one packet and wait until it has left; its bytes."""
        head, body = pack(packet)
        works = [self._group.send([part], self._next, TAG) for part in (head, body) if len(part)]
        for work in works:
            work.wait(PACKET_AGE)
        return HEAD_BYTES + len(body)

    def _receive_all(self, deliver: Callable[[Packet], None]) -> None:
        while not self._closed.is_set():
            numbers = torch.empty(HEAD_NUMBERS, dtype=torch.int64)
            self._group.recv([numbers], self._before, TAG).wait(PACKET_AGE)
            head = read_head(numbers)
            body = torch.empty(head.body_bytes, dtype=torch.uint8)
            if head.body_bytes:
                self._group.recv([body], self._before, TAG).wait(PACKET_AGE)
            self.received += 1
            if not self._closed.is_set():
                deliver(unpack(head, body))


def _group(place: MeetingPlace, rank: int, size: int, host: str) -> Any:
    """Meet the other nodes. Raises RuntimeError."""
    groups: Any = dist.ProcessGroupGloo  # torch leaves its options untyped
    options = groups._Options()
    options._devices = [groups.create_device(hostname=host)]
    options._timeout = timedelta(seconds=MEETING_S)
    options._threads = 2
    return groups(place, rank, size, options)


_rings: WeakSet[Ring] = WeakSet()


@atexit.register
def _end_all() -> None:
    for ring in list(_rings):
        ring.end()
