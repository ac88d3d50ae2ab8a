"""A result as people left it: their corrections, what follows from them, and the files that hold both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from api.deps import Services
from db.documents import captions
from db.documents.footprint import files, overlay
from db.documents.footprint.derive import derive
from db.documents.footprint.files import File
from db.documents.footprint.overlay import PagePicture
from db.documents.kinds.datasheet import Corrected, DatasheetResult
from db.documents.kinds.datasheet_params import DatasheetParams
from db.documents.kinds.video import Cue, Gap
from db.jobs import corrections, cues, jobs
from db.schema.tables import Job, JobFile
from db.schema.tables_dashboard import Correction
from db.storage.objects import ObjectMissing

DATASHEET = "datasheet.extract"
LARGEST_BYTES = 64 << 20
STATUS = {"w": "size_status", "h": "size_status"}  # of a pad; every other field has one status


def result(job: Job, made: Sequence[Correction]) -> DatasheetResult:
    """The result of a finished job with the corrections put in. Raises ValidationError for values that fit no result."""
    document = corrections.apply(job.result or {}, made)
    for one in made:
        _mark(document, one)
    read = DatasheetResult.model_validate(document)
    if not made:
        return read
    answered = {_owner(one.field) for one in made}
    changes = {
        "needs_review": [review for review in read.needs_review if review.field not in answered],
        "disagreements": [one for one in read.disagreements if one.field not in answered],
        "corrections": [_as_corrected(one) for one in made],
        "nearest": None,  # the library lies with the workers
    }
    params = DatasheetParams.model_validate(job.params)
    return derive(read.model_copy(update=changes), params.ipc_level, params.allow_incomplete)


def document(session: Session, job: Job) -> dict[str, Any] | None:
    """What the job found, as people left it; None while it has no result."""
    made = corrections.of_job(session, job.id) if job.result and job.kind == DATASHEET else []
    return result(job, made).model_dump(mode="json") if made else job.result


def written(services: Services, job: Job) -> dict[str, File]:
    """The job's files by name, written again with the corrections; empty while there are none."""
    with services.database.read() as session:
        made = corrections.of_job(session, job.id)
        stored = jobs.files(session, job.id)
        spoken = cues.after(session, job.id) if made and job.kind != DATASHEET else []
    if not made:
        return {}
    if job.kind != DATASHEET:
        return {file.name: file for file in _spoken(job, spoken) if file.name in {one.name for one in stored}}
    _, found = files.write(result(job, made), pictures(services, stored))
    return {file.name: file for file in found}


def _spoken(job: Job, spoken: Sequence[Cue]) -> list[File]:
    """The caption files of a video with the texts that people stated."""
    origin = {"job": str(job.id), "model": job.model}
    gaps = [Gap.model_validate(gap) for gap in (job.result or {}).get("gaps", [])]
    return [
        File("captions.vtt", captions.vtt(spoken, origin), captions.VTT_MEDIA_TYPE),
        File("captions.srt", captions.srt(spoken), captions.SRT_MEDIA_TYPE),
        File("captions.json", captions.document(spoken, gaps, origin), captions.JSON_MEDIA_TYPE),
        File("captions.jsonl", captions.jsonl(spoken), captions.JSONL_MEDIA_TYPE),
    ]


def pictures(services: Services, stored: Sequence[JobFile]) -> list[PagePicture]:
    """The pages that the result was read from, out of the overlay over them; none while there is no overlay."""
    return _drawn(services, stored, files.OVERLAY)


def thumbnails(services: Services, stored: Sequence[JobFile]) -> list[PagePicture]:
    """The pages of the document, small; none of a document of one page."""
    return _drawn(services, stored, files.PAGES)


def _drawn(services: Services, stored: Sequence[JobFile], name: str) -> list[PagePicture]:
    file = next((one for one in stored if one.name == name), None)
    if file is None or file.size_bytes > LARGEST_BYTES:
        return []
    try:
        with services.objects.open_range(file.object_key) as body:
            return overlay.pictures(b"".join(body))
    except ObjectMissing:
        return []


def _mark(document: dict[str, Any], one: Correction) -> None:
    """Say of a changed value that a person stated it; an accepted one keeps how it was read."""
    if one.before == one.value:
        return
    value = corrections.read(document, _owner(one.field))
    status = STATUS.get(one.field.rpartition(".")[2], "status")
    value[status] = "corrected"


def _owner(field: str) -> str:
    """The value or pad that a corrected number belongs to."""
    return field.rpartition(".")[0]


def _as_corrected(one: Correction) -> Corrected:
    before, value = (json.loads(text or "null") for text in (one.before, one.value))
    return Corrected(field=one.field, before=before, value=value, author=one.author, at=one.at)
