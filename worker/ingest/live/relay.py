"""Hands a live source to the model child: listens on a local socket, and for every connection opens the source anew."""

from __future__ import annotations

import logging
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from worker.errors import Permanent, Transient
from worker.live_feed import FrameKind, SourceDown, frame, json_frame

PIECE_BYTES = 1 << 20
log = logging.getLogger(__name__)


class LiveSource(Protocol):
    """A live source that can be opened again and again."""

    def frames(self, stop: threading.Event) -> Iterator[bytes]:
        """One connection to it as frames, the first OPEN, the last how it ended. Raises SourceDown, Permanent, Transient.

        `stop` is set when nobody listens any more."""
        ...


class Relay:
    """A source on a socket in a private folder, as long as the block lasts."""

    def __init__(self, source: LiveSource) -> None:
        self._source = source
        self._folder = Path(tempfile.mkdtemp(prefix="bm3-live-"))  # short: a socket's path has a hundred bytes
        self.path = self._folder / "source"
        self._stop = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(4)
        threading.Thread(target=self._accept, name="live-relay", daemon=True).start()

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), name="live-source", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        stop = threading.Event()
        threading.Thread(target=self._watch, args=(connection, stop), name="live-watch", daemon=True).start()
        with connection:
            try:
                for part in self._source.frames(stop):
                    connection.sendall(part)
            except OSError:
                pass  # the child has let go
            except SourceDown as error:
                _say(connection, json_frame(FrameKind.CUT, why=str(error)))
            except Transient as error:
                _say(connection, json_frame(FrameKind.CUT, why=str(error)))
            except Permanent as error:
                _say(connection, json_frame(FrameKind.REFUSED, code=error.code, why=str(error)))
            except Exception:
                log.exception("a live source failed")
                _say(connection, json_frame(FrameKind.CUT, why="the relay failed"))
            finally:
                stop.set()

    def _watch(self, connection: socket.socket, stop: threading.Event) -> None:
        """The child never speaks: what can be read is the end of its connection."""
        with suppress(OSError, ValueError):
            while not stop.is_set() and not self._stop.is_set():
                connection.settimeout(None)
                if not connection.recv(1):
                    break
        stop.set()


def _say(connection: socket.socket, last: bytes) -> None:
    with suppress(OSError):
        connection.sendall(last)


def opened(port: int | None = None) -> bytes:
    """The first frame of a connection."""
    return json_frame(FrameKind.OPEN, port=port)


def data(body: bytes) -> Iterator[bytes]:
    """Bytes as frames."""
    for start in range(0, len(body), PIECE_BYTES):
        yield frame(FrameKind.DATA, body[start : start + PIECE_BYTES])
