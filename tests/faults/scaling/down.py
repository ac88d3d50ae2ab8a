"""Workers are told to leave one after another, as a cluster that scales down tells them, while jobs run.

python -m tests.faults.scaling --rounds 20     prints what became of it as JSON; exit status 1 if anything was lost
"""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from sqlalchemy import select

from db.documents.kinds.video import Cue
from db.schema.tables import TERMINAL, Job, JobAttempt
from tests.faults.cluster import Cluster
from tests.faults.ledger import audit

LOAD = 4  # jobs that are always under way
LEAVES_S = 60.0  # 2 are promised on a quiet machine; the slowest is told
BEGINS_S = 120.0  # a worker that is told to leave while it still starts would say nothing about hand-over
MODELS = "fake=fake?delay_ms=400"


@dataclass(frozen=True)
class ScaleDowns:
    """What became of the jobs. `from_zero`: attempts that began anew although an earlier one had watched a chunk."""

    rounds: int
    jobs: int
    handed_over: int
    from_zero: int
    slowest_exit_s: float
    faultless: bool
    ledger: str


def scale_down(cluster: Cluster, asset: UUID, expected: list[Cue], rounds: int) -> ScaleDowns:
    """Keep two workers busy; each round one more comes and the oldest is told to leave."""
    cluster.models = MODELS
    cluster.start("dispatcher")
    workers = [cluster.start("gpu"), cluster.start("gpu")]
    ids, slowest = cluster.submit(asset, LOAD), 0.0
    for _ in range(rounds):
        ids += cluster.submit(asset, max(0, LOAD - _under_way(cluster, ids)))
        workers.append(cluster.start("gpu"))
        leaving = workers.pop(0)
        _until_it_works(cluster, leaving.pid)
        asked = time.monotonic()
        leaving.signal(signal.SIGTERM)
        assert leaving.ended(LEAVES_S), "a worker that was told to leave stays"
        assert leaving.status == 0
        slowest = max(slowest, time.monotonic() - asked)
    cluster.wait(ids, 120 + 10 * len(ids))
    ledger = audit(cluster.database, cluster.objects, ids, expected)
    handed, zero = _attempts(cluster, ids)
    return ScaleDowns(rounds, len(ids), handed, zero, round(slowest, 2), ledger.faultless(), str(ledger))


def _under_way(cluster: Cluster, ids: list[UUID]) -> int:
    with cluster.database.read() as session:
        return len(session.scalars(select(Job.id).where(Job.id.in_(ids), Job.state.not_in(TERMINAL))).all())


def _until_it_works(cluster: Cluster, pid: int) -> None:
    """Wait until a job of that worker has stored something; not for ever, the others may have taken all."""
    deadline = time.monotonic() + BEGINS_S
    while time.monotonic() < deadline:
        with cluster.database.read() as session:
            owned = select(Job.id).where(Job.worker_id.contains(f"-{pid}-"), Job.cue_count > 0)
            if session.scalars(owned).first() is not None:
                return
        time.sleep(0.2)


def _attempts(cluster: Cluster, ids: list[UUID]) -> tuple[int, int]:
    """Attempts that another worker went on with, and those of them that began at zero."""
    handed = zero = 0
    with cluster.database.read() as session:
        for job_id in ids:
            rows = session.scalars(
                select(JobAttempt).where(JobAttempt.job_id == job_id).order_by(JobAttempt.attempt)
            ).all()
            for before, after in pairwise(rows):
                handed += 1
                zero += after.resumed_from_ms == 0 and before.ended_at_ms > 0
    return handed, zero
