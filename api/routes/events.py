"""What happens to a job, as it happens: server-sent events that can be taken up again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.responses import StreamingResponse

from api.auth import JobsReader
from api.deps import ServicesDep
from api.live.live import Batch
from api.live.positions import parse_position
from api.routes.jobs import find
from db.schema.tables import Job

router = APIRouter(prefix="/v1/jobs", tags=["results"])
RETRY_MS = 2000


class EventStream(StreamingResponse):
    """Sends bytes that are encoded already. FastAPI's own encodes each event anew for each watcher, which costs most."""

    media_type = "text/event-stream"


def watched(caller: JobsReader, services: ServicesDep, job_id: UUID) -> Job:
    """The job, if the caller may watch it: checked before the stream begins."""
    with services.database.read() as session:
        return find(session, caller, job_id)


@router.get("/{job_id}/events", response_class=EventStream)
async def job_events(
    services: ServicesDep,
    job: Annotated[Job, Depends(watched)],
    last_event_id: Annotated[str | None, Header(max_length=60)] = None,
) -> EventStream:
    """`state`, `progress`, `cue`, `gap`, `text` and at last `end`. The id of each says how far you have read:
    send it back as `Last-Event-ID` and nothing is missed or told twice."""
    batches = services.live.batches(job.id, job.tenant_id, parse_position(last_event_id))
    return EventStream(_encoded(batches), headers={"X-Accel-Buffering": "no"})


async def _encoded(batches: AsyncGenerator[Batch]) -> AsyncIterator[bytes]:
    """Batches as they go over the wire. What all watchers are sent alike was encoded once; only the id is theirs."""
    yield format_sse_event(comment="watching", retry=RETRY_MS)
    async with aclosing(batches):
        async for batch in batches:
            yield (
                b"".join([item.wire + f"id: {position}\n\n".encode() for item, position in batch]) or KEEPALIVE_COMMENT
            )
