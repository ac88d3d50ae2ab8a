"""A cluster that scales down under load loses nothing; twenty rounds by `python -m tests.faults.scaling`."""

from __future__ import annotations

from uuid import UUID

import pytest

from db.documents.kinds.video import Cue
from tests.faults.cluster import Cluster
from tests.faults.scaling.down import scale_down


@pytest.mark.slow
@pytest.mark.processes
def test_workers_that_are_told_to_leave_hand_their_jobs_over(
    cluster: Cluster, asset: UUID, expected: list[Cue]
) -> None:
    done = scale_down(cluster, asset, expected, rounds=3)
    assert done.faultless, done.ledger
    assert done.from_zero == 0
    assert done.handed_over > 0
