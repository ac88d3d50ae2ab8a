"""What tests of the database begin with: a tenant that owns what they store, in whichever `database` the test has."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from db.schema.tables_access import Tenant
from db.session import Database

CREATED_AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def owner(database: Database) -> UUID:
    """The tenant's id."""
    with database.write() as session:
        tenant = Tenant(name="a", created_at=CREATED_AT)
        session.add(tenant)
        session.flush()
        return tenant.id
