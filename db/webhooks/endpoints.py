"""Webhook endpoints, and the fan-out of what happened into one delivery an endpoint that wants to hear of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from db.documents.event_types import EventType
from db.documents.kinds import datasheet_verdict
from db.schema.base import new_id
from db.schema.tables import Job, Outbox, State
from db.schema.tables_webhooks import DeliveryState, WebhookDelivery, WebhookEndpoint, WebhookEvent
from db.webhooks import signing_keys

STATES = {
    EventType.JOB_QUEUED: State.QUEUED,
    EventType.JOB_STARTED: State.RUNNING,
    EventType.JOB_PROGRESS: State.RUNNING,
    EventType.CUE_MATCHED: State.RUNNING,
    EventType.JOB_SUCCEEDED: State.SUCCEEDED,
    EventType.JOB_FAILED: State.FAILED,
    EventType.JOB_CANCELED: State.CANCELED,
    EventType.JOB_EXPIRED: State.EXPIRED,
}


@dataclass(frozen=True)
class NewEndpoint:
    """Where events shall go; no `events` means all of them."""

    tenant_id: UUID
    url: str
    events: Sequence[str] = ()
    payload: str = "thin"
    description: str | None = None


def create(session: Session, now: datetime, new: NewEndpoint) -> WebhookEndpoint:
    """A new endpoint with its own keys."""
    endpoint = WebhookEndpoint(
        tenant_id=new.tenant_id,
        url=new.url,
        description=new.description,
        events=[*new.events],
        payload=new.payload,
        secret=signing_keys.new_secret(),
        signing_key=signing_keys.new_private_key(),
        created_at=now,
    )
    session.add(endpoint)
    session.flush()
    return endpoint


def find(session: Session, tenant_id: UUID, endpoint_id: UUID) -> WebhookEndpoint | None:
    """The tenant's endpoint; None for other tenants' alike."""
    endpoint = session.get(WebhookEndpoint, endpoint_id, populate_existing=True)
    return endpoint if endpoint is not None and endpoint.tenant_id == tenant_id else None


def of_tenant(session: Session, tenant_id: UUID) -> list[WebhookEndpoint]:
    """The tenant's endpoints, newest first."""
    statement = select(WebhookEndpoint).where(WebhookEndpoint.tenant_id == tenant_id)
    return [*session.scalars(statement.order_by(WebhookEndpoint.id.desc()))]


def change(session: Session, endpoint: WebhookEndpoint, values: dict[str, Any]) -> WebhookEndpoint:
    """Set the fields named in `values`."""
    for name, value in values.items():
        setattr(endpoint, name, value)
    session.flush()
    return endpoint


