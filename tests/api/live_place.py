"""The application behind a real socket, for what a test client cannot show: streams and many connections."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from api.connections import TimedConnection
from tests.api.place import Place, place


@dataclass(frozen=True)
class LivePlace:
    """Where it listens, and the same application's inside."""

    port: int
    inside: Place

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, token: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=20)


@contextmanager
def live_place(folder: Path, redis_url: str, database_url: str = "", **api: Any) -> Iterator[LivePlace]:
    """Serve until the block ends."""
    with place(folder, database_url, redis_url, live=False, **api) as inside:
        server = uvicorn.Server(
            uvicorn.Config(inside.app, log_config=None, http=TimedConnection, timeout_graceful_shutdown=1)
        )
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield LivePlace(listener.getsockname()[1], inside)
        finally:
            server.should_exit = True
            thread.join(10)
            listener.close()
