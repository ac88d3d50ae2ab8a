"""A camera whose clock is set while it is watched: RTSP handed on, with the timestamps of its pictures moved."""

from __future__ import annotations

import socket
import threading

from tests.worker.video.live.servers import RtspServer

TICKS_PER_S = 90_000  # of H.264 in RTP
HEAD = 4  # of an interleaved frame: $, channel, length


class LeapingCamera:
    """Between a watcher and an RTSP server. `leap` moves the RTP timestamps from then on."""

    def __init__(self) -> None:
        self._server = RtspServer()
        self._door = socket.create_server(("127.0.0.1", 0))
        self._shift = 0
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self._door.getsockname()[1]}/ball"

    def leap(self, seconds: float) -> None:
        self._shift = (self._shift + round(seconds * TICKS_PER_S)) % 2**32

    def cut(self) -> None:
        self._door.close()
        self._server.cut()

    def _serve(self) -> None:
        while True:
            try:
                watcher, _ = self._door.accept()
            except OSError:  # closed
                return
            server = socket.create_connection(("127.0.0.1", self._server.port))
            threading.Thread(target=self._asked, args=(watcher, server), daemon=True).start()
            threading.Thread(target=self._answered, args=(server, watcher), daemon=True).start()

    def _asked(self, watcher: socket.socket, server: socket.socket) -> None:
        """What is said to the server goes on to it; it calls itself by the address that it is asked for, which is ours."""
        with watcher, server:
            while said := _received(watcher):
                server.sendall(said)

    def _answered(self, server: socket.socket, watcher: socket.socket) -> None:
        waiting = b""
        while said := _received(server):
            waiting += said
            while (whole := _first(waiting)) is not None:
                waiting = waiting[len(whole) :]
                try:
                    watcher.sendall(self._moved(whole))
                except OSError:  # it has gone
                    return

    def _moved(self, part: bytes) -> bytes:
        if part[:2] != b"$\x00":  # of channel 0: the pictures
            return part
        at = HEAD + 4
        stamp = (int.from_bytes(part[at : at + 4], "big") + self._shift) % 2**32
        return part[:at] + stamp.to_bytes(4, "big") + part[at + 4 :]


def _received(link: socket.socket) -> bytes:
    try:
        return link.recv(1 << 16)
    except OSError:  # closed by the other thread
        return b""


def _first(waiting: bytes) -> bytes | None:
    """The first whole frame or answer; None when more has to come."""
    if waiting[:1] == b"$":
        size = HEAD + int.from_bytes(waiting[2:HEAD], "big") if len(waiting) >= HEAD else HEAD
    else:
        head = waiting.find(b"\r\n\r\n")
        if head < 0:
            return None
        lengths = [line for line in waiting[:head].split(b"\r\n") if line.lower().startswith(b"content-length:")]
        size = head + 4 + sum(int(line.partition(b":")[2]) for line in lengths)
    return waiting[:size] if len(waiting) >= max(size, 1) else None
