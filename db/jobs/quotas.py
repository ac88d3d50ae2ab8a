"""Whether a tenant may use more: jobs queued, bytes kept, GPU seconds of the last day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.schema.tables import OWNED, WAITING, Asset, AssetState, Job, JobAttempt
from db.schema.tables_access import Tenant

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Used:
    """What a tenant uses now."""

    queued: int
    running: int
    bytes_kept: int
    gpu_seconds_last_day: float
    cost_last_day: float | None = None  # None: no worker has a price


class QuotaExceeded(Exception):
    """A quota is used up; `retry_after_s` says when asking again may help."""

    def __init__(self, quota: str, limit: int, retry_after_s: int) -> None:
        super().__init__(f"the quota {quota} = {limit} is used up")
        self.quota, self.limit, self.retry_after_s = quota, limit, retry_after_s


def used(session: Session, now: datetime, tenant_id: UUID) -> Used:
    """Everything the quotas are measured against."""
    return Used(
        queued=_jobs(session, tenant_id, [*WAITING]),
        running=_jobs(session, tenant_id, [*OWNED]),
        bytes_kept=_bytes(session, tenant_id),
        gpu_seconds_last_day=_gpu_seconds(session, now, tenant_id),
        cost_last_day=_cost(session, now, tenant_id),
    )


def check_submit(session: Session, now: datetime, tenant: Tenant, jobs: int = 1) -> None:
    """Raise QuotaExceeded unless `jobs` more may be submitted."""
    if tenant.max_queued is not None:
        _in_turn(session, tenant)
    if tenant.max_queued is not None and _jobs(session, tenant.id, [*WAITING]) + jobs > tenant.max_queued:
        raise QuotaExceeded("max_queued", tenant.max_queued, 30)
    limit = tenant.max_gpu_seconds_per_day
    if limit is not None and _gpu_seconds(session, now, tenant.id) >= limit:
        raise QuotaExceeded("max_gpu_seconds_per_day", limit, 3600)


def check_bytes(session: Session, tenant: Tenant, more_bytes: int) -> None:
    """Raise QuotaExceeded unless this many bytes more may be kept. It holds when they are added in the same write block."""
    if tenant.max_bytes is not None:
        _in_turn(session, tenant)
    if tenant.max_bytes is not None and _bytes(session, tenant.id) + more_bytes > tenant.max_bytes:
        raise QuotaExceeded("max_bytes", tenant.max_bytes, 3600)


def book_snapshots(session: Session, job_id: UUID, epoch: int, size_bytes: int) -> None:
    """Count what a job's snapshots take from now on against its tenant, as long as the job has not ended."""
    held = update(Job).where(Job.id == job_id, Job.epoch == epoch).values(snapshot_bytes=size_bytes)
    session.execute(held)


def _in_turn(session: Session, tenant: Tenant) -> None:
    """Let requests of one tenant queue up here, or two at once would both see the last free place."""
    session.execute(select(Tenant.id).where(Tenant.id == tenant.id).with_for_update())


def _jobs(session: Session, tenant_id: UUID, states: list[str]) -> int:
    statement = select(func.count()).where(Job.tenant_id == tenant_id, Job.state.in_(states), Job.deleted_at.is_(None))
    return session.scalars(statement).one()


def _bytes(session: Session, tenant_id: UUID) -> int:
    uploads = select(func.coalesce(func.sum(Asset.size_bytes), 0)).where(
        Asset.tenant_id == tenant_id, Asset.state != AssetState.REJECTED, Asset.expires_at.is_(None)
    )
    snapshots = select(func.coalesce(func.sum(Job.snapshot_bytes), 0)).where(
        Job.tenant_id == tenant_id, Job.state.in_([*OWNED, *WAITING])
    )
    recordings = select(func.coalesce(func.sum(Job.recorded_bytes), 0)).where(
        Job.tenant_id == tenant_id, Job.recorded_bytes > 0, Job.deleted_at.is_(None)
    )
    return sum(int(session.scalars(kept).one()) for kept in (uploads, snapshots, recordings))


def _gpu_seconds(session: Session, now: datetime, tenant_id: UUID) -> float:
    statement = (
        select(func.coalesce(func.sum(JobAttempt.busy_seconds), 0.0))
        .join(Job, Job.id == JobAttempt.job_id)
        .where(Job.tenant_id == tenant_id, JobAttempt.ended_at > now - DAY)
    )
    return float(session.scalars(statement).one())


def _cost(session: Session, now: datetime, tenant_id: UUID) -> float | None:
    statement = (
        select(func.sum(JobAttempt.cost))
        .join(Job, Job.id == JobAttempt.job_id)
        .where(Job.tenant_id == tenant_id, JobAttempt.ended_at > now - DAY)
    )
    found = session.scalars(statement).one()
    return None if found is None else round(float(found), 6)
