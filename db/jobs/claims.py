"""Which queued job a worker should take next: one index probe per tenant, so that a long queue costs no more than a short one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from db.schema.tables import OWNED, Job, State
from db.schema.tables_access import Tenant


@dataclass(frozen=True)
class Served:
    """The models a worker has loaded; `default`: whether the one that jobs get that name none is among them."""

    names: Collection[str]
    default: bool = True

    def __bool__(self) -> bool:
        return bool(self.names)


def candidates(session: Session, queue: str, models: Served | None = None) -> Iterator[UUID]:
    """The best job of each tenant, locked, best first: priority, then the tenant with fewer running jobs, then age.

    Jobs for a model that is not among `models` are left to other workers. None: any job.
    """
    eligible = _eligible(queue, models)
    for tenant_id in _tenants_by_need(session, eligible):
        head = _best(eligible).where(Job.tenant_id == tenant_id)
        job_id: UUID | None = session.scalars(head.with_for_update(skip_locked=True)).first()
        if job_id is not None:  # else another worker was faster
            yield job_id


def waiting(session: Session, queue: str, models: Served | None, limit: int) -> int:
    """How many jobs there are for this worker, counted to `limit`; asked without a lock."""
    found = select(Job.id).where(*_eligible(queue, models)).limit(limit)
    return session.scalars(select(func.count()).select_from(found.subquery())).one()


def _eligible(queue: str, models: Served | None) -> list[ColumnElement[bool]]:
    """What a queued job must be for this worker."""
    tests = [Job.queue == queue, Job.state == State.QUEUED]
    if models is None:
        return tests
    named = Job.model.in_([*models.names])
    return [*tests, or_(Job.model.is_(None), named) if models.default else named]


def _best(eligible: list[ColumnElement[bool]]) -> Any:
    return select(Job.id).where(*eligible).order_by(Job.priority.desc(), Job.id).limit(1)


def _tenants_by_need(session: Session, eligible: list[ColumnElement[bool]]) -> list[UUID]:
    """Tenants that have work in the queue, best claim first; those at their running quota are left out."""
    head = _best(eligible).where(Job.tenant_id == Tenant.id).correlate(Tenant).scalar_subquery()
    rows = session.execute(select(Tenant.id, Tenant.max_running, Job.priority, Job.id).join(Job, Job.id == head)).all()
    running = _running(session) if rows else {}
    ready = [row for row in rows if row[1] is None or running.get(row[0], 0) < row[1]]
    ready.sort(key=lambda row: (-row[2], running.get(row[0], 0), row[3]))
    return [row[0] for row in ready]


def _running(session: Session) -> dict[UUID, int]:
    """How many jobs of each tenant have a worker."""
    owned = select(Job.tenant_id, func.count()).where(Job.state.in_([*OWNED])).group_by(Job.tenant_id)
    return {tenant: count for tenant, count in session.execute(owned)}  # noqa: C416 - rows are no pairs to dict()
