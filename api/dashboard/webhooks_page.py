"""Webhooks: endpoints with their filters and secrets, the delivery log, sending again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from api import paging
from api.dashboard.people import Operator, Posted, Viewer, text
from api.dashboard.rendering import PageRoute, back, page
from api.deps import ServicesDep, now
from api.documents.webhook_documents import EndpointChange, EndpointRequest, RotateRequest, error_of
from api.errors import NotFound, Problem, field_problem
from api.paging import Cursor
from api.routes import webhooks as routes
from db.documents.event_types import EventType
from db.schema.tables_webhooks import DeliveryState
from db.webhooks import deliveries, signing_keys
from db.webhooks import endpoints as webhooks

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix="/webhooks")
ROWS = 50
HERE = "/webhooks/{}"


@router.get("")
def webhooks_page(request: Request, services: ServicesDep, person: Viewer) -> Response:
    """The endpoints, and a form for another."""
    with services.database.read() as session:
        endpoints = webhooks.of_tenant(session, person.tenant_id)
    return page(request, person, "webhooks.html", endpoints=endpoints, event_types=[*EventType])


@router.post("")
def create(request: Request, services: ServicesDep, person: Operator, form: Posted) -> Response:
    """A new endpoint; its secret is shown once, on the next page."""
    wanted = _endpoint(form)
    made = routes.create_endpoint(person.caller, services, wanted, Response())
    return _with_secret(request, services, person, made.id, made.secret)


@router.get("/{endpoint_id}")
def endpoint_page(
    request: Request,
    services: ServicesDep,
    person: Viewer,
    endpoint_id: UUID,
    state: Annotated[str, Query(max_length=20)] = "",
    cursor: Cursor = None,
) -> Response:
    """One endpoint with its log."""
    return _endpoint_page(request, services, person, endpoint_id, state=state, cursor=cursor)


@router.get("/{endpoint_id}/deliveries/{delivery_id}")
def delivery_page(
    request: Request, services: ServicesDep, person: Viewer, endpoint_id: UUID, delivery_id: UUID
) -> Response:
    """One delivery: what was sent, what came back."""
    with services.database.read() as session:
        endpoint = webhooks.find(session, person.tenant_id, endpoint_id)
        logged = deliveries.find(session, endpoint_id, delivery_id) if endpoint else None
        if endpoint is None or logged is None:
            raise NotFound("delivery")
        tried = deliveries.attempts(session, delivery_id)
    return page(request, person, "delivery.html", endpoint=endpoint, logged=logged, tried=tried)


@router.post("/{endpoint_id}/change")
def change(request: Request, services: ServicesDep, person: Operator, endpoint_id: UUID, form: Posted) -> Response:
    """Other address, events, payload or description; or on and off."""
    if "enabled" in form:
        wanted = EndpointChange.model_validate({"enabled": form["enabled"] == "yes"})
    else:
        wanted = EndpointChange(**_endpoint(form).model_dump())
    routes.change_endpoint(person.caller, services, endpoint_id, wanted)
    return back(request, HERE.format(endpoint_id), "saved")


@router.post("/{endpoint_id}/delete")
def delete(request: Request, services: ServicesDep, person: Operator, endpoint_id: UUID, _: Posted) -> Response:
    routes.delete_endpoint(person.caller, services, endpoint_id)
    return back(request, "/webhooks", "deleted")


@router.post("/{endpoint_id}/rotate")
def rotate(request: Request, services: ServicesDep, person: Operator, endpoint_id: UUID, _: Posted) -> Response:
    """A new secret, shown once; the old one signs along for a day."""
    made = routes.rotate_secret(person.caller, services, endpoint_id, RotateRequest())
    return _with_secret(request, services, person, endpoint_id, made.secret)


@router.post("/{endpoint_id}/test")
def send_test(request: Request, services: ServicesDep, person: Operator, endpoint_id: UUID, _: Posted) -> Response:
    routes.send_test(person.caller, services, endpoint_id)
    return back(request, HERE.format(endpoint_id), "sent")


@router.post("/{endpoint_id}/recover")
def recover(request: Request, services: ServicesDep, person: Operator, endpoint_id: UUID, form: Posted) -> Response:
    """Send again everything that failed in the last hours."""
    hours = text(form, "hours", 5)
    if not hours.isdigit() or not 1 <= int(hours) <= 24 * 30:
        raise field_problem("/hours", "between 1 and 720 hours")
    routes.recover(person.caller, services, endpoint_id, now() - timedelta(hours=int(hours)))
    return back(request, HERE.format(endpoint_id), "sent")


@router.post("/{endpoint_id}/deliveries/{delivery_id}/resend")
def resend(
    request: Request, services: ServicesDep, person: Operator, endpoint_id: UUID, delivery_id: UUID, _: Posted
) -> Response:
    """Send one message again; its id stays the same."""
    routes.resend(person.caller, services, endpoint_id, delivery_id)
    return back(request, f"{HERE.format(endpoint_id)}/deliveries/{delivery_id}", "sent")


def _with_secret(request: Request, services: ServicesDep, person: Operator, endpoint_id: UUID, secret: str) -> Response:
    return _endpoint_page(request, services, person, endpoint_id, secret=secret)


def _endpoint_page(
    request: Request, services: ServicesDep, person: Viewer, endpoint_id: UUID, **shown: Any
) -> Response:
    state, cursor = shown.get("state", ""), shown.get("cursor")
    wanted = DeliveryState(state) if state in set(DeliveryState) else None
    with services.database.read() as session:
        endpoint = webhooks.find(session, person.tenant_id, endpoint_id)
        if endpoint is None:
            raise NotFound("webhook endpoint")
        log = deliveries.page(session, endpoint_id, wanted, ROWS, paging.after(cursor))
        failure = deliveries.last_failure(session, endpoint_id)
    return page(
        request,
        person,
        "endpoint.html",
        endpoint=endpoint,
        log=log,
        wanted_state=state,
        last_error=error_of(failure) if failure is not None else "",
        secret=shown.get("secret", ""),
        public_key=signing_keys.public_key(endpoint.signing_key),
        older=paging.next_cursor([line.delivery for line in log], ROWS),
        event_types=[*EventType],
        delivery_states=[*DeliveryState],
        overlaps=endpoint.previous_until is not None and endpoint.previous_until > datetime.now(UTC),
    )


def _endpoint(form: FormData) -> EndpointRequest:
    """The endpoint that the form describes. Raises a 422 problem."""
    try:
        return EndpointRequest(
            url=text(form, "url", 2000),
            events=[EventType(str(one)) for one in form.getlist("events")],
            payload="full" if form.get("payload") == "full" else "thin",
            description=text(form, "description", 400) or None,
        )
    except (ValidationError, ValueError) as error:
        raise Problem(422, "invalid_request", "an endpoint is an http or https address with known events") from error
