"""One job: its page by kind, its live parts, and what a person may do to it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from api.dashboard import job_parts
from api.dashboard.people import Operator, Posted, Viewer, text
from api.dashboard.rendering import PageRoute, back, page
from api.dashboard.views import datasheet_view, job_view
from api.dashboard.views.job_view import JobPageData
from api.deps import Services, ServicesDep, now
from api.documents.requests import RetryRequest
from api.errors import NotFound, field_problem
from api.routes import jobs as routes
from api.submission.retrying import prepare_retry, retry
from db.access import audit, shares
from db.documents.kinds.live import shown_params
from db.jobs import jobs
from db.schema.tables import Job

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix="/jobs/{job_id}")
TEMPLATES = {
    "video.caption": "job_video.html",
    "datasheet.extract": "job_datasheet.html",
    "chat.complete": "job_chat.html",
}
SHARE_DAYS = (1, 7, 30)


def own_job(request: Request, services: ServicesDep, person: Viewer, job_id: UUID) -> Job:
    """The job, if it is the tenant's; for everybody else there is none."""
    with services.database.read() as session:
        job = jobs.find(session, person.tenant_id, job_id)
    if job is None:
        raise NotFound("job")
    request.state.job = job
    return job


OwnJob = Annotated[Job, Depends(own_job)]
router.include_router(job_parts.router, dependencies=[Depends(own_job)])


@router.get("")
def job_page(request: Request, services: ServicesDep, person: Viewer, job: OwnJob) -> Response:
    """The page of a job."""
    at = now()
    with services.database.read() as session:
        view = _view(session, services, job)
        links = shares.of_job(session, at, job.id)
        sheet = datasheet_view.gather(session, services, job) if job.kind == "datasheet.extract" else None
        asked = (
            datasheet_view.asked(services, job, view.events, view.files) if job.kind == "datasheet.extract" else None
        )
    template = TEMPLATES.get(job.kind, "job_other.html")
    shared = [(link, f"/share/{shares.token(link)}") for link in links]
    return page(request, person, template, view=view, sheet=sheet, asked=asked, links=shared, share_days=SHARE_DAYS)


@router.get("/head")
def job_head(request: Request, services: ServicesDep, person: Viewer, job: OwnJob) -> Response:
    """State, progress and buttons, for an open page."""
    with services.database.read() as session:
        view = _view(session, services, job)
    return page(request, person, "_job_head.html", view=view)


@router.get("/details")
def job_details(request: Request, services: ServicesDep, person: Viewer, job: OwnJob) -> Response:
    """Attempts, events, parameters and files, for an open page."""
    with services.database.read() as session:
        view = _view(session, services, job)
    return page(request, person, "_job_details.html", view=view)


def _view(session: Session, services: Services, job: Job) -> JobPageData:
    return job_view.gather(session, services, now(), job, f"/jobs/{job.id}", f"/v1/jobs/{job.id}")


@router.post("/cancel")
def cancel(request: Request, services: ServicesDep, person: Operator, job: OwnJob, _: Posted) -> Response:
    """Stop the job."""
    routes.cancel_job(person.caller, services, job.id)
    return back(request, f"/jobs/{job.id}", "canceled")


@router.post("/delete")
def delete(request: Request, services: ServicesDep, person: Operator, job: OwnJob, _: Posted) -> Response:
    """Forget the job."""
    at = now()
    with services.database.write() as session:
        jobs.tombstone(session, at, job)
        audit.note(session, at, person.tenant_id, actor=person.caller.actor, action="job.delete", subject=str(job.id))
    return back(request, "/jobs", "deleted")


@router.post("/retry")
def retry_job(request: Request, services: ServicesDep, person: Operator, job: OwnJob, form: Posted) -> Response:
    """Do the job again, from its checkpoint or with other parameters."""
    changes = _changes(text(form, "params", 100_000), shown_params(job.params))
    start: Any = text(form, "start") or None
    wanted = RetryRequest(start="zero" if changes else start, params=changes or None)
    at = now()
    asked = prepare_retry(services, person.caller, at, job, wanted)
    with services.database.write() as session:
        again = retry(session, person.caller, at, job, asked)
    return back(request, f"/jobs/{again.id}", "retried")


@router.post("/share")
def share(request: Request, services: ServicesDep, person: Operator, job: OwnJob, form: Posted) -> Response:
    """A link that shows this job, read-only, until it expires."""
    days, at = text(form, "days"), now()
    life = timedelta(days=int(days) if days in map(str, SHARE_DAYS) else SHARE_DAYS[0])
    with services.database.write() as session:
        link = shares.create(session, at, job, person.name, at + life)
        subject = f"job {job.id}"
        audit.note(session, at, person.tenant_id, actor=person.caller.actor, action="job.share", subject=subject)
    return back(request, f"/jobs/{job.id}?shared={link.id}#share", "saved")


@router.post("/share/{link_id}/revoke")
def revoke(
    request: Request, services: ServicesDep, person: Operator, job: OwnJob, link_id: UUID, _: Posted
) -> Response:
    """End a share link."""
    with services.database.write() as session:
        shares.revoke(session, now(), job.id, link_id)
        subject = f"job {job.id}"
        audit.note(session, now(), person.tenant_id, actor=person.caller.actor, action="job.unshare", subject=subject)
    return back(request, f"/jobs/{job.id}#share", "revoked")


def _changes(written: str, params: dict[str, Any]) -> dict[str, Any]:
    """The parameters that differ from the job's. Raises a 422 problem for text that is not a JSON object."""
    if not written:
        return {}
    try:
        wanted = json.loads(written)
    except ValueError as error:
        raise field_problem("/params", f"this is not JSON: {error}") from error
    if not isinstance(wanted, dict):
        raise field_problem("/params", "the parameters are one JSON object")
    return {name: value for name, value in wanted.items() if value != params.get(name)}
