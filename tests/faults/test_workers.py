"""Workers that freeze, children that hang, and cancels that must get through."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from db.documents.kinds.video import Cue
from db.schema.tables import CueRow, Job, JobAttempt, State
from tests.faults.cluster import Cluster
from tests.faults.ledger import audit
from tests.servers import receiver_process

SLOW = "fake=fake?delay_ms=400"


def test_a_frozen_worker_that_wakes_up_writes_nothing(cluster: Cluster, asset: UUID, expected: list[Cue]) -> None:
    cluster.models = SLOW
    cluster.start("dispatcher")
    ids = cluster.submit(asset, 2)
    zombie = cluster.start("gpu")
    cluster.wait_running(ids, cues=2)
    zombie.signal(signal.SIGSTOP)
    cluster.start("gpu")
    cluster.wait(ids, 150, lambda job: job.attempt > 1)  # claimed by the other worker
    zombie.signal(signal.SIGCONT)
    cluster.wait(ids, 150)
    assert zombie.alive
    ledger = audit(cluster.database, cluster.objects, ids, expected)
    assert ledger.faultless(), ledger


def test_cancel_ends_even_a_model_that_hangs(cluster: Cluster, asset: UUID, tmp_path: Path) -> None:
    cluster.models = f"fake=fake?delay_ms=300&hang_at=3&once={tmp_path / 'hung'}"
    cluster.start("dispatcher")
    [hanging] = cluster.submit(asset)
    cluster.start("gpu")
    cluster.wait([hanging], 120, lambda _: (tmp_path / "hung").exists())
    [innocent] = cluster.submit(asset)
    cluster.wait_running([innocent], cues=1)
    asked = time.monotonic()
    cluster.cancel(hanging)
    [canceled] = cluster.wait([hanging], 60)
    assert canceled.state is State.CANCELED
    assert canceled.cue_count > 0
    assert time.monotonic() - asked < 20
    [finished] = cluster.wait([innocent], 120)
    assert finished.state is State.SUCCEEDED
    assert finished.setbacks == 0


def test_cancel_of_a_willing_model_is_quick(cluster: Cluster, asset: UUID) -> None:
    cluster.models = SLOW
    [job_id] = cluster.submit(asset)
    cluster.start("gpu")
    cluster.wait_running([job_id], cues=2)
    asked = time.monotonic()
    cluster.cancel(job_id)
    [job] = cluster.wait([job_id], 60)
    assert time.monotonic() - asked < 20
    assert job.state is State.CANCELED
    assert job.cue_count >= 2


def test_a_killed_child_costs_its_jobs_only_a_retry(cluster: Cluster, asset: UUID, expected: list[Cue]) -> None:
    cluster.models = SLOW
    cluster.start("dispatcher")
    ids = cluster.submit(asset, 2)
    worker = cluster.start("gpu")
    cluster.wait_running(ids, cues=2)
    [child] = worker.children()
    os.kill(child, signal.SIGKILL)
    cluster.wait(ids, 150)
    assert worker.alive
    ledger = audit(cluster.database, cluster.objects, ids, expected)
    assert ledger.faultless(), ledger
    with cluster.database.read() as session:
        attempts = session.scalars(select(JobAttempt).where(JobAttempt.job_id == ids[0])).all()
    assert sorted(str(attempt.outcome) for attempt in attempts) == ["lost", "succeeded"]


def test_a_dead_worker_takes_its_child_along(cluster: Cluster, asset: UUID) -> None:
    cluster.models = SLOW
    ids = cluster.submit(asset)
    worker = cluster.start("gpu")
    cluster.wait_running(ids)
    [child] = worker.children()
    worker.kill()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().split(")")[1]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_split_job_is_worked_on_by_several_and_joined_once(cluster: Cluster, asset: UUID) -> None:
    cluster.models = SLOW
    cluster.start("dispatcher")
    [job_id] = cluster.submit(asset, mode="parallel", spread="workers", segments=3, warmup_ms=2000)
    doomed = cluster.start("gpu", BM3_WORKER_SLOTS="2")
    cluster.wait([job_id], 120, lambda job: job.state is State.AWAITING_INPUT)
    cluster.start("gpu", BM3_WORKER_SLOTS="2")
    doomed.kill()
    [job] = cluster.wait([job_id], 200)
    assert job.state is State.SUCCEEDED, job.failure_message
    with cluster.database.read() as session:
        rows = session.scalars(select(CueRow).where(CueRow.job_id == job_id).order_by(CueRow.seq)).all()
        segments = session.scalars(select(Job).where(Job.parent_id == job_id)).all()
    assert [segment.state for segment in segments] == [State.SUCCEEDED] * 3
    starts = [row.start_ms for row in rows]
    assert starts == sorted(set(starts))
    assert rows[0].start_ms == 0
    assert rows[-1].end_ms >= 23_000


def test_a_light_worker_leaves_in_time_whatever_a_receiver_does(cluster: Cluster, asset: UUID, tmp_path: Path) -> None:
    with receiver_process(tmp_path) as receiver:
        cluster.listen(f"{receiver.url}/hang")
        cluster.start("dispatcher")
        light = cluster.start("light")
        cluster.submit(asset)
        log, deadline = tmp_path / "received.jsonl", time.monotonic() + 60
        while not log.exists() or not log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        light.signal(signal.SIGTERM)
        assert light.ended(3.0)  # 2 are promised; other tests run on the same two cores
        assert light.status == 0
