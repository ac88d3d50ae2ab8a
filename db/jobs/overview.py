"""What the jobs page asks of many jobs at once: how many, when, and whether anything changed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, cast, extract, func, select
from sqlalchemy.orm import Session

from db.jobs.jobs import Filter, conditions
from db.schema.tables import OWNED, Asset, Job, State

NEWEST = 100


@dataclass(frozen=True)
class Bar:
    """The jobs created in one stretch of time, by state."""

    at: datetime
    states: dict[State, int]

    @property
    def total(self) -> int:
        return sum(self.states.values())


def histogram(
    session: Session, tenant_id: UUID, wanted: Filter, since: datetime, step: timedelta, until: datetime
) -> list[Bar]:
    """Jobs by time of creation from `since` on, one bar a step, empty ones included."""
    width_s = int(step.total_seconds())
    slot = cast(extract("epoch", Job.created_at), BigInteger).op("/")(width_s)
    rows = session.execute(
        select(slot, Job.state, func.count())
        .where(Job.tenant_id == tenant_id, Job.deleted_at.is_(None), Job.created_at >= since, *conditions(wanted))
        .group_by(slot, Job.state)
    ).all()
    found: dict[int, dict[State, int]] = {}
    for number, state, count in rows:
        found.setdefault(int(number), {})[state] = count
    first, last = (int(at.timestamp()) // width_s for at in (since, until))
    return [Bar(datetime.fromtimestamp(n * width_s, UTC), found.get(n, {})) for n in range(first, last + 1)]


def by_state(session: Session, tenant_id: UUID) -> dict[State, int]:
    """How many jobs the tenant has in each state; segments of split jobs are not counted."""
    rows = session.execute(
        select(Job.state, func.count())
        .where(Job.tenant_id == tenant_id, Job.deleted_at.is_(None), Job.parent_id.is_(None))
        .group_by(Job.state)
    )
    return {state: count for state, count in rows}  # noqa: C416 - rows are no pairs to dict()


def pulse(session: Session, tenant_id: UUID) -> str:
    """A mark that changes when the tenant's newest jobs or those at work do; two index probes, however many jobs."""
    columns = (Job.id, Job.state, Job.done_ms, Job.cue_count, Job.attempt, Job.deleted_at, Job.cancel_requested_at)
    newest = select(*columns).where(Job.tenant_id == tenant_id).order_by(Job.id.desc()).limit(NEWEST)
    active = [*OWNED, State.RETRY_WAIT]
    working = select(*columns).where(Job.state.in_(active), Job.tenant_id == tenant_id).order_by(Job.id).limit(500)
    seen = [tuple(row) for statement in (newest, working) for row in session.execute(statement)]
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def filenames(session: Session, asset_ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of uploaded files."""
    rows = session.execute(select(Asset.id, Asset.filename).where(Asset.id.in_([*asset_ids])))
    return {asset_id: name for asset_id, name in rows}  # noqa: C416 - rows are no pairs to dict()


def finished(session: Session, queue: str, since: datetime) -> int:
    """How many jobs of a queue have ended since then."""
    ended = (Job.queue == queue, Job.state.in_([State.SUCCEEDED, State.FAILED]), Job.finished_at >= since)
    return session.scalars(select(func.count()).select_from(Job).where(*ended)).one()
