"""The application on SQLite, and on both databases where that matters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.running_app import RunningApp, TenantClient, running_app


@pytest.fixture
def here(tmp_path: Path) -> Iterator[RunningApp]:
    """The application on SQLite with local objects, no Redis."""
    with running_app(tmp_path) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningApp]:
    """The application on each database."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with running_app(tmp_path, url) as running:
        yield running


@pytest.fixture
def ann(here: RunningApp) -> TenantClient:
    return here.tenant_client("ann")


@pytest.fixture
def bob(here: RunningApp) -> TenantClient:
    return here.tenant_client("bob")
