"""Webhooks: endpoints, their secrets and keys, the delivery log, resending and recovering."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime
from sqlalchemy.orm import Session

from api import paging, receivers
from api.auth import Caller, WebhooksCaller
from api.deps import ServicesDep, now
from api.documents.webhook_documents import (
    EndpointChange,
    EndpointRequest,
    RotateRequest,
    attempt_line,
    delivery_view,
    endpoint_view,
    with_secret,
)
from api.errors import NotFound, Problem
from api.paging import Cursor, Limit
from db.access import audit
from db.documents.answers.base import Page
from db.documents.answers.webhooks import (
    AttemptLine,
    DeliveryDetail,
    DeliveryView,
    EndpointView,
    EndpointWithSecret,
    PublicKey,
    Recovered,
)
from db.schema.tables_webhooks import DeliveryState, WebhookEndpoint
from db.webhooks import deliveries, endpoints, signing_keys
from db.webhooks.endpoints import NewEndpoint

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])
DAY = RotateRequest()


@router.post("", status_code=201)
def create_endpoint(
    caller: WebhooksCaller, services: ServicesDep, request: EndpointRequest, response: Response
) -> EndpointWithSecret:
    """A new endpoint. Its secret is in this answer and, until it is rotated, in no other."""
    receivers.check(services, request.url)
    with services.database.write() as session:
        fields: dict[str, Any] = request.model_dump(mode="json")
        endpoint = endpoints.create(session, now(), NewEndpoint(tenant_id=caller.tenant_id, **fields))
        _note(session, caller, "webhook.create", endpoint.id)
    response.headers["Location"] = f"/v1/webhooks/{endpoint.id}"
    return with_secret(endpoint)


@router.get("")
def list_endpoints(caller: WebhooksCaller, services: ServicesDep) -> list[EndpointView]:
    """The tenant's endpoints."""
    with services.database.read() as session:
        return [_view(session, endpoint) for endpoint in endpoints.of_tenant(session, caller.tenant_id)]


@router.get("/{endpoint_id}")
def get_endpoint(caller: WebhooksCaller, services: ServicesDep, endpoint_id: UUID) -> EndpointView:
    """One endpoint."""
    with services.database.read() as session:
        return _view(session, _find(session, caller, endpoint_id))


@router.patch("/{endpoint_id}")
def change_endpoint(
    caller: WebhooksCaller, services: ServicesDep, endpoint_id: UUID, request: EndpointChange
) -> EndpointView:
    """Change the fields that are given. `enabled: true` also takes back an automatic disabling."""
    given = request.model_dump(mode="json", exclude_unset=True)
    enabled = given.pop("enabled", None)
    if "url" in given:
        receivers.check(services, given["url"])
    with services.database.write() as session:
        endpoint = endpoints.change(session, _find(session, caller, endpoint_id), given)
        if enabled is not None:
            endpoints.enable(session, endpoint) if enabled else endpoints.disable(
                session, now(), endpoint, "by its owner"
            )
        _note(session, caller, "webhook.change", endpoint_id)
    return endpoint_view(endpoint)


@router.delete("/{endpoint_id}", status_code=204)
def delete_endpoint(caller: WebhooksCaller, services: ServicesDep, endpoint_id: UUID) -> Response:
    """Forget an endpoint with its log."""
    with services.database.write() as session:
        endpoints.remove(session, _find(session, caller, endpoint_id))
        _note(session, caller, "webhook.delete", endpoint_id)
    return Response(status_code=204)


@router.post("/{endpoint_id}/rotate-secret")
def rotate_secret(
    caller: WebhooksCaller, services: ServicesDep, endpoint_id: UUID, request: RotateRequest = DAY
) -> EndpointWithSecret:
    """A new secret; messages carry both signatures until the overlap is over."""
    with services.database.write() as session:
        found = _find(session, caller, endpoint_id)
        endpoint = endpoints.rotate_secret(session, now(), found, timedelta(seconds=request.overlap_s))
        _note(session, caller, "webhook.rotate_secret", endpoint_id)
    return with_secret(endpoint)


