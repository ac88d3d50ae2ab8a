"""A database of each kind, and what a sweep tells others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.ops import migrate
from db.session import Database
from tests.db.ops.swept import Heard


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, heard: Heard) -> Iterator[Database]:
    sqlite = f"sqlite:///{tmp_path / 'jobs.sqlite3'}"
    database = Database(sqlite if request.param == "sqlite" else request.getfixturevalue("postgres_url"), heard)
    migrate.upgrade(database)
    yield database
    database.dispose()