def enable(session: Session, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """Send to the endpoint again, as if it had never failed."""
    return change(session, endpoint, {"disabled_at": None, "disabled_reason": None, "failing_since": None})


def disable(session: Session, now: datetime, endpoint: WebhookEndpoint, reason: str) -> WebhookEndpoint:
    """Send nothing more to the endpoint; what is under way fails and can be recovered later."""
    give_up(session, now, endpoint.id)
    return change(session, endpoint, {"disabled_at": now, "disabled_reason": reason[:200]})


def give_up(session: Session, now: datetime, endpoint_id: UUID) -> None:
    """End everything under way to an endpoint."""
    pending = (WebhookDelivery.endpoint_id == endpoint_id) & (WebhookDelivery.state == DeliveryState.PENDING)
    values = {"state": DeliveryState.FAILED, "next_attempt_at": None, "finished_at": now}
    session.execute(update(WebhookDelivery).where(pending).values(**values))


def remove(session: Session, endpoint: WebhookEndpoint) -> None:
    """Forget the endpoint with its log."""
    session.execute(delete(WebhookEndpoint).where(WebhookEndpoint.id == endpoint.id))


def rotate_secret(session: Session, now: datetime, endpoint: WebhookEndpoint, overlap: timedelta) -> WebhookEndpoint:
    """A new secret; until `overlap` is over, every message is signed with the old one too."""
    values = {"previous_secret": endpoint.secret, "previous_until": now + overlap, "secret": signing_keys.new_secret()}
    return change(session, endpoint, values)


def signing(endpoint: WebhookEndpoint, now: datetime) -> tuple[str, ...]:
    """The keys that a message of this moment is signed with, newest first."""
    previous = endpoint.previous_secret
    overlaps = previous is not None and endpoint.previous_until is not None and endpoint.previous_until > now
    return (endpoint.secret, *((previous,) if previous is not None and overlaps else ()), endpoint.signing_key)


def send_test(session: Session, now: datetime, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Put a test event on its way to this endpoint alone."""
    body = {"endpoint_id": str(endpoint.id), "message": "This is a test."}
    event = _event(new_id(), endpoint.tenant_id, EventType.TEST, endpoint.id, now, {"thin": body})
    session.add(event)
    session.flush()
    delivery = _delivery(now, event.id, endpoint)
    session.add(delivery)
    session.flush()
    return delivery


def fan_out(session: Session, now: datetime, limit: int = 200) -> int:
    """Turn outbox rows into events and deliveries; how many rows. Safe to run by two at once, and again after a crash."""
    statement = select(Outbox).order_by(Outbox.id).limit(limit).with_for_update(skip_locked=True)
    rows = session.scalars(statement).all()
    if not rows:
        return 0
    endpoints = _endpoints(session, {row.tenant_id for row in rows})
    jobs = {job.id: job for job in session.scalars(select(Job).where(Job.id.in_({row.subject_id for row in rows})))}
    wanting = [_fan_out_one(session, row, endpoints.get(row.tenant_id, []), jobs.get(row.subject_id)) for row in rows]
    session.flush()  # events first: deliveries refer to them
    session.add_all(_delivery(now, event_id, endpoint) for event_id, some in wanting for endpoint in some)
    session.execute(delete(Outbox).where(Outbox.id.in_([row.id for row in rows])))
    return len(rows)


def purge(session: Session, before: datetime) -> int:
    """Forget events older than that, with their deliveries; how many."""
    gone = session.execute(delete(WebhookEvent).where(WebhookEvent.created_at < before).returning(WebhookEvent.id))
    return len(gone.all())


def wants(endpoint: WebhookEndpoint, event_type: str, choice: dict[str, Any] | None) -> bool:
    """Whether the endpoint hears of this event: its own filter and the job's have to agree."""
    if endpoint.disabled_at is not None or (endpoint.events and event_type not in endpoint.events):
        return False
    chosen = choice or {}
    events, ids = chosen.get("events"), chosen.get("endpoint_ids")
    return (events is None or event_type in events) and (ids is None or str(endpoint.id) in ids)


def _fan_out_one(
    session: Session, row: Outbox, endpoints: Iterable[WebhookEndpoint], job: Job | None
) -> tuple[UUID, list[WebhookEndpoint]]:
    """Add the event if any endpoint wants it: its id, and those that do."""
    choice = job.webhook if job is not None else None
    wanting = [endpoint for endpoint in endpoints if wants(endpoint, row.type, choice)]
    if not wanting:
        return row.id, []
    payload = {"thin": _thin(row, job)}
    if job is not None and any(endpoint.payload == "full" for endpoint in wanting):
        payload["full"] = {**payload["thin"], "params": job.params, "result": job.result}
    event = _event(row.id, row.tenant_id, row.type, row.subject_id, row.created_at, payload)
    session.add(event)
    return row.id, wanting


def _thin(row: Outbox, job: Job | None) -> dict[str, Any]:
    if job is None:
        return row.data
    details = {name: value for name, value in row.data.items() if name not in {"type", "seq"}}
    return {
        "job_id": str(row.subject_id),
        "kind": job.kind,
        "state": STATES[EventType(row.type)],
        "sequence": row.data.get("seq"),
        "labels": job.labels,
        "url": f"/v1/jobs/{row.subject_id}",
        **({"verdict": verdict} if (verdict := datasheet_verdict.of_result(job.result)) else {}),
        **details,
    }


def _event(
    event_id: UUID, tenant_id: UUID, event_type: str, subject_id: UUID, at: datetime, payload: dict[str, Any]
) -> WebhookEvent:
    documents = {
        name: {"type": event_type, "timestamp": at.isoformat(), "data": data} for name, data in payload.items()
    }
    return WebhookEvent(
        id=event_id, tenant_id=tenant_id, type=event_type, subject_id=subject_id, payload=documents, created_at=at
    )


def _delivery(now: datetime, event_id: UUID, endpoint: WebhookEndpoint) -> WebhookDelivery:
    return WebhookDelivery(event_id=event_id, endpoint_id=endpoint.id, next_attempt_at=now, created_at=now)


def _endpoints(session: Session, tenant_ids: set[UUID]) -> dict[UUID, list[WebhookEndpoint]]:
    found: dict[UUID, list[WebhookEndpoint]] = {}
    for endpoint in session.scalars(select(WebhookEndpoint).where(WebhookEndpoint.tenant_id.in_(tenant_ids))):
        found.setdefault(endpoint.tenant_id, []).append(endpoint)
    return found