@router.get("/{endpoint_id}/public-key")
def public_key(caller: WebhooksCaller, services: ServicesDep, endpoint_id: UUID) -> PublicKey:
    """The ed25519 key that verifies the `v1a` signatures."""
    with services.database.read() as session:
        return PublicKey(public_key=signing_keys.public_key(_find(session, caller, endpoint_id).signing_key))


@router.post("/{endpoint_id}/test", status_code=202)
def send_test(caller: WebhooksCaller, services: ServicesDep, endpoint_id: UUID) -> DeliveryView:
    """Send a `webhook.test` event to this endpoint."""
    with services.database.write() as session:
        endpoint = _find(session, caller, endpoint_id)
        if endpoint.disabled_at is not None:
            raise Problem(409, "endpoint_disabled", "the endpoint is disabled; enable it first")
        delivery = endpoints.send_test(session, now(), endpoint)
        return delivery_view(_logged(session, endpoint_id, delivery.id))


@router.post("/{endpoint_id}/recover", status_code=202)
def recover(
    caller: WebhooksCaller, services: ServicesDep, endpoint_id: UUID, since: Annotated[AwareDatetime, Query()]
) -> Recovered:
    """Try again everything that failed since then."""
    with services.database.write() as session:
        endpoint = _find(session, caller, endpoint_id)
        return Recovered(deliveries=deliveries.recover(session, now(), endpoint, since))


@router.get("/{endpoint_id}/deliveries")
def list_deliveries(
    caller: WebhooksCaller,
    services: ServicesDep,
    endpoint_id: UUID,
    state: DeliveryState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeliveryView]:
    """The delivery log, newest first."""
    with services.database.read() as session:
        _find(session, caller, endpoint_id)
        lines = deliveries.page(session, endpoint_id, state, limit, paging.after(cursor))
    rows = [line.delivery for line in lines]
    return Page(items=[delivery_view(line) for line in lines], next_cursor=paging.next_cursor(rows, limit))


@router.get("/{endpoint_id}/deliveries/{delivery_id}")
def get_delivery(caller: WebhooksCaller, services: ServicesDep, endpoint_id: UUID, delivery_id: UUID) -> DeliveryDetail:
    """One delivery with every request made for it and what came back."""
    with services.database.read() as session:
        _find(session, caller, endpoint_id)
        logged = _logged(session, endpoint_id, delivery_id)
        lines: list[AttemptLine] = [attempt_line(one) for one in deliveries.attempts(session, delivery_id)]
    return DeliveryDetail(**delivery_view(logged).model_dump(), payload=logged.event.payload["thin"], tried=lines)


@router.post("/{endpoint_id}/deliveries/{delivery_id}/resend", status_code=202)
def resend(caller: WebhooksCaller, services: ServicesDep, endpoint_id: UUID, delivery_id: UUID) -> DeliveryView:
    """Send a message again, delivered or not; its id stays the same."""
    with services.database.write() as session:
        _find(session, caller, endpoint_id)
        _logged(session, endpoint_id, delivery_id)
        deliveries.resend(session, now(), delivery_id)
        return delivery_view(_logged(session, endpoint_id, delivery_id))


def _find(session: Session, caller: Caller, endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = endpoints.find(session, caller.tenant_id, endpoint_id)
    if endpoint is None:
        raise NotFound("webhook endpoint")
    return endpoint


def _view(session: Session, endpoint: WebhookEndpoint) -> EndpointView:
    failure = deliveries.last_failure(session, endpoint.id) if endpoint.failing_since else None
    return endpoint_view(endpoint, failure)


def _logged(session: Session, endpoint_id: UUID, delivery_id: UUID) -> deliveries.Logged:
    logged = deliveries.find(session, endpoint_id, delivery_id)
    if logged is None:
        raise NotFound("delivery")
    return logged


def _note(session: Session, caller: Caller, action: str, endpoint_id: UUID) -> None:
    audit.note(session, now(), caller.tenant_id, actor=caller.actor, action=action, subject=f"webhook {endpoint_id}")
