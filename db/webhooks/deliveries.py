"""Deliveries: one event on its way to one endpoint, claimed by a sender, tried, and written down."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from db.schema.tables_webhooks import DeliveryState, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from db.webhooks.endpoints import give_up, signing

CLAIM = timedelta(seconds=90)


@dataclass(frozen=True)
class Due:
    """A delivery claimed for one attempt; `document` is the body, `keys` what it is signed with."""

    delivery_id: UUID
    endpoint_id: UUID
    event_id: UUID
    attempts: int  # before this one
    claimed_until: datetime
    url: str
    document: dict[str, Any]
    keys: tuple[str, ...]
    failing_since: datetime | None


@dataclass(frozen=True)
class Tried:
    """How an attempt went."""

    outcome: str
    status: int | None
    error: str | None
    request_headers: dict[str, str]
    response_head: str
    duration_ms: int


@dataclass(frozen=True)
class Verdict:
    """What follows: delivered, or another attempt at `again_at`, or neither (given up); and why to disable the endpoint."""

    delivered: bool
    again_at: datetime | None
    disable_reason: str | None = None


@dataclass(frozen=True)
class Logged:
    """A line of the delivery log."""

    delivery: WebhookDelivery
    event: WebhookEvent


def due(session: Session, now: datetime, but_of: Collection[UUID], limit: int) -> list[tuple[UUID, UUID, UUID, bool]]:
    """Deliveries that are due, but for those endpoints': id, endpoint's id, tenant's id, whether the endpoint failed last."""
    statement = (
        select(
            WebhookDelivery.id,
            WebhookDelivery.endpoint_id,
            WebhookEndpoint.tenant_id,
            WebhookEndpoint.failing_since.is_not(None).label("failing"),
        )
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .where(WebhookDelivery.endpoint_id.not_in([*but_of]), WebhookEndpoint.disabled_at.is_(None), _is_due(now))
        .order_by(WebhookDelivery.next_attempt_at)
        .limit(limit)
    )
    return [(one, endpoint, tenant, failing) for one, endpoint, tenant, failing in session.execute(statement)]


def claim(session: Session, now: datetime, ids: Collection[UUID]) -> list[Due]:
    """Those of the deliveries that are still due, claimed so that no other sender takes them for a while."""
    still_due = select(WebhookDelivery.id).where(WebhookDelivery.id.in_([*ids]), _is_due(now))
    claimed = [*session.scalars(still_due.with_for_update(skip_locked=True))]
    session.execute(update(WebhookDelivery).where(WebhookDelivery.id.in_(claimed)).values(claimed_until=now + CLAIM))
    statement = (
        select(WebhookDelivery, WebhookEvent, WebhookEndpoint)
        .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .where(WebhookDelivery.id.in_(claimed))
        .order_by(WebhookDelivery.next_attempt_at)
    )
    return [_due(now, *row) for row in session.execute(statement).all()]


def settle(session: Session, now: datetime, due: Due, tried: Tried, verdict: Verdict) -> bool:
    """Write an attempt down and what follows from it. False: the claim had passed to another sender."""
    values = {"attempts": due.attempts + 1, "claimed_until": None, **_outcome(now, verdict)}
    still_ours = (WebhookDelivery.id == due.delivery_id) & (WebhookDelivery.claimed_until == due.claimed_until)
    mine = session.execute(update(WebhookDelivery).where(still_ours).values(**values).returning(WebhookDelivery.id))
    if mine.first() is None:
        return False
    session.add(_attempt(now, due, tried))
    _judge_endpoint(session, now, due, verdict)
    return True


def page(
    session: Session, endpoint_id: UUID, state: DeliveryState | None, limit: int, before: UUID | None
) -> list[Logged]:
    """The endpoint's deliveries, newest first."""
    statement = (
        select(WebhookDelivery, WebhookEvent)
        .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
        .where(WebhookDelivery.endpoint_id == endpoint_id)
    )
    if state is not None:
        statement = statement.where(WebhookDelivery.state == state)
    if before is not None:
        statement = statement.where(WebhookDelivery.id < before)
    return [Logged(*row) for row in session.execute(statement.order_by(WebhookDelivery.id.desc()).limit(limit))]


def find(session: Session, endpoint_id: UUID, delivery_id: UUID) -> Logged | None:
    """One delivery of the endpoint."""
    delivery = session.get(WebhookDelivery, delivery_id, populate_existing=True)
    if delivery is None or delivery.endpoint_id != endpoint_id:
        return None
    return Logged(delivery, session.get_one(WebhookEvent, delivery.event_id))


