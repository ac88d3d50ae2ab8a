"""An S3 that breaks when told: a gate before a real one, which hands requests on or answers for it."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

CODES = {403: "AccessDenied", 500: "InternalError", 503: "SlowDown"}
DROPPED = frozenset({"connection", "transfer-encoding", "content-length"})


class TcpGate(ThreadingHTTPServer):
    """`refuse` and `dawdle` say what happens to the next requests of a method; all others pass."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.refused: Counter[str] = Counter()
        self.waiting: Counter[str] = Counter()
        self._planned: dict[str, tuple[int, int]] = {}
        self._slow_s: dict[str, float] = {}
        self._lock = threading.Lock()
        self._hurry = threading.Event()

    def refuse(self, method: str, status: int, times: int) -> None:
        """Answer the next requests with an error."""
        self._planned[method] = (status, times)

    def dawdle(self, method: str, seconds: float) -> None:
        """Let requests of a method wait from now on."""
        self._slow_s[method] = seconds

    def heal(self) -> None:
        """Let everything pass from now on; what waits goes on."""
        self._planned.clear()
        self._slow_s.clear()
        self._hurry.set()
        self._hurry = threading.Event()

    def fate(self, method: str) -> int | None:
        """The status to refuse a request with; None: hand it on."""
        if slow_s := self._slow_s.get(method, 0.0):
            with self._lock:
                self.waiting[method] += 1
            self._hurry.wait(slow_s)
        with self._lock:
            status, left = self._planned.get(method, (0, 0))
            if left == 0:
                return None
            self._planned[method] = (status, left - 1)
            self.refused[method] += 1
            return status


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: TcpGate

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status = self.server.fate(self.command)
        if status is not None:
            code = CODES[status]
            return self._answer(status, {}, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())
        link = http.client.HTTPConnection(self.server.upstream, timeout=60)
        link.request(self.command, self.path, body, dict(self.headers.items()))
        answer = link.getresponse()
        self._answer(answer.status, dict(answer.getheaders()), answer.read())
        link.close()
        return None

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in DROPPED:
                self.send_header(name, value)
        length = headers.get("Content-Length", "0") if self.command == "HEAD" and headers else str(len(body))
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815 - the names http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return None


@contextmanager
def gate_to(upstream: str) -> Iterator[TcpGate]:
    """A gate, open until the block ends."""
    gate = TcpGate(upstream)
    threading.Thread(target=gate.serve_forever, name="gate", daemon=True).start()
    try:
        yield gate
    finally:
        gate.heal()
        gate.shutdown()
        gate.server_close()
