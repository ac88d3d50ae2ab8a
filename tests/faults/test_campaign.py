"""A short seeded campaign: everything at once, as the long run (`python -m tests.faults`) does it."""

from __future__ import annotations

import pytest

from tests.faults.campaign import campaign
from tests.needs import need
from tests.postgres import postgres_binaries


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_is_lost_and_nothing_happens_twice() -> None:
    need(postgres_binaries(), "PostgreSQL")
    summary = campaign(faults=6, seed=11)
    assert summary["faultless"], summary
    assert summary["faults"] == 6
