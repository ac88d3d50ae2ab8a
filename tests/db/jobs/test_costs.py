"""What jobs cost: the sum of their attempts, for each hour of video, and in a tenant's last day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from api.documents.schemas import cost_of
from db.access import tenants
from db.jobs import jobs, leases, quotas
from db.jobs.jobs import NewJob
from db.jobs.leases import Usage
from db.schema.tables import Job, State
from db.session import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _queued(database: Database) -> Job:
    with database.write() as session:
        return jobs.submit(session, NOW, NewJob(tenants.default(session, NOW).id, "video.caption", "gpu", {}))


def _attempt(database: Database, job: Job, cost: float | None, *, ends: bool) -> None:
    with database.write() as session:
        claimed = leases.claim(session, NOW, job.queue, "worker", 60.0)
        assert claimed is not None
        usage = Usage(1.0, cost=cost)
        leases.start(session, NOW, job.id, claimed.epoch)
        if not ends:
            assert leases.release(session, NOW, job.id, claimed.epoch, usage)
            return
        assert leases.finalize(session, job.id, claimed.epoch)
        assert leases.succeed(session, NOW, job.id, claimed.epoch, {}, [], usage)


def test_a_job_costs_what_all_its_attempts_cost(each_database: Database) -> None:
    job = _queued(each_database)
    _attempt(each_database, job, 0.25, ends=False)
    with each_database.write() as session:
        session.get_one(Job, job.id).done_ms = 1_800_000
    _attempt(each_database, job, 0.5, ends=True)
    with each_database.read() as session:
        row = session.get_one(Job, job.id)
        told = cost_of(row)
        used = quotas.used(session, NOW + timedelta(hours=1), job.tenant_id)
        later = quotas.used(session, NOW + timedelta(days=2), job.tenant_id)
    assert row.state is State.SUCCEEDED
    assert told is not None
    assert (told.amount, told.per_video_hour) == (0.75, 1.5)
    assert used.cost_last_day == pytest.approx(0.75)
    assert later.cost_last_day is None


def test_without_a_price_nothing_is_said(each_database: Database) -> None:
    job = _queued(each_database)
    _attempt(each_database, job, None, ends=True)
    with each_database.read() as session:
        assert cost_of(session.get_one(Job, job.id)) is None
        assert quotas.used(session, NOW, job.tenant_id).cost_last_day is None
