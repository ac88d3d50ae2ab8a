"""A server process with jobs in every state, for tests of the client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.api.running_app import NO_REDIS, RunningApp, TenantClient, running_app
from tests.servers import Server, api_server

CAPTIONED = {"cues": 2, "duration_ms": 2000}


@dataclass(frozen=True)
class LiveServer:
    """A server process, and a hand of a worker in the same database that moves jobs along."""

    server: Server
    worker: RunningApp
    tenant: TenantClient

    @property
    def key(self) -> str:
        return self.tenant.token

    def submitted(self, **fields: Any) -> str:
        """The id of a waiting job."""
        return str(self.tenant.submit(**fields)["id"])


@pytest.fixture(scope="module")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder: Path = tmp_path_factory.mktemp("server")
    with api_server(folder) as server, running_app(folder, redis_url=NO_REDIS, live=False) as worker:
        worker.worker()
        yield LiveServer(server, worker, worker.tenant_client("ann"))
