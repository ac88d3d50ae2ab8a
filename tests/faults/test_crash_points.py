"""SIGKILL at every named place of worker, child and dispatcher: nothing is lost, nothing happens twice."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from db.kinds.video import Cue
from db.tables import State
from tests.faults.cluster import Cluster
from tests.faults.ledger import audit

# The third passage where a first one could fall twice on the same checkpoint, which is poison and rightly so.
WORKER = (
    "worker.claimed",
    "worker.prepared",
    "worker.sent",
    "worker.saving:3",
    "worker.saved:2",
    "worker.renewed:2",
    "worker.done",
    "worker.finalizing",
    "worker.uploaded",
    "worker.succeeded",
)
CHILD = ("child.started", "child.emitting:3", "child.emitted:2", "child.attached", "child.done")
DISPATCHER = ("dispatcher.elected", "dispatcher.reaping", "dispatcher.reaped", "dispatcher.waking:3")


def test_a_worker_may_die_anywhere(cluster: Cluster, asset: UUID, expected: list[Cue]) -> None:
    ids = cluster.submit(asset, 6)
    cluster.start("dispatcher")
    lanes = [WORKER[0::2], WORKER[1::2]]
    dying = [cluster.start("gpu", BM3_CRASH_AT=lane[0]) for lane in lanes]
    for step in range(len(lanes[0])):
        for lane, plans in enumerate(lanes):
            assert dying[lane].ended(60), f"{plans[step]} was never reached\n{cluster.log()[-3000:]}"
            ids += cluster.submit(asset)
            following = plans[step + 1 :]
            dying[lane] = cluster.start("gpu", **({"BM3_CRASH_AT": following[0]} if following else {}))
    cluster.wait(ids, 90)
    ledger = audit(cluster.database, cluster.objects, ids, expected)
    assert ledger.faultless(), ledger


def test_a_child_may_die_anywhere(cluster: Cluster, asset: UUID, expected: list[Cue], tmp_path: Path) -> None:
    cluster.start("dispatcher")
    ids = []
    for number, plan in enumerate(CHILD):
        marker = tmp_path / f"died-{number}"
        worker = cluster.start("gpu", BM3_CRASH_AT=f"{plan}@{marker}")
        some = cluster.submit(asset, 2)
        ids += some
        cluster.wait(some, 60)
        assert marker.exists(), plan
        worker.kill()
    ledger = audit(cluster.database, cluster.objects, ids, expected)
    assert ledger.faultless(), ledger


def test_a_dispatcher_may_die_anywhere(cluster: Cluster, asset: UUID, expected: list[Cue], tmp_path: Path) -> None:
    ids = cluster.submit(asset, 2)
    for number, plan in enumerate(DISPATCHER):
        cluster.start("dispatcher", BM3_CRASH_AT=f"{plan}@{tmp_path / f'died-{number}'}")
    worker = cluster.start("gpu")
    cluster.wait_running(ids)
    worker.kill()
    cluster.start("gpu")
    cluster.start("dispatcher")
    cluster.wait(ids, 60)
    assert audit(cluster.database, cluster.objects, ids, expected).faultless()


@pytest.mark.parametrize("kill", [True, False])
def test_a_worker_that_leaves_hands_its_jobs_over(
    cluster: Cluster, asset: UUID, expected: list[Cue], *, kill: bool
) -> None:
    ids = cluster.submit(asset, 2)
    worker = cluster.start("gpu")
    cluster.wait_running(ids, cues=3)
    cluster.start("dispatcher")
    if kill:
        worker.kill()
    else:
        worker.signal(15)
        assert worker.ended(2.5)
        assert all(cluster.job(job_id).state is State.QUEUED for job_id in ids)
    cluster.start("gpu")
    cluster.wait(ids, 60)
    assert audit(cluster.database, cluster.objects, ids, expected).faultless()
    assert all(cluster.job(job_id).attempt == 2 for job_id in ids)
