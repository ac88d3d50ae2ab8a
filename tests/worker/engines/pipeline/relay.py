"""A slow or broken network between the nodes of one machine: every connection of a node goes through here.

A node joins at the relay's port. The addresses at which nodes will meet go over the control connections; their ports are replaced
by such at which the relay listens and passes on, so the ring goes through it as well. Of two nodes the one of the greater
address connects (gloo), and compares its own with the other's from here: a port comes as near as can be to the one it stands for.

    python -m tests.worker.engines.pipeline.relay STARTER_PORT DELAY_S BYTES_PER_S      prints its port, ends with its input
"""

from __future__ import annotations

import base64
import json
import queue
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from math import inf

HOST = "127.0.0.1"
ADDRESS = re.compile(
    rb"(?<=\x02\x00)..(?=" + re.escape(socket.inet_aton(HOST)) + rb")", re.DOTALL
)  # the port of a sockaddr
NEARBY = [
    sign * 256 * step for step in range(1, 100) for sign in (1, -1)
]  # gloo compares ports with their bytes swapped
HEAD = struct.Struct(">I")
PIECE = 1 << 16

Read = Callable[[socket.socket], Iterator[bytes]]


@dataclass
class Wire:
    """What the network does: each way takes `delay_s`, and no more bytes a second go through than that. While it is not
    `whole` nothing arrives, nor is anybody told; what was sent meanwhile arrives later, as TCP has it."""

    delay_s: float = 0.0
    bytes_per_s: float = inf
    whole: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.whole.set()


class Relay:
    """Between the nodes that join at `port` and a starter: `control` is the wire of their control connections, `ring`
    that of the ring."""

    def __init__(self, starter: int) -> None:
        self.control, self.ring = Wire(), Wire()
        self._open = ExitStack()
        self._ports: dict[int, int] = {}
        self._lock = threading.Lock()
        self.port = self._listen(0, starter, self.control, self._messages)

    def cut(self) -> None:
        """Nothing arrives any more, on any connection."""
        self.control.whole.clear()
        self.ring.whole.clear()

    def mend(self) -> None:
        """Everything arrives again."""
        self.control.whole.set()
        self.ring.whole.set()

    def close(self) -> None:
        """End all connections."""
        self.mend()
        self._open.close()

    def _listen(self, port: int, to: int, wire: Wire, read: Read) -> int:
        listener = socket.create_server((HOST, port))
        self._open.callback(_end, listener)
        threading.Thread(target=self._accept, args=(listener, to, wire, read), daemon=True).start()
        return int(listener.getsockname()[1])

    def _accept(self, listener: socket.socket, to: int, wire: Wire, read: Read) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection((HOST, to))
            except OSError:  # not there yet
                near.close()
                continue
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open.callback(_end, end)
            _pump(near, far, wire, read)
            _pump(far, near, wire, read)

    def _messages(self, source: socket.socket) -> Iterator[bytes]:
        """The messages of a control connection, with the relay's addresses."""
        stream = source.makefile("rb")
        while len(head := stream.read(HEAD.size)) == HEAD.size:
            said = json.loads(stream.read(*HEAD.unpack(head)))
            if said["type"] == "set":
                value = ADDRESS.sub(self._through, base64.b64decode(said["value"]))
                said["value"] = base64.b64encode(value).decode()
            body = json.dumps(said).encode()
            yield HEAD.pack(len(body)) + body

    def _through(self, found: re.Match[bytes]) -> bytes:
        port = int.from_bytes(found[0], "big")
        with self._lock:
            if port not in self._ports and port not in self._ports.values():
                self._ports[port] = self._listen_near(port)
            return self._ports.get(port, port).to_bytes(2, "big")

    def _listen_near(self, port: int) -> int:
        for step in NEARBY:
            if 1024 <= port + step < 65_536:
                with suppress(OSError):
                    return self._listen(port + step, port, self.ring, _pieces)
        raise AssertionError("no port is free")


def _pieces(source: socket.socket) -> Iterator[bytes]:
    while piece := source.recv(PIECE):
        yield piece


def _pump(source: socket.socket, sink: socket.socket, wire: Wire, read: Read) -> None:
    """Carry one way, until an end closes."""
    late: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

    def take() -> None:
        free_s = 0.0
        with suppress(OSError):
            for piece in read(source):
                free_s = max(free_s, time.monotonic()) + len(piece) / wire.bytes_per_s
                late.put((free_s + wire.delay_s, piece))
        late.put((0.0, b""))

    def give() -> None:
        with suppress(OSError):
            while True:
                due_s, piece = late.get()
                time.sleep(max(0.0, due_s - time.monotonic()))
                wire.whole.wait()
                if not piece:
                    break
                sink.sendall(piece)
        _end(sink)

    for work in (take, give):
        threading.Thread(target=work, daemon=True).start()


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def main(starter: int, delay_s: float, bytes_per_s: float) -> None:
    """A relay of such wires, until the standard input ends."""
    relay = Relay(starter)
    for wire in (relay.control, relay.ring):
        wire.delay_s, wire.bytes_per_s = delay_s, bytes_per_s
    print(relay.port, flush=True)
    sys.stdin.read()
    relay.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
