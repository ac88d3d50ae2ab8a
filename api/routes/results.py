"""Results: captions while they grow, the result document, and the files a worker wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse

from api.auth import JobsReader
from api.deps import Services, ServicesDep
from api.documents.schemas import file_view
from api.errors import NotFound, Problem
from api.ranges import Slice, parse, whole
from api.routes.jobs import find
from api.submission import corrected
from db.documents import captions
from db.documents.answers.jobs import FileView
from db.documents.kinds.video import Chapter, Cue, Gap
from db.jobs import corrections, cues, jobs
from db.schema.tables import TERMINAL, Job
from db.storage.objects import ObjectMissing

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["results"])
Writer = Callable[[Job, list[Cue]], str]
RangeHeader = Annotated[str | None, Header(max_length=200)]
# User content is never run in our origin, whatever a browser thinks that it is.
SAFE = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}


def _note(job: Job) -> dict[str, str]:
    """What stands above the cues: nothing that changes while they grow, or a range would not fit the next one."""
    return {"job": str(job.id), "kind": job.kind}


def _vtt(job: Job, spoken: list[Cue]) -> str:
    return captions.vtt(spoken, _note(job))


def _srt(_: Job, spoken: list[Cue]) -> str:
    return captions.srt(spoken)


def _jsonl(_: Job, spoken: list[Cue]) -> str:
    return captions.jsonl(spoken)


def _json(job: Job, spoken: list[Cue]) -> str:
    gaps = [Gap.model_validate(gap) for gap in (job.result or {}).get("gaps", [])]
    return captions.document(spoken, gaps, _note(job), state=job.state, done_ms=job.done_ms)


def _chapters(job: Job, _: list[Cue]) -> str:
    chapters = [Chapter.model_validate(chapter) for chapter in (job.result or {}).get("chapters", [])]
    return captions.vtt_chapters(chapters, _note(job))


TRACKS: dict[str, tuple[Writer, str]] = {
    "captions.vtt": (_vtt, captions.VTT_MEDIA_TYPE),
    "captions.srt": (_srt, captions.SRT_MEDIA_TYPE),
    "captions.json": (_json, captions.JSON_MEDIA_TYPE),
    "captions.jsonl": (_jsonl, captions.JSONL_MEDIA_TYPE),
    "chapters.vtt": (_chapters, captions.VTT_MEDIA_TYPE),
}


@router.get("/result.json")
def result_document(caller: JobsReader, services: ServicesDep, job_id: UUID) -> Response:
    """The result of a finished job, with what people corrected."""
    with services.database.read() as session:
        job = find(session, caller, job_id)
        result = corrected.document(session, job)
    if result is None:
        raise Problem(409, "no_result", f"the job is {job.state} and has no result")
    body = json.dumps(result, ensure_ascii=False).encode()
    return _bytes_response(body, "result.json", "application/json", whole(len(body)))


@router.get("/files")
def list_files(caller: JobsReader, services: ServicesDep, job_id: UUID) -> list[FileView]:
    """The files a finished job left, with what people corrected."""
    with services.database.read() as session:
        job = find(session, caller, job_id)
        stored = jobs.files(session, job_id)
    again = corrected.written(services, job)
    return [file_view(file, again.get(file.name)) for file in stored]


@router.get("/files/{name}", responses={200: {"content": {"application/octet-stream": {}}}})
def get_file(caller: JobsReader, services: ServicesDep, job_id: UUID, name: str, range: RangeHeader = None) -> Response:  # noqa: A002
    """One of them (footprint.json, a .kicad_mod, overlay.svg, ...)."""
    with services.database.read() as session:
        job = find(session, caller, job_id)
    return file_answer(services, job, name, range)


@router.get(
    "/{track}", responses={200: {"content": {"text/vtt": {}, "application/x-subrip": {}, "application/json": {}}}}
)
def get_track(
    caller: JobsReader,
    services: ServicesDep,
    job_id: UUID,
    track: str,
    range: RangeHeader = None,  # noqa: A002
    if_none_match: Annotated[str | None, Header(max_length=200)] = None,
    after: Annotated[int, Query(ge=-1, le=2**31 - 1, description="Only cues with a greater `seq`")] = -1,
    limit: Annotated[int | None, Query(ge=1, le=100_000, description="Only so many of them")] = None,
) -> Response:
    """captions.vtt, .srt, .json, .jsonl or chapters.vtt: valid at every instant, also while the job runs."""
    with services.database.read() as session:
        job = find(session, caller, job_id)
    return track_answer(services, job, track, range, if_none_match, CuePart(after, limit))


def file_answer(services: Services, job: Job, name: str, range_header: str | None) -> Response:
    """A file of the job, written again where somebody corrected a value. Raises NotFound."""
    with services.database.read() as session:
        file = next((one for one in jobs.files(session, job.id) if one.name == name), None)
    if file is None:
        raise NotFound("file")
    if again := corrected.written(services, job).get(name):
        body = again.text.encode()
        return _bytes_response(body, name, again.media_type, parse(range_header, len(body)))
    wanted = parse(range_header, file.size_bytes)
    try:
        stored = services.objects.open_range(file.object_key, wanted.start, wanted.stop if wanted.partial else None)
    except ObjectMissing as error:
        raise NotFound("file") from error
    headers = _headers(file.name, wanted) | {"ETag": f'"{file.sha256}"', "Content-Length": str(stored.size_bytes)}
    return StreamingResponse(iter(stored), wanted.status, headers, media_type=file.media_type)


@dataclass(frozen=True)
class CuePart:
    """Which cues of a job: those after a number, and how many at most."""

    after: int = -1
    limit: int | None = None


EVERY_CUE = CuePart()


def track_answer(
    services: Services,
    job: Job,
    track: str,
    range_header: str | None,
    seen: str | None,
    part: CuePart = EVERY_CUE,
) -> Response:
    """The job's captions or chapters as a file; 304 for who has seen them. Raises NotFound."""
    if track not in TRACKS:
        raise NotFound("result")
    write, media_type = TRACKS[track]
    with services.database.read() as session:
        spoken = cues.after(session, job.id, part.after, part.limit)
        changes = len(corrections.of_job(session, job.id))
    tag = f'"{part.after}.{len(spoken)}.{changes}-{job.state}-{job.done_ms if track == "captions.json" else 0}"'
    caching = {"ETag": tag, "Cache-Control": "private, no-cache", "X-Job-State": job.state}
    if seen == tag:
        return Response(status_code=304, headers=caching)
    body = write(job, spoken).encode()
    answered = _bytes_response(body, track, media_type, parse(range_header, len(body)))
    answered.headers.update(caching)
    if job.state in TERMINAL:
        answered.headers["X-Complete"] = "true"
    return answered


def _bytes_response(body: bytes, name: str, media_type: str, wanted: Slice) -> Response:
    content_type = f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
    return Response(body[wanted.start : wanted.stop], wanted.status, _headers(name, wanted), content_type)


def _headers(name: str, wanted: Slice) -> dict[str, str]:
    shown = "".join(mark if mark.isalnum() or mark in "._-" else "_" for mark in name)
    headers = {**SAFE, "Content-Disposition": f'attachment; filename="{shown}"', "Accept-Ranges": "bytes"}
    return headers | ({"Content-Range": wanted.content_range} if wanted.partial else {})
