"""Submitting: the form, and what a job will take before it is sent. Files go through the API's upload routes."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from api.dashboard.people import Operator
from api.dashboard.rendering import PageRoute, page
from api.dashboard.views import model_choice
from api.deps import ServicesDep, now
from db.documents.kinds.datasheet_params import Units
from db.documents.kinds.registry import KINDS
from db.documents.kinds.video import DEFAULT_PROMPT, VideoCaptionParams
from db.jobs import estimates, fleet, quotas
from db.schema.tables import State

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix="/submit")
OFFERED = ("video.caption", "datasheet.extract")  # the kinds that begin with a file
PRESETS: dict[str, dict[str, Any]] = {
    "Balanced": {"fps": 2, "max_frame_pixels": 256 * 256, "chunk_ms": 2000, "max_tokens_per_chunk": 48},
    "Fast overview": {"fps": 0.5, "max_frame_pixels": 224 * 224, "chunk_ms": 8000, "max_tokens_per_chunk": 48},
    "Every detail": {"fps": 4, "max_frame_pixels": 448 * 448, "chunk_ms": 1000, "max_tokens_per_chunk": 64},
}


class Forecast(BaseModel):
    """What is known of a job before it is submitted; null: nothing was measured yet."""

    ahead: int
    slots: int
    run_s: float | None
    realtime: float | None


@router.get("")
def submit_page(request: Request, services: ServicesDep, person: Operator) -> Response:
    """The form."""
    with services.database.read() as session:
        choice = model_choice.gather(session, now())
        used = quotas.used(session, now(), person.tenant_id)
    defaults = {name: field.default for name, field in VideoCaptionParams.model_fields.items()}
    return page(
        request,
        person,
        "submit.html",
        choice=choice,
        presets=PRESETS,
        defaults=defaults,
        default_prompt=DEFAULT_PROMPT,
        units=get_args(Units),
        offered=OFFERED,
        used=used,
        tenant=person.login.tenant,
    )


@router.get("/forecast")
def forecast(
    services: ServicesDep,
    _: Operator,
    kind: Annotated[str, Query(max_length=60)] = "video.caption",
    reader: Annotated[str, Query(max_length=20)] = "vector",
) -> Forecast:
    """How long a job of this kind would wait and run, by what was measured."""
    known = KINDS.get(kind, KINDS["video.caption"])
    given: dict[str, Any] = {"reader": reader}
    queue = known.queue(known.params.model_construct(None, **given))
    with services.database.read() as session:
        rates = estimates.measure(session, now(), queue, kind)
        found = next((one for one in fleet.queues(session, now()) if one.name == queue), None)
    ahead = found.states.get(State.QUEUED.value, 0) if found else 0
    return Forecast(ahead=ahead, slots=rates.slots, run_s=rates.run_s, realtime=rates.realtime)
