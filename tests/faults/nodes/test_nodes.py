"""A short seeded run over real nodes, as the long one (`python -m tests.faults.nodes`) does it."""

from __future__ import annotations

import pytest

from tests.faults.nodes.run import campaign


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_job_is_lost_and_no_cue_told_twice_whatever_happens_to_nodes() -> None:
    summary = campaign(faults=3, seed=3)
    assert summary["faultless"], summary
    assert summary["faults"] == 3
