"""A small reverse proxy as a process: larger bodies than its limit get 413, as nginx and others answer them.

python -m tests.client.proxy PORT UPSTREAM LIMIT_BYTES read|close - `close` answers before the body has been read and
hangs up, as some do. Each request is a line on stdout: method, path, bytes, status.
"""

from __future__ import annotations

import http.client
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, upstream: str, limit_bytes: int, hangs_up: bool) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.upstream, self.limit_bytes, self.hangs_up = upstream, limit_bytes, hangs_up


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > self.server.limit_bytes:
            self.close_connection = self.server.hangs_up
            if not self.server.hangs_up:
                self.rfile.read(length)
            self._answer(413, {"Content-Type": "text/html"}, b"<h1>413 Request Entity Too Large</h1>", length)
            return
        body, link = self.rfile.read(length), http.client.HTTPConnection(self.server.upstream, timeout=60)
        try:
            link.request(self.command, self.path, body, dict(self.headers.items()))
            answer = link.getresponse()
        except OSError:
            self._answer(502, {"Content-Type": "text/html"}, b"<h1>502 Bad Gateway</h1>", length)
            return
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in DROPPED}
        self._answer(answer.status, kept, answer.read(), length)
        link.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes, length: int) -> None:
        print(self.command, self.path, length, status, flush=True)
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PATCH = _serve  # noqa: N815 - the names http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return None


DROPPED = frozenset({"connection", "transfer-encoding", "content-length"})

if __name__ == "__main__":
    port, upstream, limit_bytes, manner = sys.argv[1:]
    Proxy(int(port), upstream, int(limit_bytes), manner == "close").serve_forever()
