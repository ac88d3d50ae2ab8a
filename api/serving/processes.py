"""One api process, or several that share the port: how many, and what each of several does first."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import socket
import tempfile
from contextlib import suppress
from typing import Any

import uvicorn
from fastapi import FastAPI

from api import metrics
from api.app import create_app
from api.bootstrap import welcome
from api.serving.connections import TimedConnection
from api.settings import ApiSettings
from db.ops import logs
from db.settings import Settings

AT_MOST = 4
DRAIN_S = 5  # event streams are cut off after this; their watchers come back
HUNG_S = 60  # a process that answers its parent no more is replaced; a start on a busy machine takes a while
_PR_SET_PDEATHSIG = 1


def number_of(settings: Settings, api: ApiSettings) -> int:
    """How many processes to run: SQLite lets one write at a time, so several would only wait for each other."""
    if api.workers:
        return api.workers
    return 1 if settings.database().startswith("sqlite") else min(len(os.sched_getaffinity(0)), AT_MOST)


def serve(settings: Settings, api: ApiSettings) -> None:
    """Serve until told to stop. What the processes share lies in the database and Redis, but for their metrics."""
    if (number := number_of(settings, api)) == 1:
        _run_one(settings, api)
        return
    with tempfile.TemporaryDirectory(prefix="bm3-metrics-") as folder:
        os.environ[metrics.SHARED] = folder
        uvicorn.run(
            "api.serving.processes:one_of_several",
            factory=True,
            workers=number,
            timeout_worker_healthcheck=HUNG_S,
            **_options(api),
        )


def one_of_several() -> FastAPI:
    """The application of a process that ends with the one that started it, however that ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    starter = multiprocessing.parent_process()
    if starter is not None and os.getppid() != starter.pid:  # it ended before the kernel was asked
        raise SystemExit(1)
    logs.configure("api")
    metrics.forget_the_dead()
    return create_app()


class _WelcomingServer(uvicorn.Server):
    """Tells where the service is once it takes connections, so that the address stands below what the start wrote."""

    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(welcome(self._url(), self._settings), flush=True)

    def _url(self) -> str:
        """The address as a browser on this machine takes it; the port is the one in use, also where 0 was asked for."""
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - listening everywhere is the user's choice
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _run_one(settings: Settings, api: ApiSettings) -> None:
    server = _WelcomingServer(uvicorn.Config(create_app(settings, api), **_options(api)), settings)
    with suppress(KeyboardInterrupt):  # raised again by the server when it has ended in good order
        server.run()
    if not server.started:
        raise SystemExit(1)


def _options(api: ApiSettings) -> dict[str, Any]:
    return {
        "host": api.host,
        "port": api.port,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": DRAIN_S,
        "timeout_keep_alive": 30,
        "http": TimedConnection,
    }
