"""What the relay of a live source and the model child say to each other over a local socket: one kind, one length, a body.

The child connects and says nothing. The relay begins with OPEN, whose body is a port of a tunnel on this machine or
nothing; then DATA follows, and at last how it ended.
"""

from __future__ import annotations

import json
import socket
import struct
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from typing import Any

from db.failures import Failure
from worker.errors import Permanent

HEAD = struct.Struct(">BI")
CONNECT_S = 60.0  # until the relay says whether the source was reached


class FrameKind(IntEnum):
    """What a frame says."""

    OPEN = 1
    DATA = 2
    NEXT = 3  # the bytes go on as another container: connect again at once
    OVER = 4  # the source has ended in good order
    CUT = 5  # it broke off, or cannot be reached now
    REFUSED = 6  # it never can be


class SourceDown(Exception):
    """The source cannot be reached now, or broke off; the message says why and holds no secret."""


def frame(kind: FrameKind, body: bytes = b"") -> bytes:
    """A frame as it goes over the wire."""
    return HEAD.pack(kind, len(body)) + body


def json_frame(kind: FrameKind, **said: Any) -> bytes:
    """A frame of JSON."""
    return frame(kind, json.dumps(said).encode())


class LiveFeed:
    """One connection to a live source, as the child holds it. Raises SourceDown or Permanent where there is none.

    `read` gives the source's bytes as they come, none at their end, which `end` tells then; `port` is where a tunnel to the
    source's server listens on this machine, for protocols that FFmpeg speaks itself.
    """

    def __init__(self, path: Path) -> None:
        self.end: FrameKind | None = None
        self.why = ""
        self._left = b""
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.settimeout(CONNECT_S)
            self._socket.connect(str(path))
            kind, body = self._frame()
        except OSError as error:
            self._socket.close()
            raise SourceDown("the relay of the source does not answer") from error
        if kind is not FrameKind.OPEN:
            self._socket.close()
            self._finish(kind, body)
            raise SourceDown(self.why)
        self.port: int | None = json.loads(body).get("port")

    def patience(self, seconds: float | None) -> None:
        """How long `read` waits for bytes before it says that the source broke off; None: for ever."""
        self._socket.settimeout(seconds)

    def read(self, size: int) -> bytes:
        """At most so many bytes; none when the source has ended or broken off. Raises Permanent."""
        while not self._left and self.end is None:
            try:
                kind, body = self._frame()
            except TimeoutError:
                self.end, self.why = FrameKind.CUT, "nothing came any more"
            except OSError:
                self.end, self.why = FrameKind.CUT, "the connection broke off"
            else:
                if kind is FrameKind.DATA:
                    self._left = body
                else:
                    self._finish(kind, body)
        taken, self._left = self._left[:size], self._left[size:]
        return taken

    def ended(self) -> tuple[FrameKind, str]:
        """How a tunnel ended, as far as the relay has said so."""
        if self.end is None:
            self.patience(0.5)
            self.read(1)
        return self.end or FrameKind.CUT, self.why

    def close(self) -> None:
        """Let go of the source; wakes whoever reads from it."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _finish(self, kind: FrameKind, body: bytes) -> None:
        said = json.loads(body) if body else {}
        if kind is FrameKind.REFUSED:
            raise Permanent(Failure(said["code"]), said["why"])
        self.end, self.why = kind, said.get("why", "")

    def _frame(self) -> tuple[FrameKind, bytes]:
        kind, size = HEAD.unpack(self._exactly(HEAD.size))
        return FrameKind(kind), self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = self._socket.recv(min(size - len(parts), 1 << 20))
            if not part:
                raise ConnectionError("the relay is gone")
            parts += part
        return bytes(parts)
