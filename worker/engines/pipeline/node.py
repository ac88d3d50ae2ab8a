"""A node that is not the starter: joins, works in the ring that is formed, and joins again when it breaks, until SIGTERM."""

from __future__ import annotations

import base64
import logging
import queue
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from worker.engines.pipeline.channel import MeetingPlace, Ring, RingBroken
from worker.engines.pipeline.control import ControlLine, ControlLost, JoinRefused, NodeCard, Said, introduce
from worker.engines.pipeline.stage import LayerStage
from worker.engines.pipeline.wire import BadPacket, Packet

log = logging.getLogger(__name__)

CONNECT_S = 5.0
AGAIN_S = 0.5
LONGEST_S = 5.0
DROPPED = None

NewStage = Callable[[], LayerStage]


@dataclass(frozen=True)
class RingWork:
    """A node's part in one ring: its stage works through the packets on a thread of its own."""

    number: int
    place: MeetingPlace
    stage: LayerStage
    incoming: queue.SimpleQueue[Packet | None]


class NodeWorker:
    """A loaded node. `run` serves the starter at an address until `stop` is set."""

    def __init__(self, card: NodeCard, secret: bytes, starter: tuple[str, int], new_stage: NewStage) -> None:
        self._card, self._secret, self._starter, self._new_stage = card, secret, starter, new_stage
        self.stop = threading.Event()
        self._line: ControlLine | None = None
        self._work: RingWork | None = None
        self._ring: Ring | None = None
        self._nodes = 0

    @property
    def ring(self) -> Ring | None:
        """The ring that it works in now."""
        return self._ring

    def run(self) -> None:
        """Raises JoinRefused when the starter will never take this node as it is."""
        pause_s = AGAIN_S
        while not self.stop.is_set():
            try:
                self._serve()
                pause_s = AGAIN_S
            except JoinRefused as refused:
                if not refused.again:
                    raise
                log.warning("not yet: %s", refused)
            except (ControlLost, OSError) as error:
                log.warning("the starter at %s:%d is not reachable: %s", *self._starter, error)
                pause_s = AGAIN_S if self._nodes else min(2 * pause_s, LONGEST_S)
            finally:
                self._leave("the starter is not reachable")
            self._nodes = 0
            self.stop.wait(pause_s)

    def leave(self) -> None:
        """End `run`, from a signal handler or another thread."""
        self.stop.set()
        self.cut()

    def cut(self) -> None:
        """Let go of the starter: it will be joined again."""
        if self._line is not None:
            self._line.close()

    def _serve(self) -> None:
        line = ControlLine(socket.create_connection(self._starter, CONNECT_S))
        self._line = line
        try:
            welcome = introduce(line, self._secret, self._card)
            self._nodes = int(welcome["nodes"])
            line.wait_at_most(float(welcome["silent_s"]))
            log.info("node %d of %d has joined", self._card.rank, self._nodes)
            while not self.stop.is_set():
                self._hear(line, line.receive())
        except (KeyError, TypeError, ValueError) as error:
            raise ControlLost(f"a message that makes no sense: {error}") from error
        finally:
            line.close()

    def _hear(self, line: ControlLine, said: Said) -> None:
        match said["type"]:
            case "ping":
                ring, work = self._ring, self._work
                line.send(
                    type="pong",
                    at=said["at"],
                    ring=work.number if work else 0,
                    sent=ring.sent if ring else 0,
                    received=ring.received if ring else 0,
                    cache_bytes=work.stage.nbytes if work else 0,
                )
            case "form":
                self._form(line, int(said["ring"]))
            case "set" if self._work is not None and self._work.number == said["ring"]:
                self._work.place.learn(str(said["key"]), base64.b64decode(said["value"]))
            case "reset" if self._work is not None and self._work.number == said["ring"]:
                self._leave("the starter says so")

    def _form(self, line: ControlLine, number: int) -> None:
        self._leave("another ring is formed")

        def tell(key: str, value: bytes) -> None:
            with suppress(ControlLost):
                line.send(type="set", ring=number, key=key, value=base64.b64encode(value).decode())

        work = self._work = RingWork(number, MeetingPlace(tell), self._new_stage(), queue.SimpleQueue())
        threading.Thread(target=self._enter, args=(line, work), name="ring", daemon=True).start()

    def _enter(self, line: ControlLine, work: RingWork) -> None:
        try:
            ring = Ring(work.place, self._card.rank, self._nodes, line.own_host)
        except RuntimeError as error:
            self._tell_broken(line, work, str(error).splitlines()[0])
            return
        if self._work is not work:
            ring.leave("too late")
            return
        self._ring = ring
        threading.Thread(target=self._compute, args=(line, work, ring), name="stage", daemon=True).start()
        ring.start(work.incoming.put, lambda reason: self._tell_broken(line, work, reason))
        with suppress(ControlLost):
            line.send(type="formed", ring=work.number)

    def _compute(self, line: ControlLine, work: RingWork, ring: Ring) -> None:
        while (packet := work.incoming.get()) is not DROPPED:
            try:
                out = work.stage.handle(packet)
                if out is not None:
                    ring.send(out)
            except RingBroken:
                return
            except BadPacket as error:
                self._tell_broken(line, work, str(error))
                return

    def _tell_broken(self, line: ControlLine, work: RingWork, reason: str) -> None:
        work.incoming.put(DROPPED)
        with suppress(ControlLost):
            line.send(type="broken", ring=work.number, reason=reason[:300])

    def _leave(self, reason: str) -> None:
        """Out of the ring: its streams are gone with it."""
        work, ring = self._work, self._ring
        self._work = self._ring = None
        if work is not None:
            work.place.give_up()
            work.incoming.put(DROPPED)
        if ring is not None:
            ring.leave(reason)