def attempts(session: Session, delivery_id: UUID) -> list[WebhookAttempt]:
    """The requests made for a delivery, first to last."""
    statement = select(WebhookAttempt).where(WebhookAttempt.delivery_id == delivery_id).order_by(WebhookAttempt.id)
    return [*session.scalars(statement)]


def resend(session: Session, now: datetime, delivery_id: UUID) -> None:
    """Try a delivery again now, with a fresh schedule; its message id stays the same."""
    session.execute(update(WebhookDelivery).where(WebhookDelivery.id == delivery_id).values(**_anew(now)))


def recover(session: Session, now: datetime, endpoint: WebhookEndpoint, since: datetime) -> int:
    """Try again everything that failed since then; how many."""
    failed = (
        (WebhookDelivery.endpoint_id == endpoint.id)
        & (WebhookDelivery.state == DeliveryState.FAILED)
        & (WebhookDelivery.created_at >= since)
    )
    again = session.execute(update(WebhookDelivery).where(failed).values(**_anew(now)).returning(WebhookDelivery.id))
    return len(again.all())


def last_failure(session: Session, endpoint_id: UUID) -> WebhookAttempt | None:
    """The newest request to the endpoint that failed, if its last one did."""
    statement = (
        select(WebhookAttempt)
        .join(WebhookDelivery, WebhookDelivery.id == WebhookAttempt.delivery_id)
        .where(WebhookDelivery.endpoint_id == endpoint_id)
    )
    last = session.scalars(statement.order_by(WebhookAttempt.at.desc()).limit(1)).first()
    return last if last is not None and last.outcome != "delivered" else None


def _is_due(now: datetime) -> ColumnElement[bool]:
    unclaimed = or_(WebhookDelivery.claimed_until.is_(None), WebhookDelivery.claimed_until < now)
    return and_(WebhookDelivery.state == DeliveryState.PENDING, WebhookDelivery.next_attempt_at <= now, unclaimed)


def _anew(now: datetime) -> dict[str, Any]:
    return {
        "state": DeliveryState.PENDING,
        "next_attempt_at": now,
        "claimed_until": None,
        "finished_at": None,
        "attempts": 0,
    }


def _due(now: datetime, delivery: WebhookDelivery, event: WebhookEvent, endpoint: WebhookEndpoint) -> Due:
    document = event.payload.get("full") if endpoint.payload == "full" else None
    return Due(
        delivery_id=delivery.id,
        endpoint_id=endpoint.id,
        event_id=event.id,
        attempts=delivery.attempts,
        claimed_until=now + CLAIM,
        url=endpoint.url,
        document=document or event.payload["thin"],
        keys=signing(endpoint, now),
        failing_since=endpoint.failing_since,
    )


def _outcome(now: datetime, verdict: Verdict) -> dict[str, Any]:
    if verdict.delivered:
        return {"state": DeliveryState.DELIVERED, "next_attempt_at": None, "finished_at": now}
    if verdict.again_at is not None:
        return {"next_attempt_at": verdict.again_at}
    return {"state": DeliveryState.FAILED, "next_attempt_at": None, "finished_at": now}


def _attempt(now: datetime, due: Due, tried: Tried) -> WebhookAttempt:
    return WebhookAttempt(
        delivery_id=due.delivery_id,
        at=now,
        outcome=tried.outcome,
        status=tried.status,
        error=tried.error[:400] if tried.error else None,
        request_headers=tried.request_headers,
        response_head=tried.response_head,
        duration_ms=tried.duration_ms,
    )


def _judge_endpoint(session: Session, now: datetime, due: Due, verdict: Verdict) -> None:
    this = WebhookEndpoint.id == due.endpoint_id
    if verdict.delivered:
        session.execute(
            update(WebhookEndpoint).where(this, WebhookEndpoint.failing_since.is_not(None)).values(failing_since=None)
        )
    else:
        session.execute(
            update(WebhookEndpoint).where(this, WebhookEndpoint.failing_since.is_(None)).values(failing_since=now)
        )
    if verdict.disable_reason is not None:
        values = {"disabled_at": now, "disabled_reason": verdict.disable_reason[:200]}
        session.execute(update(WebhookEndpoint).where(this, WebhookEndpoint.disabled_at.is_(None)).values(**values))
        give_up(session, now, due.endpoint_id)
