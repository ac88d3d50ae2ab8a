"""One api process, or several that share the port: how many, and what each of several does first."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import tempfile
from typing import Any

import uvicorn
from fastapi import FastAPI

from api import metrics
from api.app import create_app
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
        return _run(api, create_app(settings, api))
    with tempfile.TemporaryDirectory(prefix="bm3-metrics-") as folder:
        os.environ[metrics.SHARED] = folder
        return _run(
            api, "api.processes:one_of_several", factory=True, workers=number, timeout_worker_healthcheck=HUNG_S
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


def _run(api: ApiSettings, app: FastAPI | str, **more: Any) -> None:
    uvicorn.run(
        app,
        host=api.host,
        port=api.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_S,
        timeout_keep_alive=30,
        **more,
    )
