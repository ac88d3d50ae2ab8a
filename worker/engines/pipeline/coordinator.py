"""The starter's view of its nodes: who has joined, who is heard, and the ring that is formed when all are there.

A node that is not heard for the plan's `silent_s`, or whose ring breaks, breaks the ring for all. Those that are left stay
joined; when the missing one is back a new ring is formed, without anybody's help.
"""

from __future__ import annotations

import base64
import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from worker.engines.pipeline.channel import BEAT, MEETING_S, MeetingPlace, Ring, RingBroken
from worker.engines.pipeline.chunk import NodesPlan
from worker.engines.pipeline.control import ControlLine, ControlLost, JoinRefused, NodeCard, Said, greet, listen_at
from worker.engines.pipeline.hops import Hops
from worker.engines.pipeline.members import FormingRing, Member, NodeState
from worker.engines.pipeline.wire import Packet

log = logging.getLogger(__name__)

PINGS = 4  # in the time after which a silent node is lost
AGAIN_S = 0.5  # from a broken ring to the next
CUT = 0.75  # of `silent_s` with nothing through from a node to the next: the ring is broken

Deliver = Callable[[Ring, Packet], None]
Lost = Callable[[Ring, str], None]


class Coordinator:
    """Takes nodes in, watches them and forms rings; `deliver` gets the ring's packets, `lost` what broke it."""

    def __init__(self, plan: NodesPlan, secret: bytes, card: NodeCard, deliver: Deliver, lost: Lost) -> None:
        self.plan, self._secret, self._card = plan, secret, card
        self._deliver, self._lost = deliver, lost
        self._members: dict[int, Member] = {}
        self._change = threading.Condition(threading.RLock())
        self._forming: FormingRing | None = None
        self._rings = 0
        self._ring: Ring | None = None
        self._not_before_s = 0.0
        self._closed = threading.Event()
        self.at_once = 1  # nodes of the ring that can work at the same time: they do not share processors
        self._listener = listen_at(plan.listen)
        for work in (self._accept, self._watch):
            threading.Thread(target=work, name=f"pipeline-{work.__name__.strip('_')}", daemon=True).start()

    @property
    def size(self) -> int:
        """Nodes of the plan, the starter among them."""
        return len(self.plan.nodes)

    @property
    def port(self) -> int:
        """Where nodes join: of the plan, or what the system chose for port 0."""
        return int(self._listener.getsockname()[1])

    def ring(self, wait_s: float = 0.0) -> Ring | None:
        """The ring that works now, waited for that long; None while there is none."""
        with self._change:
            self._change.wait_for(lambda: self._ring is not None or self._closed.is_set(), wait_s)
            return self._ring

    def problem(self) -> str | None:
        """Why there is no ring; None when there is one."""
        with self._change:
            if self._ring is not None:
                return None
            away = [node.share for node in self.plan.nodes[1:] if node.share.rank not in self._members]
        names = ", ".join(f"node {share.rank} ({share.role})" for share in away)
        return f"{names} of {self.size} nodes has not joined" if away else "the nodes are joining"

    def states(self) -> tuple[NodeState, ...]:
        """All nodes in order, the starter first."""
        with self._change:
            own = NodeState(0, True, self._card, None, 0.0)
            return (own, *(self._state(node.share.rank) for node in self.plan.nodes[1:]))

    def _state(self, rank: int) -> NodeState:
        member = self._members.get(rank)
        if member is None:
            return NodeState(rank, False, None)
        return NodeState(rank, True, member.card, member.line.other_host, member.round_trip_s, member.cache_bytes)

    def close(self) -> None:
        """Send everybody away; nodes try to join again until there is another starter."""
        self._closed.set()
        # A thread that waits in accept() would keep the port taken after a mere close().
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._change:
            members = list(self._members.values())
            self._break("the engine was closed")
            self._change.notify_all()
        for member in members:
            member.line.close()

    def break_ring(self, ring: Ring, reason: str) -> None:
        """The ring does not work any more; another will be formed."""
        with self._change:
            if self._forming is not None and self._forming.ring is ring:
                self._break(reason)

    # joining

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(ControlLine(connection),), name="node", daemon=True).start()

    def _serve(self, line: ControlLine) -> None:
        try:
            member = self._admit(line)
        except JoinRefused as refused:
            log.warning("%s may not join: %s", line.other_host, refused)
            with suppress(ControlLost):
                line.send(type="refused", reason=str(refused), again=refused.again)
            line.close()
            return
        except (ControlLost, OSError) as error:
            log.warning("a node did not join: %s", error)
            line.close()
            return
        reason = "it was sent away"
        try:
            while not self._closed.is_set():
                self._hear(member, line.receive())
        except (ControlLost, ValueError, KeyError, TypeError) as error:
            reason = str(error)
        self._drop(member, reason)

    def _admit(self, line: ControlLine) -> Member:
        card = greet(line, self._secret)
        wrong = self._wrong(card)
        if wrong:
            raise JoinRefused(wrong)
        member = Member(card, line)
        with self._change:
            if card.rank in self._members:
                raise JoinRefused(f"node {card.rank} has joined already", again=True)
            line.send(type="welcome", silent_s=self.plan.silent_s, nodes=self.size)
            self._members[card.rank] = member
        line.wait_at_most(self.plan.silent_s)
        log.info("node %d has joined from %s", card.rank, line.other_host)
        return member

    def _wrong(self, card: NodeCard) -> str | None:
        if not 1 <= card.rank < self.size:
            return f"there is no node {card.rank} of {self.size}"
        if card.chunk != self.plan.nodes[card.rank].sha256:
            return f"node {card.rank} has a chunk of another split: copy its folder again"
        for name, ours in {**self._card.packages, "dtype": self._card.dtype}.items():
            theirs = card.dtype if name == "dtype" else card.packages.get(name)
            if ours != theirs:
                return f"node {card.rank} has {name} {theirs}, the starter {ours}: all nodes need the same"
        return None

    def _drop(self, member: Member, reason: str) -> None:
        with self._change:
            if self._members.get(member.card.rank) is member:
                del self._members[member.card.rank]
                log.warning("node %d is lost: %s", member.card.rank, reason)
                self._break(f"node {member.card.rank} is lost: {reason}")
        member.line.close()

    def _hear(self, member: Member, said: Said) -> None:
        now = time.monotonic()
        with self._change:
            current = self._forming
            match said["type"]:
                case "pong":
                    member.round_trip_s = max(0.0, now - float(said["at"]))
                    member.cache_bytes = int(said["cache_bytes"])
                    if current is not None and said["ring"] == current.number:
                        self._passed(current, member.card.rank, int(said["sent"]), int(said["received"]), now)
                case "set" if current is not None and said["ring"] == current.number:
                    current.place.learn(str(said["key"]), base64.b64decode(said["value"]))
                    self._tell_others(member, said)
                case "formed" if current is not None and said["ring"] == current.number:
                    member.formed = current.number
                    self._begin_if_all()
                case "broken" if current is not None and said["ring"] == current.number:
                    self._break(f"node {member.card.rank}: {str(said['reason'])[:300]}")

    # the ring

    def _watch(self) -> None:
        step_s = self.plan.silent_s / PINGS
        while not self._closed.wait(min(step_s, AGAIN_S)):
            now = time.monotonic()
            with self._change:
                members = list(self._members.values())
                self._check_progress(now)
                if len(members) == self.size - 1 and self._forming is None and now >= self._not_before_s:
                    self._form(now)
            for member in members:
                self._ping(member, now)

    def _ping(self, member: Member, now: float) -> None:
        """A node that is silent is noticed by the thread that listens to it; here it is given something to answer."""
        with suppress(ControlLost):
            member.line.send(type="ping", at=now)

    def _check_progress(self, now: float) -> None:
        forming, ring = self._forming, self._ring
        if forming is None:
            return
        if ring is None:
            if now - forming.since_s > MEETING_S:
                self._break("the nodes did not find each other")
            return
        self._passed(forming, 0, ring.sent, ring.received, now)
        with suppress(RingBroken):
            ring.send(BEAT)

    def _passed(self, forming: FormingRing, rank: int, sent: int, received: int, now: float) -> None:
        if forming.hops.tell(rank, sent, received, now) > CUT * self.plan.silent_s:
            self._break(f"nothing comes through from node {(rank - 1) % self.size} to node {rank}")

    def _form(self, now: float) -> None:
        self._rings += 1
        number = self._rings
        place = MeetingPlace(lambda key, value: self._tell_set(number, key, value))
        self._forming = FormingRing(number, place, now, Hops(self.size))
        for member in self._members.values():
            with suppress(ControlLost):
                member.line.send(type="form", ring=number)
        threading.Thread(target=self._join, args=(self._forming,), name="ring", daemon=True).start()

    def _join(self, forming: FormingRing) -> None:
        host = self._own_host()
        try:
            ring = Ring(forming.place, 0, self.size, host)
        except RuntimeError as error:
            with self._change:
                if self._forming is forming:
                    self._break(f"no ring: {str(error).splitlines()[0][:200]}")
            return
        with self._change:
            if self._forming is not forming:
                ring.leave("too late")
                return
            forming.ring = ring
            self._begin_if_all()

    def _own_host(self) -> str:
        with self._change:
            return next((member.line.own_host for member in self._members.values()), "127.0.0.1")

    def _begin_if_all(self) -> None:
        forming = self._forming
        if forming is None or forming.ring is None:
            return
        if len(self._members) == self.size - 1 and all(m.formed == forming.number for m in self._members.values()):
            ring = forming.ring
            self.at_once = len({card.processors for card in (self._card, *(m.card for m in self._members.values()))})
            ring.start(lambda packet: self._deliver(ring, packet), lambda reason: self.break_ring(ring, reason))
            self._ring = ring
            log.info("ring %d of %d nodes works", forming.number, self.size)
            self._change.notify_all()

    def _break(self, reason: str) -> None:
        forming, self._forming, self._ring = self._forming, None, None
        if forming is None:
            return
        self._not_before_s = time.monotonic() + AGAIN_S
        forming.place.give_up()
        for member in self._members.values():
            with suppress(ControlLost):
                member.line.send(type="reset", ring=forming.number)
        if forming.ring is not None:
            forming.ring.leave(reason)
            self._lost(forming.ring, reason)
        log.warning("ring %d is broken: %s", forming.number, reason)

    def _tell_set(self, number: int, key: str, value: bytes) -> None:
        said: Said = {"type": "set", "ring": number, "key": key, "value": base64.b64encode(value).decode()}
        with self._change:
            self._tell_others(None, said)

    def _tell_others(self, teller: Member | None, said: Said) -> None:
        for member in self._members.values():
            if member is not teller:
                with suppress(ControlLost):
                    member.line.send(**said)
