"""The proxy as a server that a test can start and signal like the others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import Server, free_port, running


@contextmanager
def proxy_to(upstream: int, folder: Path) -> Iterator[Server]:
    """A proxy before a server on this machine; SIGUSR1 makes its open connections go dead, SIGUSR2 switches noise."""
    port = free_port()
    command = [sys.executable, str(Path(__file__).with_name("proxy.py")), str(port), str(upstream)]
    with running(Server(f"redis://127.0.0.1:{port}/0", port, command, folder)) as server:
        yield server
