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
from pathlib import Path

import httpx

from bm3vl import Client
from tests.servers import free_port

ROOT = Path(__file__).parent.parent.parent
START_S = 120.0
COMMANDS = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())


class Service:
    """A running service: where it is and where its things lie."""

    def __init__(self, folder: Path, url: str, environment: dict[str, str]) -> None:
        self.folder, self.url, self.environment = folder, url, environment
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def key(self) -> str:
        """The administrator's key that the first start printed."""
        return (self.folder / "admin-key").read_text().strip()

    def client(self) -> Client:
        return Client(self.url, self.key)

    def start(self, name: str) -> None:
        """Start one process of the Procfile."""
        command = COMMANDS[name].replace("exec .venv/bin/python", sys.executable, 1).split()
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def pid(self, name: str) -> int:
        """The process that stands for a line of the Procfile."""
        return self._processes[name].pid

    def stop(self, name: str) -> None:
        """End one with SIGTERM, and with SIGKILL what does not listen."""
        process = self._processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def crash(self, name: str) -> None:
        """Kill one process and start it again, as a supervisor would; back when the api answers."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()
        self.start(name)
        _wait_until_ready(self)

    def stop_all(self) -> None:
        """As a user's Ctrl-C does: everybody is told at once, then awaited."""
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        for name in [*self._processes]:
            self.stop(name)

    def ended(self) -> str | None:
        """The name of a process that ended by itself."""
        return next((name for name, process in self._processes.items() if process.poll() is not None), None)


@contextmanager
def service(folder: Path, **settings: str) -> Iterator[Service]:
    """Every process of the Procfile in `folder` with these settings, ended with SIGTERM."""
    folder.mkdir(parents=True, exist_ok=True)
    api, redis = free_port(), free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "BM3_DATA_DIR": str(folder),
        "BM3_REDIS_URL": f"redis://127.0.0.1:{redis}/0",
        "BM3_API_PORT": str(api),
        "BM3_ALLOW_NETWORKS": json.dumps(["127.0.0.0/8"]),
        **settings,
    }
    running = Service(folder, f"http://127.0.0.1:{api}", environment)
    try:
        for name in COMMANDS:
            running.start(name)
        _wait_until_ready(running)
        yield running
    finally:
        running.stop_all()


def _wait_until_ready(running: Service) -> None:
    """Until the api is ready and a worker has reported its models."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if (name := running.ended()) is not None:
            raise RuntimeError(f"{name} ended at once:\n{_tail(running.folder / name)}")
        if _is_ready(running):
            return
        time.sleep(0.2)
    raise TimeoutError(f"the service was not ready after {START_S:.0f} s:\n{_tail(running.folder / 'gpu')}")


def _is_ready(running: Service) -> bool:
    try:
        if httpx.get(f"{running.url}/readyz", timeout=2).status_code != 200:
            return False
    except httpx.TransportError:
        return False
    with running.client() as client:
        workers = [one for one in client.get("/v1/workers") if one["role"] == "gpu"]
    return any(one["data"].get("models") for one in workers)


def _tail(log: Path, lines: int = 40) -> str:
    return "\n".join(log.with_suffix(".log").read_text(errors="replace").splitlines()[-lines:])
