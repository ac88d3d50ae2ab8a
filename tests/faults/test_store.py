"""An object store that is slow, breaks for a while or refuses our key: no job is lost or half finished."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.documents.kinds.video import Cue
from db.failures import Failure
from db.schema.tables import State
from db.storage.s3 import S3Objects
from db.storage.s3_client import S3Config
from tests.faults.cluster import Cluster
from tests.faults.ledger import audit
from tests.faults.tcp_gate import TcpGate, gate_to
from tests.servers import S3Place

MANY = 10_000


@pytest.fixture
def gate(s3: S3Place) -> Iterator[TcpGate]:
    with gate_to(s3.endpoint_url) as gate:
        yield gate


@pytest.fixture
def stored_in_s3(
    tmp_path: Path, postgres_url: str, redis_url: str, s3: S3Place, gate: TcpGate, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cluster]:
    """A cluster whose processes reach their bucket through the gate; the audit goes around it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.secret_access_key)
    place = {"BM3_OBJECT_STORE": "s3", "BM3_S3_BUCKET": s3.bucket, "BM3_S3_PREFIX": "bm3/"}
    store = S3Objects(S3Config(s3.bucket, "bm3/", endpoint_url=s3.endpoint_url))
    cluster = Cluster(tmp_path, postgres_url, redis_url, settings={**place, "BM3_S3_ENDPOINT_URL": gate.url})
    cluster.objects = store
    yield cluster
    cluster.stop()


def test_a_store_that_stumbles_costs_no_attempt(
    stored_in_s3: Cluster, gate: TcpGate, sample_video: Path, expected: list[Cue]
) -> None:
    asset = stored_in_s3.add_video(sample_video)
    gate.refuse("GET", 500, 2)
    gate.refuse("PUT", 503, 3)
    gate.dawdle("PUT", 0.5)
    ids = stored_in_s3.submit(asset)
    stored_in_s3.start("gpu")
    [job] = stored_in_s3.wait(ids, 150)
    assert (gate.refused["GET"], gate.refused["PUT"]) == (2, 3)
    assert job.attempt == 1
    assert audit(stored_in_s3.database, stored_in_s3.objects, ids, expected).faultless()


def test_a_store_that_is_away_for_longer_costs_a_retry(
    stored_in_s3: Cluster, gate: TcpGate, sample_video: Path, expected: list[Cue]
) -> None:
    asset = stored_in_s3.add_video(sample_video)
    gate.refuse("GET", 503, MANY)
    ids = stored_in_s3.submit(asset)
    stored_in_s3.start("dispatcher")
    stored_in_s3.start("gpu")
    stored_in_s3.wait(ids, 150, lambda job: job.setbacks > 0)
    gate.heal()
    stored_in_s3.wait(ids, 150)
    assert audit(stored_in_s3.database, stored_in_s3.objects, ids, expected).faultless()


def test_a_store_that_refuses_our_key_fails_the_job_for_good_and_keeps_its_cues(
    stored_in_s3: Cluster, gate: TcpGate, sample_video: Path, expected: list[Cue]
) -> None:
    asset = stored_in_s3.add_video(sample_video)
    gate.refuse("PUT", 403, MANY)
    ids = stored_in_s3.submit(asset)
    stored_in_s3.start("gpu")
    [job] = stored_in_s3.wait(ids, 150)
    assert (job.state, job.failure, job.attempt) == (State.FAILED, Failure.STORAGE_REFUSED, 1)
    assert "AccessDenied" in (job.failure_message or "")
    assert job.cue_count == len(expected)
    assert not list(stored_in_s3.objects.list_prefix(f"jobs/{job.id}/"))
