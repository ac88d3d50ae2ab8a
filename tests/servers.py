"""Real servers for tests: Redis and an S3 (moto), and the base of PostgreSQL's, each a child process on a free loopback port.

Every server can be killed, frozen and started again on the same port with the same data, for the fault tests. The
kernel ends it when the thread that started it dies, so a killed test run leaves nothing behind.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, TypeVar

import tests.receiver
from db.broker.embedded import redis_command
from tests.waiting import GUARD_S

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerFailed(RuntimeError):
    """A server ended before it answered, or never answered; the message ends with its log."""


class Server:
    """One server process on a fixed port; `url` is what a client connects to."""

    stop_signal = signal.SIGTERM

    def __init__(
        self,
        url: str,
        port: int,
        command: list[str],
        folder: Path,
        user: str | None = None,
    ) -> None:
        self.url, self.port, self.command, self.folder, self.user = (
            url,
            port,
            command,
            folder,
            user,
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, timeout_s: float = GUARD_S) -> None:
        """Start (again) on the same port and data; returns once it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent(self.stop_signal),
                **as_user(self.user),
            )
        deadline = time.monotonic() + timeout_s
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerFailed(f"{self.command[0]}: {(self.folder / 'server.log').read_text()[-2000:]}")
            time.sleep(0.02)

    def answers(self) -> bool:
        """Whether the server takes connections."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def send(self, signum: signal.Signals) -> None:
        """Send a signal, SIGSTOP and SIGCONT among them."""
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signum)

    def kill(self) -> None:
        """End it without a goodbye, as a crash would."""
        self.send(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def stop(self) -> None:
        """End it politely; kill it if that takes more than a minute."""
        if self.process is None:
            return
        self.send(signal.SIGCONT)
        self.send(self.stop_signal)
        try:
            self.process.wait(GUARD_S)
        except subprocess.TimeoutExpired:
            self.kill()


class RedisServer(Server):
    """Redis or Valkey."""

    def answers(self) -> bool:
        """Whether it says PONG: while it loads its file it takes connections but answers an error."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as link:
                link.sendall(b"PING\r\n")
                return link.recv(16).startswith(b"+PONG")
        except OSError:
            return False


S = TypeVar("S", bound=Server)


@dataclass(frozen=True, slots=True)
class S3Place:
    """A fresh bucket on an S3 server, with the keys to it."""

    endpoint_url: str
    bucket: str
    region: str = "us-east-1"
    access_key_id: str = "test"
    secret_access_key: str = "test"


def in_s3(place: S3Place) -> dict[str, str]:
    """The environment of a service that keeps its objects there."""
    return {
        "AWS_ACCESS_KEY_ID": place.access_key_id,
        "AWS_SECRET_ACCESS_KEY": place.secret_access_key,
        "BM3_OBJECT_STORE": "s3",
        "BM3_S3_BUCKET": place.bucket,
        "BM3_S3_ENDPOINT_URL": place.endpoint_url,
    }


@contextmanager
def redis_server(folder: Path, *, append_only: bool = True) -> Iterator[RedisServer]:
    """A running Redis that keeps its data in `folder`."""
    port = free_port()
    command = redis_command(port, folder, append_only=append_only)
    with running(RedisServer(f"redis://127.0.0.1:{port}/0", port, command, folder)) as server:
        yield server


@contextmanager
def moto_server(folder: Path) -> Iterator[Server]:
    """A running S3; everything in it is gone when it stops."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with running(_Http(f"http://127.0.0.1:{port}", port, command, folder, path="/moto-api/")) as server:
        yield server


@contextmanager
def receiver_process(folder: Path) -> Iterator[Server]:
    """A webhook receiver of its own; what it got stands in `folder`/received.jsonl (`tests.receiver.read_log`)."""
    port = free_port()
    command = [sys.executable, tests.receiver.__file__, str(port), str(folder / "received.jsonl")]
    with running(Server(f"http://127.0.0.1:{port}", port, command, folder)) as server:
        yield server


@contextmanager
def api_server(folder: Path, python: Path = Path(sys.executable)) -> Iterator[Server]:
    """`python -m api` with everything embedded in `folder`, no broker, and none of this tree's path handed on."""
    port = free_port()
    settings = {
        "BM3_DATA_DIR": str(folder),
        "BM3_API_PORT": str(port),
        "BM3_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
    }
    variables = [f"{name}={value}" for name, value in settings.items()]
    command = ["/usr/bin/env", "-u", "PYTHONPATH", *variables, str(python), "-m", "api"]
    with running(_Http(f"http://127.0.0.1:{port}", port, command, folder, path="/healthz")) as server:
        yield server


class _Http(Server):
    """A server that is there once it answers a GET of `path` with 200."""

    def __init__(self, url: str, port: int, command: list[str], folder: Path, *, path: str) -> None:
        super().__init__(url, port, command, folder)
        self.path = path

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}{self.path}", timeout=2) as answer:  # noqa: S310 - our own URL
                return bool(answer.status == 200)
        except OSError:
            return False


@contextmanager
def running(server: S) -> Iterator[S]:
    """Start a server, and stop it whatever happens."""
    server.start()
    try:
        yield server
    finally:
        server.stop()


class _Identity(TypedDict):
    user: int | None
    group: int | None
    extra_groups: list[int] | None


def as_user(user: str | None) -> _Identity:
    """What subprocess needs to run as that user; as we are for None."""
    if user is None:
        return {"user": None, "group": None, "extra_groups": None}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _die_with_parent(signum: signal.Signals) -> Callable[[], None]:
    def ask_kernel() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(signum))

    return ask_kernel
