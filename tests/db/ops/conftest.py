"""A database of each kind, and what a sweep tells others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from db.ops import migrate
from db.schema.tables_access import Tenant
from db.session import Database
from tests.db.ops.swept import NOW, Heard


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


@pytest.fixture
def owner(database: Database) -> UUID:
    with database.write() as session:
        tenant = Tenant(name="a", created_at=NOW)
        session.add(tenant)
        session.flush()
        return tenant.id
