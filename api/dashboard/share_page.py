"""What the holder of a share link sees: one job, read-only, without a login."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.dashboard import datasheet_page, datasheet_view, job_view, media
from api.dashboard.job_page import TEMPLATES
from api.dashboard.rendering import PageRoute, bare
from api.deps import Kept, now
from api.errors import NotFound
from api.routes.results import TRACKS
from db import cues, shares
from db.tables import Job

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix="/share/{token}")


def shared_job(kept: Kept, token: str) -> Job:
    """The job that the link shows; forged, expired and revoked links show nothing."""
    with kept.database.read() as session:
        job = shares.find(session, now(), token[:200])
    if job is None:
        raise NotFound("share link, or it has expired")
    return job


SharedJob = Annotated[Job, Depends(shared_job)]


@router.get("")
def shared_page(request: Request, kept: Kept, job: SharedJob, token: str) -> Response:
    """The job's page without anything that changes it."""
    with kept.database.read() as session:
        view = job_view.gather(session, kept, now(), job, f"/share/{token}")
        sheet = datasheet_view.gather(session, kept, job) if job.kind == "datasheet.extract" else None
    template = TEMPLATES.get(job.kind, "job_other.html")
    answer = bare(request, template, view=view, sheet=sheet, links=[], share_days=())
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@router.get("/cues")
def shared_cues(kept: Kept, job: SharedJob, after: Annotated[int, Query(ge=-1)] = -1) -> Response:
    with kept.database.read() as session:
        return job_view.cue_batch(session, job, after)


@router.get("/live", response_class=EventSourceResponse)
async def shared_live(
    kept: Kept,
    job: SharedJob,
    after: Annotated[str, Query(max_length=60)] = "",
    last_event_id: Annotated[str | None, Header(max_length=60)] = None,
) -> AsyncIterator[ServerSentEvent]:
    async for item in job_view.live_items(kept, job, last_event_id or after):
        yield item


@router.get("/media/{name}")
def shared_media(
    kept: Kept,
    job: SharedJob,
    name: str,
    range: Annotated[str | None, Header(max_length=200)] = None,  # noqa: A002
) -> Response:
    return media.stream(kept, job, media.input_of(job, name), range)


@router.get("/page/{number}.png")
def shared_picture(kept: Kept, job: SharedJob, number: int) -> Response:
    return datasheet_page.picture(kept, job, number)


@router.get("/export/{name}")
def shared_export(kept: Kept, job: SharedJob, name: str) -> Response:
    return datasheet_page.exported(kept, job, name)


@router.get("/{track}")
def shared_track(kept: Kept, job: SharedJob, track: str) -> Response:
    """The captions as a file."""
    if track not in TRACKS:
        raise NotFound("result")
    write, media_type = TRACKS[track]
    with kept.database.read() as session:
        body = write(job, cues.after(session, job.id))
    headers = {**media.SAFE, "Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{track}"'}
    return Response(body, media_type=media_type, headers=headers)
