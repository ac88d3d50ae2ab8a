"""A worker's line in the list of workers: who it is, what it serves, what it does now."""

from __future__ import annotations

import os
import platform
import secrets
import socket
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from db.schema.tables import Worker
from worker.gpus import watch
from worker.protocol import ModelReport

PACKAGES = ("bm3-vl", "torch", "transformers", "av", "celery")


def new_worker_id(role: str) -> str:
    """Unique, and readable in a list."""
    return f"{socket.gethostname()[:60]}-{role}-{os.getpid()}-{secrets.token_hex(2)}"


def report(session: Session, now: datetime, row: Worker) -> bool:
    """Store the worker's heartbeat, and its line if there is none. True: an operator wants it to finish up."""
    row.heartbeat_at = now
    known = session.get(Worker, row.id)
    row.draining = known is not None and known.draining
    session.merge(row)
    return row.draining


def sign_off(session: Session, worker_id: str) -> None:
    """Take the worker off the list."""
    session.execute(delete(Worker).where(Worker.id == worker_id))


def describe(models: tuple[ModelReport, ...], jobs: Iterable[UUID]) -> dict[str, Any]:
    """What a worker's line says besides its name."""
    return {
        "models": [{"name": m.name, **m.info, **({"problem": m.problem} if m.problem else {})} for m in models],
        "jobs": [str(job) for job in jobs],
        "gpu": gpus(),
        **versions(),
    }


@lru_cache
def versions() -> dict[str, Any]:
    """Versions of Python and of the packages in `PACKAGES`."""
    return {"python": platform.python_version(), "packages": {name: _version(name) for name in PACKAGES}}


def gpus() -> list[dict[str, Any]]:
    """Name, memory and load of each GPU; nothing where there is none."""
    return [
        {
            "name": gpu.name,
            "memory_used_mib": gpu.used >> 20,
            "memory_total_mib": gpu.total >> 20,
            "load": gpu.load,
        }
        for gpu in watch()
    ]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
