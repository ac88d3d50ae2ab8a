"""Harnesses for tests of a worker's parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import RedisServer
from tests.worker.supervisor.worker_harness import WorkerHarness


@pytest.fixture
def harnesses(tmp_path: Path, redis_process: RedisServer) -> Iterator[Callable[..., WorkerHarness]]:
    """Makes harnesses with these models and settings of the worker; without a child until `keep_running` is called."""
    made: list[WorkerHarness] = []

    def make(models: str, **worker: object) -> WorkerHarness:
        made.append(WorkerHarness(tmp_path / f"worker-{len(made)}", redis_process.url, models, **worker))
        return made[-1]

    yield make
    for harness in made:
        harness.close()


@pytest.fixture
def harness(harnesses: Callable[..., WorkerHarness]) -> WorkerHarness:
    """One without a child."""
    return harnesses("fake=fake?delay_ms=50")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, redis_process: RedisServer) -> Iterator[WorkerHarness]:
    """One with a child that is ready, for all tests of a file."""
    harness = WorkerHarness(tmp_path_factory.mktemp("worker"), redis_process.url, "fake=fake?delay_ms=50")
    harness.keep_running()
    yield harness
    harness.close()
