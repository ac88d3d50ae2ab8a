"""Live sources for tests: real servers that can be cut off and started again at the same address."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.needs import need
from tests.servers import _die_with_parent

GSTREAMER = 'import gi; gi.require_version("GstRtspServer", "1.0")'
SERVER = Path(__file__).with_name("rtsp_server.py")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RtspServer:
    """GStreamer's RTSP server in a process of its own."""

    def __init__(self, *login: str) -> None:
        found = subprocess.run(["/usr/bin/python3", "-c", GSTREAMER], capture_output=True, check=False)
        need(found.returncode == 0, "GStreamer's RTSP server (tests/debian.sh)")
        self.port = free_port()
        self._login = login
        self.process: subprocess.Popen[str] | None = None
        self.start()

    @property
    def url(self) -> str:
        user = ":".join(self._login) + "@" if self._login else ""
        return f"rtsp://{user}127.0.0.1:{self.port}/ball"

    def start(self) -> None:
        """Serve, and wait until it does."""
        self.process = subprocess.Popen(
            ["/usr/bin/python3", str(SERVER), str(self.port), *self._login],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=_die_with_parent(signal.SIGKILL),
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def order(self, line: str) -> None:
        """Change the stream while it is watched."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def cut(self) -> None:
        """Kill it: whoever watches is cut off."""
        assert self.process is not None
        with self.process:
            self.process.kill()

    @contextmanager
    def away(self, seconds: float) -> Iterator[None]:
        """Cut off for a while."""
        self.cut()
        time.sleep(seconds)
        yield
        self.start()
