"""The whole service as a user starts it: the Procfile's processes, on free ports, in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from client.sdk import Client
from tests.servers import free_port

ROOT = Path(__file__).parent.parent.parent
START_S = 120.0


@dataclass(frozen=True)
class Service:
    """A running service: where it is and where its things lie."""

    url: str
    folder: Path
    environment: dict[str, str]

    @property
    def key(self) -> str:
        """The administrator's key that the first start printed."""
        return (self.folder / "admin-key").read_text().strip()

    @property
    def log(self) -> Path:
        """What all processes say."""
        return self.folder / "service.log"

    def client(self) -> Client:
        return Client(self.url, self.key)


@contextmanager
def service(folder: Path, **settings: str) -> Iterator[Service]:
    """`make up` in `folder` with these settings; ended with SIGTERM like a user's Ctrl-C."""
    folder.mkdir(parents=True, exist_ok=True)
    api, redis = free_port(), free_port()
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "BM3_DATA_DIR": str(folder),
        "BM3_REDIS_URL": f"redis://127.0.0.1:{redis}/0",
        "BM3_API_PORT": str(api),
        "BM3_ALLOW_NETWORKS": json.dumps(["127.0.0.0/8"]),
        **settings,
    }
    running = Service(f"http://127.0.0.1:{api}", folder, environment)
    command = [sys.executable, "-m", "honcho", "--no-colour", "start"]
    with running.log.open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _wait_until_ready(running, process)
        yield running
    finally:
        _stop(process)


def _wait_until_ready(running: Service, process: subprocess.Popen[bytes]) -> None:
    """Until the api is ready and a worker has reported its models."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the service ended at once:\n{_tail(running.log)}")
        if _is_ready(running):
            return
        time.sleep(0.2)
    raise TimeoutError(f"the service was not ready after {START_S:.0f} s:\n{_tail(running.log)}")


def _is_ready(running: Service) -> bool:
    try:
        if httpx.get(f"{running.url}/readyz", timeout=2).status_code != 200:
            return False
    except httpx.TransportError:
        return False
    with running.client() as client:
        return bool(client.get("/v1/models"))


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _tail(log: Path, lines: int = 40) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
