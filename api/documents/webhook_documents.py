"""What a client sends and sees of webhooks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.documents.requests import Closed
from db.documents.answers.webhooks import AttemptLine, DeliveryView, EndpointView, EndpointWithSecret
from db.documents.event_types import EventType
from db.schema.tables_webhooks import WebhookAttempt, WebhookEndpoint
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
