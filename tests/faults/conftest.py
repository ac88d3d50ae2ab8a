"""One PostgreSQL, one Redis and one video for all fault tests; a fresh cluster for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from db.documents.kinds.video import Cue
from tests.faults.cluster import Cluster
from tests.faults.sample_video import expected_cues, make_sample_video

VIDEO_S = 24


@pytest.fixture(scope="session")
def sample_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sample_video(tmp_path_factory.mktemp("film") / "film.mp4", VIDEO_S)


@pytest.fixture(scope="session")
def expected(sample_video: Path) -> list[Cue]:
    return expected_cues(sample_video)


@pytest.fixture
def cluster(tmp_path: Path, postgres_url: str, redis_url: str) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path, postgres_url, redis_url)
    yield cluster
    cluster.stop()


@pytest.fixture
def asset(cluster: Cluster, sample_video: Path) -> UUID:
    return cluster.add_video(sample_video)
