"""One job: its page by kind, its live parts, and what a person may do to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.dashboard import datasheet_view, job_view, media
from api.dashboard.people import Operator, Posted, Viewer, text
from api.dashboard.rendering import PageRoute, back, page
from api.deps import Kept, now
from api.errors import NotFound, field_problem
from api.requests import RetryRequest
from api.retrying import retry
from api.routes import jobs as routes
from db import audit, jobs, shares
from db.tables import Job

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix="/jobs/{job_id}")
TEMPLATES = {"video.caption": "job_video.html", "datasheet.extract": "job_datasheet.html"}
SHARE_DAYS = (1, 7, 30)


def own_job(kept: Kept, who: Viewer, job_id: UUID) -> Job:
    """The job, if it is the tenant's; for everybody else there is none."""
    with kept.database.read() as session:
        job = jobs.find(session, who.tenant_id, job_id)
    if job is None:
        raise NotFound("job")
    return job


OwnJob = Annotated[Job, Depends(own_job)]


@router.get("")
def job_page(request: Request, kept: Kept, who: Viewer, job: OwnJob) -> Response:
    """The page of a job."""
    at = now()
    with kept.database.read() as session:
        view = job_view.gather(session, kept, at, job, f"/jobs/{job.id}")
        links = shares.of_job(session, at, job.id)
        sheet = datasheet_view.gather(session, kept, job) if job.kind == "datasheet.extract" else None
    template = TEMPLATES.get(job.kind, "job_other.html")
    shared = [(link, f"/share/{shares.token(link)}") for link in links]
    return page(request, who, template, view=view, sheet=sheet, links=shared, share_days=SHARE_DAYS)


@router.get("/head")
def job_head(request: Request, kept: Kept, who: Viewer, job: OwnJob) -> Response:
    """State, progress and buttons, for an open page."""
    with kept.database.read() as session:
        view = job_view.gather(session, kept, now(), job, f"/jobs/{job.id}")
    return page(request, who, "_job_head.html", view=view)


@router.get("/details")
def job_details(request: Request, kept: Kept, who: Viewer, job: OwnJob) -> Response:
    """Attempts, events, parameters and files, for an open page."""
    with kept.database.read() as session:
        view = job_view.gather(session, kept, now(), job, f"/jobs/{job.id}")
    return page(request, who, "_job_details.html", view=view)


@router.get("/cues")
def job_cues(kept: Kept, job: OwnJob, after: Annotated[int, Query(ge=-1)] = -1) -> Response:
    """The cues after a number, some thousands at once."""
    with kept.database.read() as session:
        return job_view.cue_batch(session, job, after)


@router.get("/live", response_class=EventSourceResponse)
async def job_live(
    kept: Kept,
    job: OwnJob,
    after: Annotated[str, Query(max_length=60)] = "",
    last_event_id: Annotated[str | None, Header(max_length=60)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """What happens to the job, as it happens."""
    async for item in job_view.live_items(kept, job, last_event_id or after):
        yield item


@router.get("/media/{name}")
def job_media(
    kept: Kept,
    job: OwnJob,
    name: str,
    range: Annotated[str | None, Header(max_length=200)] = None,  # noqa: A002
) -> Response:
    """The input behind the player or the page view."""
    return media.stream(kept, job, media.input_of(job, name), range)


@router.post("/cancel")
def cancel(request: Request, kept: Kept, who: Operator, job: OwnJob, _: Posted) -> Response:
    """Stop the job."""
    routes.cancel_job(who.caller, kept, job.id)
    return back(request, f"/jobs/{job.id}", "canceled")


@router.post("/delete")
def delete(request: Request, kept: Kept, who: Operator, job: OwnJob, _: Posted) -> Response:
    """Forget the job."""
    at = now()
    with kept.database.write() as session:
        jobs.tombstone(session, at, job)
        audit.note(session, at, who.tenant_id, actor=who.caller.actor, action="job.delete", subject=str(job.id))
    return back(request, "/jobs", "deleted")


@router.post("/retry")
def retry_job(request: Request, kept: Kept, who: Operator, job: OwnJob, form: Posted) -> Response:
    """Do the job again, from its checkpoint or with other parameters."""
    changes = _changes(text(form, "params", 100_000), job.params)
    start: Any = text(form, "start") or None
    wanted = RetryRequest(start="zero" if changes else start, params=changes or None)
    with kept.database.write() as session:
        again = retry(session, who.caller, now(), job, wanted)
    return back(request, f"/jobs/{again.id}", "retried")


@router.post("/share")
def share(request: Request, kept: Kept, who: Operator, job: OwnJob, form: Posted) -> Response:
    """A link that shows this job, read-only, until it expires."""
    days, at = text(form, "days"), now()
    life = timedelta(days=int(days) if days in map(str, SHARE_DAYS) else SHARE_DAYS[0])
    with kept.database.write() as session:
        link = shares.create(session, at, job, who.name, at + life)
        subject = f"job {job.id}"
        audit.note(session, at, who.tenant_id, actor=who.caller.actor, action="job.share", subject=subject)
    return back(request, f"/jobs/{job.id}?shared={link.id}#share", "saved")


@router.post("/share/{link_id}/revoke")
def revoke(request: Request, kept: Kept, who: Operator, job: OwnJob, link_id: UUID, _: Posted) -> Response:
    """End a share link."""
    with kept.database.write() as session:
        shares.revoke(session, now(), job.id, link_id)
        subject = f"job {job.id}"
        audit.note(session, now(), who.tenant_id, actor=who.caller.actor, action="job.unshare", subject=subject)
    return back(request, f"/jobs/{job.id}#share", "revoked")


def _changes(written: str, params: dict[str, Any]) -> dict[str, Any]:
    """The parameters that differ from the job's. Raises a 422 problem for text that is no JSON object."""
    if not written:
        return {}
    try:
        wanted = json.loads(written)
    except ValueError as error:
        raise field_problem("/params", f"this is not JSON: {error}") from error
    if not isinstance(wanted, dict):
        raise field_problem("/params", "the parameters are one JSON object")
    return {name: value for name, value in wanted.items() if value != params.get(name)}
