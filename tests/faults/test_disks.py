"""Disks that are full or broken in the middle of a job: it is retried, nothing is half written, and it ends well."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from db.documents.kinds.video import Cue
from db.failures import Failure
from db.schema.tables import JobAttempt
from db.storage.local import LocalObjects
from tests.faults.cluster import Cluster
from tests.faults.ledger import audit
from tests.needs import need

ROOM_BYTES = 256 * 1024


@pytest.fixture
def tiny_store(cluster: Cluster) -> Iterator[LocalObjects]:
    """The cluster's store, on a file system with little room."""
    need(os.geteuid() == 0, "only root may mount a file system to fill")
    root = cluster.folder / "var" / "store"
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM_BYTES}", "tmpfs", str(root)], check=True)
    cluster.objects = LocalObjects(root)
    yield cluster.objects
    cluster.stop()
    subprocess.run(["umount", "--lazy", str(root)], check=True)


def test_a_full_store_costs_retries_until_there_is_room(
    cluster: Cluster, tiny_store: LocalObjects, sample_video: Path, expected: list[Cue]
) -> None:
    asset = cluster.add_video(sample_video)
    full = ROOM_BYTES - sample_video.stat().st_size
    tiny_store.put("assets/ballast", b"x" * (full // 4096 * 4096 - 4096), "text/plain")
    ids = cluster.submit(asset, 2)
    cluster.start("dispatcher")
    cluster.start("gpu")
    for job in cluster.wait(ids, 150, lambda job: job.setbacks > 0):
        assert job.cue_count == len(expected)
        assert attempt_of(cluster, job.id).failure is Failure.STORAGE
        assert "No space left" in str(attempt_of(cluster, job.id).message)
    tiny_store.delete("assets/ballast")
    cluster.wait(ids, 150)
    assert audit(cluster.database, cluster.objects, ids, expected).faultless()
    written = {info.key: info.size_bytes for info in tiny_store.list_prefix("jobs/")}
    assert all(written.values())
    assert not list((tiny_store.root / "temporary").iterdir())


def test_a_broken_scratch_folder_costs_a_retry(
    cluster: Cluster, asset: UUID, expected: list[Cue], tmp_path: Path
) -> None:
    cluster.start("dispatcher")
    cluster.start("gpu", BM3_WORKER_SCRATCH_DIR=str(tmp_path / "scratch"))
    cluster.wait(cluster.submit(asset), 150)
    [folder] = (tmp_path / "scratch").iterdir()
    folder.rename(tmp_path / "away")
    folder.write_bytes(b"not a folder")
    ids = cluster.submit(asset)
    [job] = cluster.wait(ids, 60, lambda job: job.setbacks > 0)
    assert attempt_of(cluster, job.id).failure is Failure.STORAGE
    folder.unlink()
    (tmp_path / "away").rename(folder)
    cluster.wait(ids, 150)
    assert audit(cluster.database, cluster.objects, ids, expected).faultless()


def attempt_of(cluster: Cluster, job_id: UUID) -> JobAttempt:
    """A job's first attempt."""
    with cluster.database.read() as session:
        return session.scalars(select(JobAttempt).where(JobAttempt.job_id == job_id, JobAttempt.attempt == 1)).one()
