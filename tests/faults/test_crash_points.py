"""SIGKILL at every named place of worker, child, dispatcher and api: nothing is lost, nothing happens twice."""

from __future__ import annotations

import re
import signal
import threading
import time
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from db.crash import POINTS
from db.documents.kinds.video import Cue
from db.schema.tables import Asset, JobEvent, State
from tests.faults.cluster import Cluster
from tests.faults.ledger import audit

WORKER = (
    "worker.claimed:2",
    "worker.prepared:2",
    "worker.sent",
    "worker.started:2",
    "worker.saving:5",
    "worker.saved:4",
    "worker.renewed",
    "worker.done",
    "worker.finalizing",
    "worker.uploaded:2",
    "worker.succeeded",
)
KEEPING = ("worker.keeping", "worker.kept")  # hybrid models only: see test_hybrids.py
FAILING = "worker.failing"
LEAVING = ("worker.releasing", "worker.released")
CHILD = ("child.started", "child.emitting:3", "child.emitted:5", "child.attached", "child.done")
DISPATCHER = (
    "dispatcher.elected",
    "dispatcher.reaping",
    "dispatcher.reaped",
    "dispatcher.waking:3",
    "dispatcher.relaying:5",
    "dispatcher.relayed",
    "dispatcher.sweeping",
    "asset.discarding",
)
API = "submit.stored"
SOURCES = Path(__file__).parent.parent.parent


def test_every_named_place_is_one_to_die_at() -> None:
    """Each plan below is proved to have killed its process; none may be missing, in the code or here."""
    planned = {plan.partition(":")[0] for plan in (*WORKER, *KEEPING, FAILING, *LEAVING, *CHILD, *DISPATCHER, API)}
    code = [path.read_text() for part in ("api", "db", "worker") for path in (SOURCES / part).rglob("*.py")]
    called = [name for text in code for name in re.findall(r'crash_point\("([^"]+)"\)', text)]
    assert planned == set(POINTS)
    assert sorted(called) == sorted(POINTS)


def test_a_worker_may_die_anywhere(cluster: Cluster, asset: UUID, expected: list[Cue]) -> None:
    ids = cluster.submit(asset, 20)
    cluster.start("dispatcher")
    doomed = {plan: cluster.start("gpu", BM3_CRASH_AT=plan) for plan in WORKER}
    deadline = time.monotonic() + 200
    while any(process.alive for process in doomed.values()):
        assert time.monotonic() < deadline, [plan for plan, process in doomed.items() if process.alive]
        time.sleep(1)
        if cluster.queued() < 5:
            ids += cluster.submit(asset, 5)
    cluster.start("gpu", BM3_WORKER_SLOTS="8")
    cluster.wait(ids, 150)
    ledger = audit(cluster.database, cluster.objects, ids, expected)
    assert ledger.faultless(), ledger


def test_a_child_may_die_anywhere(cluster: Cluster, asset: UUID, expected: list[Cue], tmp_path: Path) -> None:
    cluster.start("dispatcher")
    plans = {plan: tmp_path / plan for plan in CHILD}
    cluster.start("gpu", BM3_CRASH_AT=",".join(f"{plan}@{marker}" for plan, marker in plans.items()))
    ids = cluster.submit(asset, 5)
    cluster.wait(ids, 150)
    assert [plan for plan, marker in plans.items() if not marker.exists()] == []
    ledger = audit(cluster.database, cluster.objects, ids, expected)
    assert ledger.faultless(), ledger


