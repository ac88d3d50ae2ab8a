"""A server process with jobs in every state, for tests of the client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from bm3vl import AsyncClient, Client
from tests.api.running_app import NO_REDIS, RunningApp, TenantClient, running_app
from tests.servers import Server, api_server

CAPTIONED = {"cues": 2, "duration_ms": 2000}


class Blocking:
    """An AsyncClient, or a part of it, that is called like a Client: what a generator yields comes as a list."""

    def __init__(self, client: Any, call: Callable[..., Any]) -> None:
        self._client, self._call = client, call

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        if not callable(attribute):
            return Blocking(attribute, self._call)
        return lambda *args, **kwargs: self._call(partial(_awaited, attribute, *args, **kwargs))


async def _awaited(method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    made = method(*args, **kwargs)
    if isinstance(made, AsyncIterator):
        return [item async for item in made]
    return await made


@contextmanager
def connected(way: str, url: str, key: str, **more: Any) -> Iterator[Any]:
    if way == "sync":
        with Client(url, key, **more) as client:
            yield client
        return
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(AsyncClient(url, key, **more)) as client:
        yield Blocking(client, portal.call)


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


@pytest.fixture(params=["sync", "async"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(way: str, live_server: LiveServer) -> Iterator[Any]:
    with connected(way, live_server.server.url, live_server.key) as made:
        yield made
