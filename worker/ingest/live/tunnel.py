"""A tunnel to a server of RTSP or RTMP: FFmpeg dials this machine, we dial an address that was checked, with TLS where asked.

So FFmpeg never resolves a name, and what a server tells it to dial instead leads nowhere: its redirects are refused.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import httpcore
import httpx

from db.failures import Failure
from worker.egress.dial import system_certificates
from worker.egress.guard import Guard
from worker.errors import Permanent
from worker.ingest.live.relay import opened
from worker.live_feed import FrameKind, SourceDown, json_frame

DIAL_S = 10.0
STEP_S = 0.2
PORTS = {"rtsp": 554, "rtsps": 322, "rtmp": 1935, "rtmps": 443}
HEAD_BYTES = 64 << 10


class RtspAnswers:
    """Looks at what an RTSP server says (RFC 2326, interleaved frames included) before FFmpeg hears it."""

    def __init__(self) -> None:
        self._held = b""
        self._pass = 0  # bytes of a frame or body that go through unseen

    def checked(self, data: bytes) -> bytes:
        """What may be handed on now. Raises Permanent(FETCH_FAILED) for a redirect, and for what is no RTSP."""
        self._held += data
        through = bytearray()
        while self._held:
            if self._pass:
                through += self._held[: self._pass]
                taken = min(self._pass, len(self._held))
                self._pass, self._held = self._pass - taken, self._held[taken:]
            elif not self._next():
                break
        return bytes(through)

    def _next(self) -> bool:
        """Measure the next frame or answer; False while it is not there whole."""
        if self._held[:1] == b"$":
            if len(self._held) < 4:
                return False
            self._pass = 4 + int.from_bytes(self._held[2:4], "big")
            return True
        end = self._held.find(b"\r\n\r\n")
        if end < 0:
            if len(self._held) > HEAD_BYTES:
                raise Permanent(Failure.FETCH_FAILED, "the server does not speak RTSP")
            return False
        head = self._held[:end].split(b"\r\n")
        status = head[0].split(b" ")[1:2] if head[0].startswith(b"RTSP/") else [b""]
        if head[0].startswith(b"REDIRECT") or status[0][:1] == b"3":
            raise Permanent(Failure.FETCH_FAILED, "the server redirects: give the address that it leads to")
        fields = (line.partition(b":") for line in head[1:])
        length = next((value for name, _, value in fields if name.strip().lower() == b"content-length"), b"0")
        self._pass = end + 4 + (int(length) if length.strip().isdigit() else 0)
        return True


class Tunnel:
    """A source that FFmpeg reaches itself, through a port of this machine."""

    def __init__(self, url: httpx.URL, guard: Guard) -> None:
        self._scheme, self._host = url.scheme, url.raw_host.decode("ascii")
        self._port = url.port or PORTS[url.scheme]
        self._guard = guard

    def frames(self, stop: threading.Event) -> Iterator[bytes]:
        """Open the tunnel and keep it until it breaks. Raises SourceDown, Permanent."""
        far: socket.socket | None = self._dial()
        with closing(socket.create_server(("127.0.0.1", 0))) as listener:
            listener.settimeout(DIAL_S)
            yield opened(listener.getsockname()[1])
            while not stop.is_set():
                try:
                    near, _ = listener.accept()
                except TimeoutError:
                    break  # FFmpeg has failed, or has let go
                with near:
                    self._pump(near, far or self._dial(), stop)
                far = None  # RTMP servers that want a password are dialled again
                listener.settimeout(STEP_S)
        yield json_frame(FrameKind.CUT, why="the connection broke off")

    def _dial(self) -> socket.socket:
        try:
            addresses = self._guard.addresses(self._host, self._port, DIAL_S)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise SourceDown("the source's name does not resolve") from error
        for address in addresses:
            with suppress(OSError):
                link = socket.create_connection((address, self._port), DIAL_S / len(addresses))
                if self._scheme in ("rtsps", "rtmps"):
                    link = system_certificates().wrap_socket(link, server_hostname=self._host)
                return link
        raise SourceDown("the source cannot be reached")

    def _pump(self, near: socket.socket, far: socket.socket, stop: threading.Event) -> None:
        """Carry bytes both ways until one side ends."""
        check: Callable[[bytes], bytes] = RtspAnswers().checked if self._scheme.startswith("rtsp") else bytes
        with far, selectors.DefaultSelector() as ready:
            for link in (near, far):
                link.settimeout(DIAL_S)
                ready.register(link, selectors.EVENT_READ)
            while not stop.is_set():
                for key, _ in ready.select(STEP_S):
                    with suppress(ConnectionError, TimeoutError):
                        if key.fileobj is near and (said := near.recv(1 << 16)):
                            far.sendall(said)
                            continue
                        if key.fileobj is far and (said := _received(far)):
                            near.sendall(check(said))
                            continue
                    return


def _received(link: socket.socket) -> bytes:
    """What has come; with TLS a record may hold more than one call gives, of which no selector tells."""
    said = link.recv(1 << 16)
    while isinstance(link, ssl.SSLSocket) and link.pending():
        said += link.recv(link.pending())
    return said
