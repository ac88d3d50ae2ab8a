"""Live input: a form for a source's address, and the sources that are followed now."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from api.dashboard.job_page import OwnJob
from api.dashboard.people import Operator, Person, Posted
from api.dashboard.rendering import PageRoute, back, page
from api.dashboard.views import model_choice
from api.dashboard.views.live_view import FollowedSource
from api.dashboard.views.summaries import title
from api.deps import ServicesDep, now
from api.routes import jobs as routes
from db.documents.kinds.live import is_live
from db.documents.kinds.video import DEFAULT_PROMPT
from db.jobs import jobs
from db.jobs.jobs import Filter
from db.schema.tables import TERMINAL, State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
LOOKED_THROUGH = 500
ACTIVE = tuple(state for state in State if state not in TERMINAL)


@router.get("/live")
def live_page(request: Request, services: ServicesDep, person: Operator) -> Response:
    """The form, and what is followed."""
    with services.database.read() as session:
        choice = model_choice.gather(session, now())
        sources = _followed(session, person)
    return page(request, person, "live.html", choice=choice, sources=sources, default_prompt=DEFAULT_PROMPT)


@router.get("/live/now")
def followed_now(request: Request, services: ServicesDep, person: Operator) -> Response:
    """The list alone, for an open page."""
    with services.database.read() as session:
        sources = _followed(session, person)
    return page(request, person, "_live_sources.html", sources=sources)


@router.post("/jobs/{job_id}/stop")
def stop(request: Request, services: ServicesDep, person: Operator, job: OwnJob, _: Posted) -> Response:
    """End a live source in good order."""
    routes.stop_job(person.caller, services, job.id)
    return back(request, f"/jobs/{job.id}", "stopping")


def _followed(session: Session, person: Person) -> list[FollowedSource]:
    """The live sources of the tenant that have not ended, newest first."""
    wanted = Filter(states=ACTIVE, kinds=("video.caption",))
    found = jobs.page(session, person.tenant_id, wanted, LOOKED_THROUGH)
    return [FollowedSource(job, title(job, {})) for job in found if is_live(job.params)]
