"""An api process of its own, on a fresh database, for benchmarks: what a client sees includes sockets and scheduling."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx

from db.access import keys, tenants
from db.ops import migrate
from db.session import Database
from db.settings import Settings
from tests.servers import free_port

ROOT = Path(__file__).parent.parent.parent
START_S = 180.0


@dataclass(frozen=True)
class ApiProcess:
    """Where it listens, a key for it, and the same database from here."""

    url: str
    token: str
    tenant_id: UUID
    database: Database
    pid: int

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def cpu_s(self) -> float:
        """Processor seconds it has used, together with the processes it has started."""
        return sum(_cpu_s(pid) for pid in (self.pid, *children(self.pid)))


def children(pid: int) -> list[int]:
    """The processes that share an api's port, and multiprocessing's own helper."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def api_process(folder: Path, database_url: str, redis_url: str) -> Iterator[ApiProcess]:
    """Run until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    named = {"BM3_DATA_DIR": str(folder), "BM3_DATABASE_URL": database_url, "BM3_REDIS_URL": redis_url}
    database = Database(Settings(data_dir=folder, database_url=database_url).database())
    migrate.upgrade(database)
    now = datetime.now(UTC)
    with database.write() as session:
        tenant = tenants.create(session, now, "bench")
        token = keys.create(session, now, tenant.id, "bench", ["jobs:read", "jobs:write"]).token
    with (folder / "api.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "api"],
            cwd=ROOT,
            env={**os.environ, **named, "BM3_API_PORT": str(port)},
            stdout=log,
            stderr=log,
        )
    try:
        _wait(f"http://127.0.0.1:{port}/healthz", process, folder / "api.log")
        yield ApiProcess(f"http://127.0.0.1:{port}", token, tenant.id, database, process.pid)
    finally:
        process.terminate()
        process.wait(20)
        database.dispose()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=1).is_success:
                return
        except httpx.TransportError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError(f"the api did not start:\n{log.read_text()[-2000:]}")


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