def test_a_dispatcher_may_die_anywhere(cluster: Cluster, asset: UUID, expected: list[Cue], tmp_path: Path) -> None:
    [deleted] = cluster.submit(asset)
    cluster.forget(deleted)
    spare = cluster.hidden_asset()
    ids = cluster.submit(asset, 2)
    plans = {plan: tmp_path / plan for plan in DISPATCHER}
    crashes = ",".join(f"{plan}@{marker}" for plan, marker in plans.items())
    doomed = [cluster.start("dispatcher", BM3_CRASH_AT=crashes) for _ in DISPATCHER]
    worker = cluster.start("gpu")
    cluster.wait_running(ids)
    worker.kill()
    cluster.start("gpu")
    assert all(process.ended(120) for process in doomed)
    assert [plan for plan, marker in plans.items() if not marker.exists()] == []
    cluster.start("dispatcher")
    cluster.wait(ids, 150)
    assert audit(cluster.database, cluster.objects, ids, expected).faultless()
    assert not cluster.objects.exists(spare.object_key)
    with cluster.database.read() as session:
        assert session.get(Asset, spare.id) is None


def test_too_little_memory_shrinks_the_frames_whoever_dies_over_it(cluster: Cluster, asset: UUID) -> None:
    cluster.models = "fake=fake?oom_above_pixels=1500"
    cluster.start("dispatcher")
    [job_id] = cluster.submit(asset, max_frame_pixels=64 * 48)
    assert cluster.start("gpu", BM3_CRASH_AT=FAILING).ended(120)
    cluster.start("gpu")
    [job] = cluster.wait([job_id], 150)
    assert job.state is State.SUCCEEDED, job.failure_message
    assert job.memory_setbacks > 0
    with cluster.database.read() as session:
        query = select(JobEvent).where(JobEvent.job_id == job_id, JobEvent.type == "job.frame_budget")
        budgets = [event.data["max_frame_pixels"] for event in session.scalars(query.order_by(JobEvent.seq))]
    assert budgets[0] == 64 * 48 // 2


def test_a_worker_may_die_while_it_hands_over(cluster: Cluster, asset: UUID, expected: list[Cue]) -> None:
    cluster.models = "fake=fake?delay_ms=300"
    ids = cluster.submit(asset, len(LEAVING))
    doomed = [cluster.start("gpu", BM3_CRASH_AT=place, BM3_WORKER_SLOTS="1") for place in LEAVING]
    cluster.wait_running(ids)
    for process in doomed:
        process.signal(signal.SIGTERM)
    assert all(process.ended(60) for process in doomed)
    assert [process.status for process in doomed] == [-signal.SIGKILL] * len(LEAVING)
    cluster.start("dispatcher")
    cluster.start("gpu")
    cluster.wait(ids, 150)
    assert audit(cluster.database, cluster.objects, ids, expected).faultless()


@pytest.mark.parametrize("processes", [1, 2])
def test_an_api_that_dies_over_a_submit_takes_it_once(
    cluster: Cluster, asset: UUID, tmp_path: Path, processes: int
) -> None:
    client = cluster.client()
    params = {"video": {"asset_id": str(asset)}}
    died = tmp_path / "died"
    doomed = cluster.start("api", BM3_CRASH_AT=f"{API}@{died}", BM3_API_WORKERS=str(processes))
    submitted: list[UUID] = []
    asking = threading.Thread(target=lambda: submitted.append(client.submit(params, "only-once", 300)))
    asking.start()
    if processes == 1:
        assert doomed.ended(200)
        cluster.start("api")
    asking.join(200)
    assert died.exists()
    assert submitted == [client.submit(params, "only-once")]
    assert cluster.queued() == 1


def test_a_worker_that_leaves_hands_its_jobs_over(cluster: Cluster, asset: UUID, expected: list[Cue]) -> None:
    ids = cluster.submit(asset, 2)
    worker = cluster.start("gpu", BM3_WORKER_DRAIN_S="50")  # not the 1.2 of a quiet machine: others test beside us
    cluster.wait_running(ids, cues=3)
    worker.signal(signal.SIGTERM)
    assert worker.ended(60)
    assert all(cluster.job(job_id).state is State.QUEUED for job_id in ids)
    cluster.start("gpu")
    cluster.wait(ids, 150)
    assert audit(cluster.database, cluster.objects, ids, expected).faultless()
    assert all(cluster.job(job_id).attempt == 2 for job_id in ids)
