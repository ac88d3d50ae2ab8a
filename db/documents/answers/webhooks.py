"""Webhook endpoints, deliveries and the requests made for each."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from .base import FromAttributes
from .states import DeliveryState


class EndpointView(FromAttributes):
    """Where a tenant wants events sent."""

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
    """An endpoint whose secret was just made."""

    secret: str = Field(description="Shown once; verify `v1` signatures with it")


class DeliveryView(FromAttributes):
    """One event on its way to one endpoint."""

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
    """A delivery with what is sent and every request made for it."""

    payload: dict[str, Any]
    tried: list[AttemptLine]


class Recovered(BaseModel):
    """How many deliveries will be tried again."""

    deliveries: int


class PublicKey(BaseModel):
    """What verifies the `v1a` signatures of an endpoint: `whpk_` and base64 of an ed25519 key."""

    public_key: str
