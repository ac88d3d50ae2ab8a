"""One running service for the end-to-end tests of a session, with the scripted engine: slow enough to be watched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bm3vl import Client
from tests.e2e.service import Service, service
from worker.bm3.scenes.scenes import Scene
from worker.bm3.scenes.write import Format, write_video


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service as `make up` starts it."""
    with service(tmp_path_factory.mktemp("service"), BM3_WORKER_MODELS="fake=fake?delay_ms=150") as started:
        yield started


@pytest.fixture
def client(running: Service) -> Iterator[Client]:
    with running.client() as connected:
        yield connected


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty seconds of rendered H.264."""
    path = tmp_path_factory.mktemp("video") / "scenes.mp4"
    for _ in write_video(Scene(1_000_003), path, Format(30_000)):
        pass
    return path
