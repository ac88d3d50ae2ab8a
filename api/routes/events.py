"""What happens to a job, as it happens: server-sent events that can be taken up again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.auth import JobsReader
from api.deps import Kept
from api.feed import Marks, parse_marks
from api.routes.jobs import find

router = APIRouter(prefix="/v1/jobs", tags=["results"])
RETRY_MS = 2000


def watched(who: JobsReader, kept: Kept, job_id: UUID) -> UUID:
    """The job, if the caller may watch it: checked before the stream begins."""
    with kept.database.read() as session:
        return find(session, who, job_id).id


@router.get("/{job_id}/events", response_class=EventSourceResponse)
async def job_events(
    kept: Kept,
    job_id: Annotated[UUID, Depends(watched)],
    last_event_id: Annotated[str | None, Header(max_length=60)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """`state`, `progress`, `cue`, `gap`, `text` and at last `end`. The id of each says how far you have read:
    send it back as `Last-Event-ID` and nothing is missed or told twice."""
    read: Marks = parse_marks(last_event_id)
    yield ServerSentEvent(comment="watching", retry=RETRY_MS)
    async for item, marks in kept.live.stream(job_id, read):
        yield ServerSentEvent(raw_data=item.json, event=item.type, id=str(marks))
