"""A short seeded campaign on each database: everything at once, as the long run (`python -m tests.faults`) does it."""

from __future__ import annotations

import pytest

from tests.faults.campaign.run import DatabaseKind, campaign
from tests.needs import need
from tests.postgres import postgres_binaries


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["postgres", "sqlite"])
def test_nothing_is_lost_and_nothing_happens_twice(kind: DatabaseKind) -> None:
    need(kind == "sqlite" or postgres_binaries(), "PostgreSQL")
    summary = campaign(faults=6, seed=11, kind=kind)
    assert summary["faultless"], summary
    assert summary["faults"] == 6
