"""A TCP proxy on loopback that hangs up after so many bytes of the server's answers, as bad lines do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class BreakingProxy:
    """`limits`: bytes of each connection's answer, one after another; None lets all through, as do later connections."""

    upstream: tuple[str, int]
    limits: list[int | None] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    port: int = 0

    def run(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            limit = self.limits.pop(0) if self.limits else None
            threading.Thread(target=self._serve, args=(client, limit), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _serve(self, client: socket.socket, limit: int | None) -> None:
        server = socket.create_connection(self.upstream)
        threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
        left = limit
        with suppress(OSError), client, server:
            while (left is None or left > 0) and (data := server.recv(65536)):
                client.sendall(data if left is None else data[:left])
                left = None if left is None else left - len(data)
            for end in (client, server):
                end.shutdown(socket.SHUT_RDWR)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                self.requests.append(data)
                server.sendall(data)


@contextmanager
def breaking_proxy(upstream_port: int, *limits: int | None) -> Iterator[BreakingProxy]:
    """A running one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = BreakingProxy(("127.0.0.1", upstream_port), [*limits], port=listener.getsockname()[1])
        threading.Thread(target=proxy.run, args=(listener,), daemon=True).start()
        yield proxy
        listener.shutdown(socket.SHUT_RDWR)
