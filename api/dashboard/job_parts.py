"""The parts that a job's page asks for while it is open: for the job's owner and for the holder of a share link."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.dashboard import media
from api.dashboard.rendering import PageRoute
from api.dashboard.views import job_view
from api.deps import Services, ServicesDep
from api.errors import NotFound
from api.submission import corrected
from db.documents.footprint.overlay import PagePicture
from db.jobs import jobs
from db.schema.tables import Job, JobFile

router = APIRouter(route_class=PageRoute, include_in_schema=False)


def shown_job(request: Request) -> Job:
    """The job that whoever includes this router has found and allowed."""
    job: Job = request.state.job
    return job


PagesDrawn = Callable[[Services, Sequence[JobFile]], list[PagePicture]]
ShownJob = Annotated[Job, Depends(shown_job)]


@router.get("/cues")
def cues(services: ServicesDep, job: ShownJob, after: Annotated[int, Query(ge=-1)] = -1) -> Response:
    """The cues after a number, some thousands at once."""
    with services.database.read() as session:
        return job_view.cue_batch(session, job, after)


@router.get("/live", response_class=EventSourceResponse)
async def live(
    services: ServicesDep,
    job: ShownJob,
    after: Annotated[str, Query(max_length=60)] = "",
    last_event_id: Annotated[str | None, Header(max_length=60)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """What happens to the job, as it happens."""
    async for item in job_view.live_items(services, job, last_event_id or after):
        yield item


@router.get("/media/{name}")
def input_media(
    services: ServicesDep,
    job: ShownJob,
    name: str,
    range: Annotated[str | None, Header(max_length=200)] = None,  # noqa: A002
) -> Response:
    """The input behind the player or the page view."""
    return media.stream(services, job, media.input_of(job, name), range)


@router.get("/page/{number}.png")
def page_picture(services: ServicesDep, job: ShownJob, number: int) -> Response:
    """The picture of a page."""
    return _picture(services, job, number, corrected.pictures)


@router.get("/thumbnail/{number}.png")
def thumbnail(services: ServicesDep, job: ShownJob, number: int) -> Response:
    """The small picture of a page."""
    return _picture(services, job, number, corrected.thumbnails)


def _picture(services: Services, job: Job, number: int, drawn: PagesDrawn) -> Response:
    with services.database.read() as session:
        files = jobs.files(session, job.id)
    found = next((one for one in drawn(services, files) if one.number == number), None)
    if found is None:
        raise NotFound("page")
    return Response(found.png, media_type="image/png", headers=media.SAFE)
