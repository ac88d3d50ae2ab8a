"""A webhook receiver and file server on loopback that misbehaves on request: the path says how.

    /ok                   200, "thanks"
    /status/503?retry-after=7
    /redirect/2?to=URL    a redirect to `to`, or to itself with one less until 0, which is /bytes/5
    /bytes/1000           that many bytes, Content-Length said; /chunked/1000 without it
    /lie/1000             Content-Length says 5000, or what `says` says
    /endless              bytes until the client leaves
    /drip                 200, then a byte every 50 ms, for ever; /dripheaders the same in the headers
    /hang                 takes the request and says nothing; /late a 200 whose body never comes
    /gzip                 a compressed answer; /garbage not HTTP at all
    /flaky/3              500 for the first 3 requests with one webhook-id, then 200

`python -m tests.receiver PORT LOG` runs it as a process that notes each request as a line of JSON.
"""

from __future__ import annotations

import base64
import gzip
import json
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in; `body` is base64 in the log."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at_s: float = field(default_factory=time.time)


class Receiver(ThreadingHTTPServer):
    """The server; `received` holds every request in order."""

    daemon_threads = True
    request_queue_size = 256  # of the default 5, a sixth sender at once waits a second to be let in
    # A thread may still be dripping when the test is over.
    block_on_close = False

    def __init__(self, port: int = 0, log: Path | None = None, certificates: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.received: list[Received] = []
        self.failures: Counter[str] = Counter()
        self.stopping = threading.Event()
        self._log, self._lock = log, threading.Lock()
        self.scheme = "https" if certificates else "http"
        if certificates:
            self.socket = certificates.wrap_socket(self.socket, server_side=True)

    def url(self, path: str = "/ok", host: str = "127.0.0.1") -> str:
        """The URL of a path, by whatever name leads here."""
        return f"{self.scheme}://{host}:{self.server_port}{path}"

    def note(self, received: Received) -> None:
        """Keep a request, and write it down before it is answered."""
        with self._lock:
            self.received.append(received)
            if self._log:
                line = {**asdict(received), "body": base64.b64encode(received.body).decode()}
                with self._log.open("a") as log:
                    log.write(json.dumps(line) + "\n")

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news here."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._take()

    def do_POST(self) -> None:
        self._take()

    def log_message(self, *args: object) -> None:
        return

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.note(Received(self.command, self.path, headers, body))
        self.close_connection = True
        name, _, argument = urlsplit(self.path).path.strip("/").partition("/")
        query = dict(parse_qsl(urlsplit(self.path).query))
        BEHAVIOURS[name](self, argument, query)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.begin(status, {"Content-Length": str(len(body)), **{k.replace("_", "-"): v for k, v in headers.items()}})
        self.wfile.write(body)

    def begin(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        # Said as it is done: a client that did not know would send its next request into a closing connection.
        for name, value in {**headers, "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()

    def until_stopped(self) -> Iterator[None]:
        while not self.server.stopping.wait(0.05):
            yield


Behaviour = Callable[[_Handler, str, dict[str, str]], None]


def _ok(handler: _Handler, argument: str, query: dict[str, str]) -> None:
    handler.answer(200, b"thanks")


def _status(handler: _Handler, argument: str, query: dict[str, str]) -> None:
    handler.answer(int(argument), b"no\0body", **query)


def _redirect(handler: _Handler, argument: str, query: dict[str, str]) -> None:
    left = int(argument)
    after = f"/redirect/{left - 1}" if left > 1 else "/bytes/5"
    handler.answer(302, Location=query.get("to", after))


def _bytes(handler: _Handler, argument: str, query: dict[str, str]) -> None:
    handler.answer(200, b"x" * int(argument), Content_Type="video/mp4")


def _chunked(handler: _Handler, argument: str, query: dict[str, str]) -> None:
    handler.begin(200, {"Transfer-Encoding": "chunked"})
    handler.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (int(argument), b"x" * int(argument)))


def _lie(handler: _Handler, argument: str, query: dict[str, str]) -> None:
    handler.begin(200, {"Content-Length": query.get("says", "5000")})
    handler.wfile.write(b"x" * int(argument))


def _endless(handler: _Handler, argument: str, query: dict[str, str]) -> None:
    handler.begin(200, {"Content-Type": "video/mp4"})
    while not handler.server.stopping.is_set():
        handler.wfile.write(b"x" * 65536)


def _drip(handler: _Handler, argument: str, query: dict[str, str]) -> None:
    handler.begin(200, {})
    for _ in handler.until_stopped():
        handler.wfile.write(b"x")


def _dripheaders(handler: _Handler, argument: str, query: dict[str, str]) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in handler.until_stopped():
        handler.wfile.write(b"x")


def _hang(handler: _Handler, argument: str, query: dict[str, str]) -> None:
    handler.server.stopping.wait()


def _late(handler: _Handler, argument: str, query: dict[str, str]) -> None:
    handler.begin(200, {"Content-Length": "10"})
    handler.server.stopping.wait()


def _gzip(handler: _Handler, argument: str, query: dict[str, str]) -> None:
    handler.answer(200, gzip.compress(b"x" * 1000), Content_Encoding="gzip")


def _garbage(handler: _Handler, argument: str, query: dict[str, str]) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\0\0\0\r\n\r\n")


def _flaky(handler: _Handler, argument: str, query: dict[str, str]) -> None:
    failures, key = handler.server.failures, handler.headers.get("webhook-id", "")
    failures[key] += 1
    handler.answer(500 if failures[key] <= int(argument) else 200)


BEHAVIOURS: dict[str, Behaviour] = {
    "ok": _ok,
    "status": _status,
    "redirect": _redirect,
    "bytes": _bytes,
    "chunked": _chunked,
    "lie": _lie,
    "endless": _endless,
    "drip": _drip,
    "dripheaders": _dripheaders,
    "hang": _hang,
    "late": _late,
    "gzip": _gzip,
    "garbage": _garbage,
    "flaky": _flaky,
}


@contextmanager
def receiver(certificates: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver in a thread of this process."""
    server = Receiver(certificates=certificates)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


def read_log(log: Path) -> list[Received]:
    """What a receiver process has noted so far."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [Received(**{**entry, "body": base64.b64decode(entry["body"])}) for entry in map(json.loads, lines)]


if __name__ == "__main__":
    Receiver(int(sys.argv[1]), Path(sys.argv[2])).serve_forever()
