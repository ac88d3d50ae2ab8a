"""Captions corrected by people, and who corrected what, when."""

from __future__ import annotations

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import Field

from api.auth import JobsReader, JobsWriter
from api.deps import ServicesDep, now
from api.documents.requests import Closed
from api.errors import NotFound, field_problem
from api.routes.jobs import find
from db.access import audit
from db.documents import captions
from db.documents.answers.jobs import CorrectionView
from db.documents.kinds.video import Cue
from db.jobs import corrections, cues

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["results"])


class CueCorrection(Closed):
    """What a caption should say."""

    text: Annotated[str, Field(min_length=1, max_length=20_000, description="The whole text", examples=["A red van."])]


@router.patch("/cues/{seq}")
def correct_cue(
    caller: JobsWriter,
    services: ServicesDep,
    job_id: UUID,
    seq: Annotated[int, Path(ge=0, lt=2**31, description="The cue's number")],
    request: CueCorrection,
) -> Cue:
    """Correct a caption. What stood there is kept, with who changed it and when."""
    text = captions.plain(request.text)
    if not text:
        raise field_problem("/text", "a caption needs a visible text")
    at = now()
    with services.database.write() as session:
        job = find(session, caller, job_id)
        cue = cues.correct(session, at, job.id, seq, text, caller.key_name)
        if cue is None:
            raise NotFound("cue")
        subject, detail = f"job {job.id}", f"cues[{seq}].text"
        audit.note(
            session, at, caller.tenant_id, actor=caller.actor, action="job.correct", subject=subject, detail=detail
        )
    return cue


@router.get("/corrections")
def list_corrections(caller: JobsReader, services: ServicesDep, job_id: UUID) -> list[CorrectionView]:
    """What people corrected in a job's result and captions, first to last."""
    with services.database.read() as session:
        find(session, caller, job_id)
        made = corrections.of_job(session, job_id)
    return [
        CorrectionView(
            field=one.field,
            before=json.loads(one.before or "null"),
            value=json.loads(one.value or "null"),
            author=one.author,
            at=one.at,
        )
        for one in made
    ]
