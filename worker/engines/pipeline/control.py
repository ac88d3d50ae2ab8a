"""The control connection between a node and the starter: JSON in frames over TCP, after each has proven the secret.

Neither sends the secret: both show that they know it by an HMAC over two fresh numbers. Nothing else is read or answered
before that. What follows is not encrypted: it belongs on loopback, a private network or a tunnel.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from worker.engines.pipeline.chunk import ChunkProblem

FORMAT = 2
HANDSHAKE_S = 5.0
MOST_BYTES = 1 << 16
LEAST_SECRET = 16
_HEAD = struct.Struct(">I")
PACKAGES = ("bm3-vl", "torch", "transformers")

Said = dict[str, Any]


class ControlLost(Exception):
    """The other side is gone, or does not speak as it should."""


class JoinRefused(Exception):
    """A node may not join; `again` says whether the same node may be taken later."""

    def __init__(self, reason: str, again: bool = False) -> None:
        super().__init__(reason)
        self.again = again


@dataclass(frozen=True)
class NodeCard:
    """Who a node says it is. All nodes of a group have equal `packages` and `dtype`."""

    rank: int
    chunk: str
    dtype: str
    packages: dict[str, str]
    device: str
    memory_bytes: int
    processors: str

    @classmethod
    def of(cls, rank: int, chunk: str, dtype: str, device: str, memory_bytes: int, processors: str) -> NodeCard:
        """With the packages that are installed here; for `processors` see there."""
        packages = {name: version(name) for name in PACKAGES}
        return cls(rank, chunk, dtype, packages, device, memory_bytes, processors)

    @classmethod
    def read(cls, said: Said) -> NodeCard:
        """Raises ControlLost."""
        try:
            rank, memory, packages = said["rank"], said["memory_bytes"], dict(said["packages"])
            texts = [said[name] for name in ("chunk", "dtype", "device", "processors")]
        except (KeyError, TypeError, ValueError) as error:
            raise ControlLost("a card that makes no sense") from error
        if not all(isinstance(text, str) for text in (*texts, *packages, *packages.values())):
            raise ControlLost("a card that makes no sense")
        if not isinstance(rank, int) or not isinstance(memory, int):
            raise ControlLost("a card that makes no sense")
        return cls(rank, texts[0], texts[1], packages, texts[2], memory, texts[3])


def read_secret(path: Path) -> bytes:
    """The secret of a file, without the blanks around it. Raises ChunkProblem."""
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise ChunkProblem(f"the secret {path} cannot be read: {error.strerror}") from error
    if len(secret) < LEAST_SECRET:
        raise ChunkProblem(f"the secret in {path} is shorter than {LEAST_SECRET} characters")
    return secret


def address(text: str) -> tuple[str, int]:
    """(host, port) of `HOST:PORT`, an IPv6 host in brackets. Raises ChunkProblem."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ChunkProblem(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def listen_at(text: str) -> socket.socket:
    """Take the `HOST:PORT` at which nodes join. Raises ChunkProblem."""
    host, port = address(text)
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ChunkProblem(f"nodes cannot join at {text}: {error.strerror or error}") from error


class ControlLine:
    """One side of a control connection; `send` may be called from any thread."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._sending = threading.Lock()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def own_host(self) -> str:
        """The address by which this side reaches the other."""
        return str(self._socket.getsockname()[0])

    @property
    def other_host(self) -> str:
        """The address of the other side."""
        return str(self._socket.getpeername()[0])

    def wait_at_most(self, seconds: float) -> None:
        """How long `receive` and `send` wait."""
        self._socket.settimeout(seconds)

    def send(self, **said: Any) -> None:
        """Raises ControlLost."""
        body = json.dumps(said).encode()
        try:
            with self._sending:
                self._socket.sendall(_HEAD.pack(len(body)) + body)
        except OSError as error:
            raise ControlLost(f"it cannot be reached: {error}") from error

    def receive(self) -> Said:
        """The next message. Raises ControlLost at the end, after too long a silence, and for what is none."""
        try:
            (size,) = _HEAD.unpack(self._exactly(_HEAD.size))
            if size > MOST_BYTES:
                raise ControlLost(f"a message of {size} bytes")
            said = json.loads(self._exactly(size))
        except TimeoutError as error:
            raise ControlLost("it was not heard for too long") from error
        except (OSError, ValueError) as error:
            raise ControlLost(f"the connection broke: {error}") from error
        if not isinstance(said, dict) or not isinstance(said.get("type"), str):
            raise ControlLost("a message that makes no sense")
        return said

    def _exactly(self, size: int) -> bytes:
        parts = []
        while size:
            part = self._socket.recv(size)
            if not part:
                raise ControlLost("it has closed the connection")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        """End the connection for both sides; safe to call twice."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def _proof(secret: bytes, who: str, *nonces: str) -> str:
    return hmac.new(secret, "|".join((who, *nonces)).encode(), hashlib.sha256).hexdigest()


def _expect(line: ControlLine, kind: str) -> Said:
    said = line.receive()
    if said["type"] == "refused":
        raise JoinRefused(str(said.get("reason"))[:500], bool(said.get("again")))
    if said["type"] != kind:
        raise ControlLost(f"{kind} expected, {said['type'][:30]} came")
    return said


def greet(line: ControlLine, secret: bytes) -> NodeCard:
    """The starter's side: the card of whoever knows the secret. Raises JoinRefused, ControlLost."""
    line.wait_at_most(HANDSHAKE_S)
    ours = secrets.token_hex(32)
    line.send(type="challenge", format=FORMAT, nonce=ours)
    said = _expect(line, "proof")
    theirs = str(said.get("nonce"))
    if not hmac.compare_digest(str(said.get("proof")).encode(), _proof(secret, "node", ours, theirs).encode()):
        raise JoinRefused("the secrets differ")
    line.send(type="proven", proof=_proof(secret, "starter", ours, theirs))
    return NodeCard.read(_expect(line, "card"))


def introduce(line: ControlLine, secret: bytes, card: NodeCard) -> Said:
    """The node's side; the starter's welcome. Raises JoinRefused, ControlLost."""
    line.wait_at_most(HANDSHAKE_S)
    said = _expect(line, "challenge")
    if said.get("format") != FORMAT:
        raise JoinRefused(f"the starter uses format {said.get('format')}, this node {FORMAT}: install one version")
    ours, theirs = str(said.get("nonce")), secrets.token_hex(32)
    line.send(type="proof", nonce=theirs, proof=_proof(secret, "node", ours, theirs))
    said = _expect(line, "proven")
    if not hmac.compare_digest(str(said.get("proof")).encode(), _proof(secret, "starter", ours, theirs).encode()):
        raise JoinRefused("who answers there does not know the secret")
    line.send(type="card", **asdict(card))
    return _expect(line, "welcome")
