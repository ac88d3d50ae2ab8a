"""Workshops for tests of a worker's parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import RedisServer
from tests.worker.supervisor.workshop import Workshop


@pytest.fixture
def workshops(tmp_path: Path, redis_process: RedisServer) -> Iterator[Callable[..., Workshop]]:
    """Makes workshops with these models and settings of the worker; without a child until `keep_running` is called."""
    made: list[Workshop] = []

    def make(models: str, **worker: object) -> Workshop:
        made.append(Workshop(tmp_path / f"workshop-{len(made)}", redis_process.url, models, **worker))
        return made[-1]

    yield make
    for shop in made:
        shop.close()


@pytest.fixture
def workshop(workshops: Callable[..., Workshop]) -> Workshop:
    """One without a child."""
    return workshops("fake=fake?delay_ms=50")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, redis_process: RedisServer) -> Iterator[Workshop]:
    """One with a child that is ready, for all tests of a file."""
    shop = Workshop(tmp_path_factory.mktemp("workshop"), redis_process.url, "fake=fake?delay_ms=50")
    shop.keep_running()
    yield shop
    shop.close()
