"""How many of what there are: jobs by state, the oldest queued, workers alive, deliveries pending."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.schema.tables import Job, State, Worker
from db.schema.tables_webhooks import DeliveryState, WebhookDelivery

HEARTBEAT_LIFE = timedelta(seconds=60)


def by_state(session: Session) -> dict[tuple[str, str, str], int]:
    """Jobs by (queue, kind, state)."""
    keys = (Job.queue, Job.kind, Job.state)
    rows = session.execute(select(*keys, func.count()).where(Job.deleted_at.is_(None)).group_by(*keys))
    return {(queue, kind, state.value): number for queue, kind, state, number in rows}


def oldest_queued(session: Session) -> dict[str, datetime]:
    """When the longest-waiting queued job of each queue was queued."""
    rows = session.execute(
        select(Job.queue, func.min(Job.queued_at)).where(Job.state == State.QUEUED).group_by(Job.queue)
    )
    return {queue: since for queue, since in rows if since is not None}


def alive_workers(session: Session, now: datetime) -> dict[str, int]:
    """Workers heard of lately, by role."""
    rows = session.execute(
        select(Worker.role, func.count()).where(Worker.heartbeat_at > now - HEARTBEAT_LIFE).group_by(Worker.role)
    )
    return {role: number for role, number in rows}  # noqa: C416 - rows are no pairs to dict()


def pending_deliveries(session: Session) -> int:
    """Webhook deliveries not settled yet."""
    statement = select(func.count()).select_from(WebhookDelivery).where(WebhookDelivery.state == DeliveryState.PENDING)
    return session.scalars(statement).one()
