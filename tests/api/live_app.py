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

from api.serving.connections import TimedConnection
from tests.api.running_app import RunningApp, running_app
from tests.waiting import GUARD_S


@dataclass(frozen=True)
class LiveApp:
    """Where it listens, and the same application's inside."""

    port: int
    inside: RunningApp

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, token: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=GUARD_S)


@contextmanager
def live_app(folder: Path, redis_url: str, database_url: str = "", **api: Any) -> Iterator[LiveApp]:
    """Serve until the block ends."""
    with running_app(folder, database_url, redis_url, live=False, **api) as inside:
        server = uvicorn.Server(
            uvicorn.Config(inside.app, log_config=None, http=TimedConnection, timeout_graceful_shutdown=1)
        )
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield LiveApp(listener.getsockname()[1], inside)
        finally:
            server.should_exit = True
            thread.join(GUARD_S)
            listener.close()
