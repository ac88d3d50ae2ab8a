"""What a client sends and sees of webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.documents.requests import Closed
from db.documents.answers.base import FromAttributes
from db.documents.event_types import EventType
from db.schema.tables_webhooks import DeliveryState, WebhookAttempt, WebhookEndpoint
from db.webhooks.deliveries import Logged

Url = Annotated[
    str, Field(max_length=2000, pattern=r"^https?://[^\s/?#\x00]+[^\s\x00]*$", examples=["https://example.com/hook"])
]
Payload = Literal["thin", "full"]
Description = Annotated[str | None, Field(max_length=400, pattern=r"^[^\x00]*$")]


class EndpointRequest(Closed):
    url: Url
    events: list[EventType] = Field(default_factory=list, description="Empty: every event")
    payload: Annotated[Payload, Field(description="full: with parameters and result")] = "thin"
    description: Description = None


class EndpointChange(Closed):
    """Only the fields that are given change."""

    url: Url = ""
    events: list[EventType] = Field(default_factory=list)
    payload: Payload = "thin"
    description: Description = None
    enabled: bool = True


class RotateRequest(Closed):
    overlap_s: Annotated[int, Field(ge=0, le=7 * 86_400, description="The old secret signs along for this long")] = (
        86_400
    )


class EndpointView(FromAttributes):
    id: UUID
    url: str
    events: list[str]
    payload: str
    description: str | None
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None
    last_error: str | None = Field(None, description="How the last request failed, while the endpoint is failing")


class EndpointWithSecret(EndpointView):
    secret: str = Field(description="Shown once; verify `v1` signatures with it")


class DeliveryView(FromAttributes):
    id: UUID
    event_id: UUID = Field(description="The `webhook-id` of every attempt")
    event_type: str
    subject_id: UUID
    state: DeliveryState
    attempts: int = Field(description="Attempts of the present schedule")
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


class AttemptLine(FromAttributes):
    """One request and its answer."""

    at: datetime
    outcome: str
    status: int | None
    error: str | None
    request_headers: dict[str, Any]
    response_head: str | None
    duration_ms: int


class DeliveryDetail(DeliveryView):
    payload: dict[str, Any]
    tried: list[AttemptLine]


def endpoint_view(endpoint: WebhookEndpoint, failure: WebhookAttempt | None = None) -> EndpointView:
    return EndpointView.model_validate(endpoint).model_copy(update={"last_error": failure and error_of(failure)})


def error_of(attempt: WebhookAttempt) -> str:
    """A failed attempt in a few words: timed out: …, or the status it was answered with."""
    words = attempt.outcome.replace("_", " ")
    said = f"HTTP status {attempt.status}" if attempt.status is not None else attempt.error
    return f"{words}: {said}" if said else words


def with_secret(endpoint: WebhookEndpoint) -> EndpointWithSecret:
    return EndpointWithSecret.model_validate(endpoint)


def delivery_view(logged: Logged) -> DeliveryView:
    delivery, event = logged.delivery, logged.event
    return DeliveryView(
        id=delivery.id,
        event_id=event.id,
        event_type=event.type,
        subject_id=event.subject_id,
        state=delivery.state,
        attempts=delivery.attempts,
        next_attempt_at=delivery.next_attempt_at,
        created_at=delivery.created_at,
        finished_at=delivery.finished_at,
    )


def attempt_line(attempt: WebhookAttempt) -> AttemptLine:
    return AttemptLine.model_validate(attempt)
