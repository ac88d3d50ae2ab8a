"""The ring that packets travel: torch.distributed between the nodes.

Who sends, sends at once, on its own thread: the receiver waits for several packets ahead, each a message of `FIRST_BYTES` at most
(gloo takes a shorter one), so that nothing has to be asked before. Longer packets go on in parts, in which the
starter sees them move. One thread sees what was sent out of the house, one receives.

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
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from weakref import WeakSet

import torch
import torch.distributed as dist

from worker.engines.pipeline.wire import BadPacket, Packet, What, pack, read_head, unpack

FIRST, NEVER_SENT, REST = 7, 8, 9  # tags
FIRST_BYTES = 1 << 16  # a decode step is whole in it
PART_BYTES = 1 << 18  # of what is longer: a hop that needs longer for a part than a node may be silent is taken for cut
AHEAD = 4
BEAT = Packet(What.BEAT)
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


Part = tuple[Any, torch.Tensor]
"""Bytes on their way, and torch's `Work` that ends with their arrival or departure."""


class Ring:
    """One node's place in a ring of `size`; made when all nodes make theirs. `sent` and `received` count parts."""

    def __init__(self, place: MeetingPlace, rank: int, size: int, host: str) -> None:
        self._place, self._rank = place, rank
        self._next, self._before = (rank + 1) % size, (rank - 1) % size
        self._outgoing: queue.SimpleQueue[Packet | list[Part] | None] = queue.SimpleQueue()
        self._sending, self._leaving = threading.Lock(), threading.Lock()
        self._closed, self._made = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._lost: Callable[[str], None] = lambda _: None
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
        """Begin: `deliver` gets every packet, on the thread that receives; `lost` is told once why the ring broke."""
        self._lost = lost
        for work, name in ((self._see_out, "ring-out"), (lambda: self._receive_all(deliver), "ring-in")):
            thread = threading.Thread(target=self._guarded, args=(work,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def send(self, packet: Packet) -> None:
        """Send a packet to the next node, without waiting for its departure. Raises RingBroken."""
        data = pack(packet)
        rooms = _parts(data)
        with self._sending:
            if self._closed.is_set():
                raise RingBroken(self.broken or "the ring was closed")
            self.traffic.add(packet.what, len(data))
            self.sent += len(rooms)
            try:
                self._outgoing.put([self._put(room, REST if place else FIRST) for place, room in enumerate(rooms)])
                return
            except RuntimeError as error:
                problem = error
        self._break(problem)
        raise RingBroken(self.broken or "the ring was closed") from problem

    def _put(self, data: torch.Tensor, tag: int) -> Part:
        return self._group.send([data], self._next, tag), data

    def send_soon(self, packet: Packet) -> None:
        """Have it sent by another thread, or not at all in a ring that is broken: for a finalizer, which may run in the midst
        of another `send`."""
        self._outgoing.put(packet)

    def leave(self, reason: str) -> bool:
        """Leave the ring: its connections are closed, which ends its threads here and tells the nodes beside. False where
        it was left before."""
        with self._leaving:
            if self._closed.is_set():
                return False
            self.broken = reason
            self._closed.set()
        self._outgoing.put(None)
        if self._group is not None:
            # Neither abort() nor shutdown() ends a wait that has begun (torch 2.15). One that is over time ends all of the group.
            with suppress(RuntimeError):
                self._group.recv([torch.empty(1, dtype=torch.uint8)], self._before, NEVER_SENT).wait(AT_ONCE)
        return True

    def end(self) -> None:
        """Leave, and wait until no thread is in the ring, nor on its way into it."""
        self._place.give_up()
        self._made.wait(LEFT_S)
        self.leave("the process ends")
        with self._sending:
            pass  # nobody is in the midst of a send
        for thread in self._threads:
            thread.join(LEFT_S)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except RingBroken:
            return
        except (RuntimeError, BadPacket) as error:
            self._break(error)

    def _break(self, error: Exception) -> None:
        if self.leave(f"the connection between two nodes broke: {str(error).splitlines()[0][:200]}"):
            self._lost(self.broken or "")

    def _see_out(self) -> None:
        """Keep what was sent until it has left."""
        while (leaving := self._outgoing.get()) is not None and not self._closed.is_set():
            if isinstance(leaving, Packet):
                self.send(leaving)
                continue
            for work, _ in leaving:
                work.wait(PACKET_AGE)

    def _receive_all(self, deliver: Callable[[Packet], None]) -> None:
        ahead = deque(self._expect(torch.zeros(FIRST_BYTES, dtype=torch.uint8), FIRST) for _ in range(AHEAD))
        while not self._closed.is_set():
            first = self._arrived(ahead.popleft())
            ahead.append(self._expect(torch.zeros(FIRST_BYTES, dtype=torch.uint8), FIRST))
            packet = self._whole(first)
            if packet.what is What.BEAT:
                self._pass_on(packet)
            elif not self._closed.is_set():
                deliver(packet)

    def _expect(self, room: torch.Tensor, tag: int) -> Part:
        return self._group.recv([room], self._before, tag), room

    def _arrived(self, part: Part) -> torch.Tensor:
        work, data = part
        work.wait(PACKET_AGE)
        self.received += 1
        return data

    def _whole(self, first: torch.Tensor) -> Packet:
        head = read_head(first)
        if head.packet_bytes <= FIRST_BYTES:
            return unpack(head, first)
        data = torch.zeros(head.packet_bytes, dtype=torch.uint8)
        data[:FIRST_BYTES] = first
        for part in [self._expect(room, REST) for room in _parts(data)[1:]]:
            self._arrived(part)
        return unpack(head, data)

    def _pass_on(self, beat: Packet) -> None:
        """Once round, past those who are at work: what a hop lets through when nothing else is on its way."""
        if self._rank:
            self.send(beat)


def _parts(data: torch.Tensor) -> list[torch.Tensor]:
    """The bytes of a packet as they travel."""
    return [data[:FIRST_BYTES], *(data[at : at + PART_BYTES] for at in range(FIRST_BYTES, len(data), PART_BYTES))]


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
