"""A broker that dies, forgets or goes half open, and a database that is away for a while."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import redis

from db.documents.kinds.video import Cue
from tests.faults.cluster import Cluster
from tests.faults.ledger import audit, audit_webhooks
from tests.faults.servers import proxy_to
from tests.postgres import PostgresServer, postgres_server
from tests.servers import RedisServer, receiver_process, redis_server


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with redis_server(folder, append_only=False) as server:
        yield server


def test_jobs_get_done_without_a_broker(
    tmp_path: Path, postgres_url: str, broker: RedisServer, sample_video: Path, expected: list[Cue]
) -> None:
    cluster = Cluster(tmp_path, postgres_url, broker.url)
    asset = cluster.add_video(sample_video)
    try:
        cluster.start("dispatcher")
        cluster.start("gpu")
        ids = cluster.submit(asset, 2)
        cluster.wait_running(ids)
        broker.kill()
        ids += cluster.submit(asset, 2)
        cluster.wait(ids, 150)
        broker.start()
        redis.Redis.from_url(broker.url).flushall()
        ids += cluster.submit(asset, 2)
        cluster.wait(ids, 150)
        assert audit(cluster.database, cluster.objects, ids, expected).faultless()
    finally:
        cluster.stop()


def test_a_worker_that_went_deaf_hears_again(
    tmp_path: Path, postgres_url: str, broker: RedisServer, sample_video: Path, expected: list[Cue]
) -> None:
    """The worker's broker connections go half open; it must not only find the jobs by polling, but listen again."""
    with proxy_to(broker.port, tmp_path) as proxy:
        cluster = Cluster(tmp_path, postgres_url, broker.url)
        asset = cluster.add_video(sample_video)
        try:
            cluster.start("dispatcher")
            cluster.start("gpu", BM3_REDIS_URL=proxy.url, BM3_WORKER_POLL_S="600")
            first = cluster.submit(asset)
            cluster.wait(first, 150)
            proxy.send(signal.SIGUSR1)
            ids = first + cluster.submit(asset, 3)
            cluster.wait(ids, 150)
            assert "restarting the queue consumer" in cluster.log()
            again = cluster.submit(asset)
            cluster.wait(again, 150, lambda job: job.attempt > 0)  # it polls every 600 s
            assert audit(cluster.database, cluster.objects, ids, expected).faultless()
        finally:
            cluster.stop()


def test_a_broker_link_that_loses_and_repeats_costs_nothing(
    tmp_path: Path, postgres_url: str, broker: RedisServer, sample_video: Path, expected: list[Cue]
) -> None:
    with proxy_to(broker.port, tmp_path) as proxy, receiver_process(tmp_path) as receiver:
        proxy.send(signal.SIGUSR2)
        cluster = Cluster(tmp_path, postgres_url, proxy.url)
        asset = cluster.add_video(sample_video)
        try:
            cluster.listen(f"{receiver.url}/ok")
            for role in ("dispatcher", "light", "gpu", "gpu"):
                cluster.start(role)
            ids = cluster.submit(asset, 8)
            cluster.wait(ids, 200)
            ledger = audit(cluster.database, cluster.objects, ids, expected)
            audit_webhooks(ledger, ids, tmp_path / "received.jsonl", 90)
            assert ledger.faultless(), ledger
            assert all(cluster.job(job_id).attempt == 1 for job_id in ids)
            assert {"lost", "repeated"} <= set((tmp_path / "server.log").read_text().split())
        finally:
            cluster.stop()


def test_a_database_restart_costs_nothing(
    tmp_path: Path, redis_url: str, sample_video: Path, expected: list[Cue]
) -> None:
    with postgres_server() as postgres, receiver_process(tmp_path) as receiver:
        cluster = Cluster(tmp_path, postgres.fresh(), redis_url, models="fake=fake?delay_ms=300")
        try:
            cluster.listen(f"{receiver.url}/flaky/1")
            ids = _through_a_restart(cluster, postgres, sample_video)
            ledger = audit(cluster.database, cluster.objects, ids, expected)
            audit_webhooks(ledger, ids, tmp_path / "received.jsonl", 90)
            assert ledger.faultless(), ledger
            assert all(cluster.job(job_id).attempt == 1 for job_id in ids)
        finally:
            cluster.stop()


def _through_a_restart(cluster: Cluster, postgres: PostgresServer, sample_video: Path) -> list[UUID]:
    asset = cluster.add_video(sample_video)
    for role in ("dispatcher", "light", "gpu"):
        # Time enough for a restart before anybody gives a lease up.
        cluster.start(role, BM3_LEASE_S="40", BM3_FENCE_S="30")
    ids = cluster.submit(asset, 3)
    cluster.wait_running(ids, cues=2)
    postgres.kill()
    time.sleep(2)
    postgres.start()
    cluster.wait(ids, 150)
    return ids
