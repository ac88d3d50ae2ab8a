"""Quotas to the border: what still fits, what does not, and what counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.access import tenants
from db.jobs import jobs, quotas
from db.jobs.jobs import NewJob
from db.jobs.quotas import QuotaExceeded
from db.schema.base import new_id
from db.schema.tables import OWNED, WAITING, Asset, AssetState, Job, JobAttempt, State
from db.schema.tables_access import Tenant
from db.session import Database

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ENDED = [state for state in State if state not in OWNED | WAITING]


@pytest.fixture
def tenant(database: Database) -> Tenant:
    with database.write() as session:
        return tenants.default(session, NOW)


def add_job(database: Database, tenant: Tenant, state: State = State.QUEUED, **more: Any) -> Job:
    with database.write() as session:
        job = jobs.submit(session, NOW, NewJob(tenant.id, "video.caption", "gpu", {}))
        for name, value in {"state": state, **more}.items():
            setattr(job, name, value)
        return job


def add_asset(database: Database, tenant: Tenant, size_bytes: int, **more: Any) -> None:
    asset = Asset(
        id=new_id(), tenant_id=tenant.id, filename="a.mp4", declared_type="video/mp4", size_bytes=size_bytes,
        object_key="assets/a", created_at=NOW, **{"state": AssetState.READY, **more},
    )  # fmt: skip
    with database.write() as session:
        session.add(asset)


def add_attempt(database: Database, job: Job, number: int, busy_seconds: float, ended_at: datetime | None) -> None:
    attempt = JobAttempt(
        job_id=job.id, attempt=number, epoch=number, worker_id="w", started_at=NOW, ended_at=ended_at,
        busy_seconds=busy_seconds,
    )  # fmt: skip
    with database.write() as session:
        session.add(attempt)


def used(database: Database, tenant: Tenant) -> quotas.Used:
    with database.read() as session:
        return quotas.used(session, NOW, tenant.id)


def submit(database: Database, tenant: Tenant, count: int = 1, **limits: int) -> None:
    with database.write() as session:
        row = session.get_one(Tenant, tenant.id)
        for name, value in limits.items():
            setattr(row, name, value)
        quotas.check_submit(session, NOW, row, count)


def keep(database: Database, tenant: Tenant, more_bytes: int, limit: int | None) -> None:
    with database.write() as session:
        row = session.get_one(Tenant, tenant.id)
        row.max_bytes = limit
        quotas.check_bytes(session, row, more_bytes)


def test_the_last_free_place_of_the_queue_may_be_taken_and_no_more(database: Database, tenant: Tenant) -> None:
    for _ in range(2):
        add_job(database, tenant)
    submit(database, tenant, 1, max_queued=3)
    submit(database, tenant, 2, max_queued=4)
    for count, limit in ((2, 3), (1, 2), (1, 0)):
        with pytest.raises(QuotaExceeded) as caught:
            submit(database, tenant, count, max_queued=limit)
        assert (caught.value.quota, caught.value.limit, caught.value.retry_after_s) == ("max_queued", limit, 30)
        assert str(caught.value) == f"the quota max_queued = {limit} is used up"


def test_without_a_quota_any_number_is_taken(database: Database, tenant: Tenant) -> None:
    submit(database, tenant, 10**9)
    keep(database, tenant, 10**15, None)


@pytest.mark.slow
def test_what_waits_and_what_runs_are_counted_apart_and_what_has_ended_or_is_deleted_is_not(
    database: Database, tenant: Tenant
) -> None:
    for state in [*WAITING, *OWNED, *ENDED]:
        add_job(database, tenant, state)
        add_job(database, tenant, state, deleted_at=NOW)
    with database.write() as session:
        other = Tenant(name="other", created_at=NOW)
        session.add(other)
    add_job(database, other)
    assert (used(database, tenant).queued, used(database, tenant).running) == (len(WAITING), len(OWNED))
    assert (used(database, other).queued, used(database, other).running) == (1, 0)


def test_bytes_are_kept_up_to_the_quota(database: Database, tenant: Tenant) -> None:
    add_asset(database, tenant, 600)
    keep(database, tenant, 400, 1000)
    with pytest.raises(QuotaExceeded) as caught:
        keep(database, tenant, 401, 1000)
    assert (caught.value.quota, caught.value.limit, caught.value.retry_after_s) == ("max_bytes", 1000, 3600)


def test_rejected_and_expired_uploads_take_nothing_and_unfinished_ones_do(database: Database, tenant: Tenant) -> None:
    add_asset(database, tenant, 1)
    add_asset(database, tenant, 10, state=AssetState.UPLOADING)
    add_asset(database, tenant, 100, state=AssetState.REJECTED)
    add_asset(database, tenant, 1000, expires_at=NOW)
    assert used(database, tenant).bytes_kept == 11


def test_snapshots_count_until_the_job_has_ended_and_recordings_until_it_is_deleted(
    database: Database, tenant: Tenant
) -> None:
    add_job(database, tenant, State.RUNNING, snapshot_bytes=1, recorded_bytes=10)
    add_job(database, tenant, State.QUEUED, snapshot_bytes=100)
    add_job(database, tenant, State.SUCCEEDED, snapshot_bytes=1000, recorded_bytes=10_000)
    add_job(database, tenant, State.SUCCEEDED, recorded_bytes=100_000, deleted_at=NOW)
    assert used(database, tenant).bytes_kept == 10_111


def test_a_booking_of_snapshots_holds_for_the_attempt_that_made_it(database: Database, tenant: Tenant) -> None:
    job = add_job(database, tenant, State.RUNNING, epoch=3)
    for epoch, size_bytes in ((3, 50), (2, 70)):
        with database.write() as session:
            quotas.book_snapshots(session, job.id, epoch, size_bytes)
    assert used(database, tenant).bytes_kept == 50


def test_gpu_seconds_are_those_of_attempts_that_ended_within_a_day(database: Database, tenant: Tenant) -> None:
    job = add_job(database, tenant, State.RUNNING)
    day = timedelta(days=1)
    second = timedelta(seconds=1)
    for number, (busy_seconds, ended_at) in enumerate(
        [(1.5, NOW), (10.0, NOW - day + second), (100.0, NOW - day), (1000.0, None)], start=1
    ):
        add_attempt(database, job, number, busy_seconds, ended_at)
    assert used(database, tenant).gpu_seconds_last_day == pytest.approx(11.5)
    submit(database, tenant, max_gpu_seconds_per_day=12)
    with pytest.raises(QuotaExceeded) as caught:
        submit(database, tenant, max_gpu_seconds_per_day=11)
    assert (caught.value.quota, caught.value.retry_after_s) == ("max_gpu_seconds_per_day", 3600)


def test_gpu_seconds_that_are_used_up_to_the_second_are_used_up(database: Database, tenant: Tenant) -> None:
    add_attempt(database, add_job(database, tenant), 1, 20.0, NOW)
    with pytest.raises(QuotaExceeded):
        submit(database, tenant, max_gpu_seconds_per_day=20)


def test_a_tenant_that_has_used_nothing_has_used_nothing(database: Database, tenant: Tenant) -> None:
    assert used(database, tenant) == quotas.Used(0, 0, 0, 0.0, None)
