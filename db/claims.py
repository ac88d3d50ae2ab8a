"""Which queued job a worker should take next: one index probe per tenant, so that a long queue costs no more than a short one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.tables import OWNED, Job, State
from db.tables_access import Tenant


def candidates(session: Session, queue: str) -> Iterator[UUID]:
    """The best job of each tenant, locked, best first: priority, then the tenant with fewer running jobs, then age."""
    for tenant_id in _tenants_by_need(session, queue):
        job_id: UUID | None = session.scalars(_head(queue, tenant_id).with_for_update(skip_locked=True)).first()
        if job_id is not None:  # else another worker was faster
            yield job_id


def _head(queue: str, tenant_id: UUID) -> Any:
    return (
        select(Job.id)
        .where(Job.queue == queue, Job.tenant_id == tenant_id, Job.state == State.QUEUED)
        .order_by(Job.priority.desc(), Job.id)
        .limit(1)
    )


def _tenants_by_need(session: Session, queue: str) -> list[UUID]:
    """Tenants that have work in the queue, best claim first; those at their running quota are left out."""
    head = (
        select(Job.id)
        .where(Job.queue == queue, Job.tenant_id == Tenant.id, Job.state == State.QUEUED)
        .order_by(Job.priority.desc(), Job.id)
        .limit(1)
        .correlate(Tenant)
        .scalar_subquery()
    )
    rows = session.execute(select(Tenant.id, Tenant.max_running, Job.priority, Job.id).join(Job, Job.id == head)).all()
    running = _running(session) if rows else {}
    ready = [row for row in rows if row[1] is None or running.get(row[0], 0) < row[1]]
    ready.sort(key=lambda row: (-row[2], running.get(row[0], 0), row[3]))
    return [row[0] for row in ready]


def _running(session: Session) -> dict[UUID, int]:
    """How many jobs of each tenant have a worker."""
    owned = select(Job.tenant_id, func.count()).where(Job.state.in_([*OWNED])).group_by(Job.tenant_id)
    return {tenant: count for tenant, count in session.execute(owned)}  # noqa: C416 - rows are no pairs to dict()
