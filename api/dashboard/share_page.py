"""What the holder of a share link sees: one job, read-only, without a login."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response

from api.dashboard import job_parts
from api.dashboard.job_page import TEMPLATES
from api.dashboard.rendering import PageRoute, bare
from api.dashboard.views import datasheet_view, job_view
from api.deps import ServicesDep, now
from api.errors import NotFound
from api.routes import results
from db.access import shares
from db.schema.tables import Job

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix="/share/{token}")
RangeHeader = Annotated[str | None, Header(max_length=200)]


def shared_job(request: Request, services: ServicesDep, token: str) -> Job:
    """The job that the link shows; forged, expired and revoked links show nothing."""
    with services.database.read() as session:
        job = shares.find(session, now(), token[:200])
    if job is None:
        raise NotFound("share link, or it has expired")
    request.state.job = job
    return job


SharedJob = Annotated[Job, Depends(shared_job)]
router.include_router(job_parts.router, dependencies=[Depends(shared_job)])


@router.get("")
def shared_page(request: Request, services: ServicesDep, job: SharedJob, token: str) -> Response:
    """The job's page without anything that changes it."""
    base = f"/share/{token}"
    with services.database.read() as session:
        view = job_view.gather(session, services, now(), job, base, base)
        sheet = datasheet_view.gather(session, services, job) if job.kind == "datasheet.extract" else None
    template = TEMPLATES.get(job.kind, "job_other.html")
    answer = bare(request, template, view=view, sheet=sheet, asked=None, links=[], share_days=())
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@router.get("/files/{name}")
def shared_file(services: ServicesDep, job: SharedJob, name: str, range: RangeHeader = None) -> Response:  # noqa: A002
    """A result file."""
    return results.file_answer(services, job, name, range)


@router.get("/{track}")
def shared_track(services: ServicesDep, job: SharedJob, track: str, range: RangeHeader = None) -> Response:  # noqa: A002
    """The captions as a file."""
    return results.track_answer(services, job, track, range, None)
