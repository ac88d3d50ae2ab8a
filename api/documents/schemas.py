"""What a client gets to see: the answer documents, built from rows."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from db.documents.footprint.files import File
from db.documents.kinds import datasheet_verdict
from db.documents.kinds.datasheet_verdict import FootprintVerdict
from db.failures import RETRYABLE, Failure
from db.jobs.estimates import Estimate
from db.schema.tables import TERMINAL, Asset, AssetState, Job, JobAttempt, JobEvent, JobFile, State, Upload

T = TypeVar("T")


class FromAttributes(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Page(BaseModel, Generic[T]):
    """Newest first; `next_cursor` is null on the last page."""

    items: list[T]
    next_cursor: str | None = None


class FailureView(BaseModel):
    code: Failure
    message: str
    retryable: bool = Field(description="Whether the same job may well succeed when it is tried again")


class Progress(BaseModel):
    done_ms: int
    total_ms: int | None
    ratio: float | None
    note: str | None
    at: datetime | None
    cues: int


class EstimateView(FromAttributes):
    ahead: int = Field(description="Queued jobs before this one, counted to 1000")
    starts_at: datetime | None
    finishes_at: datetime | None
    realtime: float | None = Field(description="Seconds of input done in a second, measured")


class JobView(FromAttributes):
    """A job as its owner sees it."""

    id: UUID
    kind: str
    state: State
    priority: int
    labels: dict[str, str]
    params: dict[str, Any]
    model: str | None
    result: dict[str, Any] | None
    verdict: FootprintVerdict | None = Field(
        None, description="Of a datasheet: verified, to check, or no footprint and why"
    )
    failure: FailureView | None
    progress: Progress
    estimate: EstimateView | None
    attempt: int
    created_at: datetime
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    asset_id: UUID | None
    cached_from: UUID | None
    retry_of: UUID | None
    parent_id: UUID | None
    webhook: dict[str, Any] | None
    links: dict[str, str]


class Batch(BaseModel):
    jobs: list[JobView]


class AttemptView(FromAttributes):
    """One worker's try at a job."""

    attempt: int
    worker_id: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    failure: Failure | None
    message: str | None
    resumed_from_ms: int
    ended_at_ms: int
    busy_seconds: float
    peak_memory_bytes: int | None
    weights_sha256: str | None


class EventView(FromAttributes):
    seq: int
    type: str
    at: datetime
    data: dict[str, Any]


class History(BaseModel):
    events: list[EventView]
    attempts: list[AttemptView]


class FileView(FromAttributes):
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    url: str


class AssetView(FromAttributes):
    """An uploaded input."""

    id: UUID
    state: AssetState
    filename: str
    declared_type: str
    sniffed_type: str | None
    size_bytes: int
    sha256: str | None
    failure: Failure | None
    failure_message: str | None
    probe: dict[str, Any] | None
    created_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None


class UploadView(BaseModel):
    """Where an upload stands and how to go on; `mode` and what follows are null once the asset is settled."""

    asset: AssetView
    mode: Annotated[
        str | None, Field(description="offset: PATCH bytes to `url`; multipart: ask `parts_url` for addresses")
    ]
    url: str | None = None
    offset_bytes: int | None = Field(None, description="Bytes that have arrived")
    part_bytes: int | None = None
    parts: int | None = None
    parts_done: list[int] | None = None
    parts_url: str | None = None
    complete_url: str | None = None
    expires_at: datetime | None = None


class PartUrl(BaseModel):
    number: int
    url: str
    size_bytes: int


class PartUrls(BaseModel):
    parts: list[PartUrl]
    expires_s: int


def job_view(job: Job, estimate: Estimate | None, result: dict[str, Any] | None) -> JobView:
    """The row as its owner sees it, with the result as people left it."""
    fields = {name: getattr(job, name) for name in JobView.model_fields if hasattr(job, name)}
    failure = None
    if job.failure is not None:
        message = job.failure_message or ""
        failure = FailureView(code=job.failure, message=message, retryable=job.failure in RETRYABLE)
    known = estimate is not None and job.state not in TERMINAL
    return JobView(
        **{name: value for name, value in fields.items() if name not in {"failure", "progress", "result"}},
        failure=failure,
        result=result,
        verdict=FootprintVerdict.model_validate(judged) if (judged := datasheet_verdict.of_result(result)) else None,
        progress=progress_of(job),
        estimate=EstimateView.model_validate(estimate) if known else None,
        links=links_of(job.id),
    )


def progress_of(job: Job) -> Progress:
    return Progress(
        done_ms=job.done_ms,
        total_ms=job.total_ms,
        ratio=round(min(job.done_ms / job.total_ms, 1), 4) if job.total_ms else None,
        note=job.progress_note,
        at=job.progress_at,
        cues=job.cue_count,
    )


def links_of(job_id: UUID) -> dict[str, str]:
    here = f"/v1/jobs/{job_id}"
    names = {"self": "", "events": "/events", "cancel": "/cancel", "retry": "/retry", "history": "/history"}
    results = {
        name: f"/{name}" for name in ("captions.vtt", "captions.srt", "captions.json", "captions.jsonl", "result.json")
    }
    return {name: here + path for name, path in {**names, **results, "files": "/files"}.items()}


def file_view(file: JobFile, again: File | None = None) -> FileView:
    """A stored file, or what was written in its place."""
    url = f"/v1/jobs/{file.job_id}/files/{file.name}"
    body = again.text.encode() if again else b""
    size, digest = (len(body), sha256(body).hexdigest()) if again else (file.size_bytes, file.sha256)
    return FileView(name=file.name, media_type=file.media_type, size_bytes=size, sha256=digest, url=url)


def history_view(events: list[JobEvent], attempts: list[JobAttempt]) -> History:
    return History(
        events=[EventView.model_validate(event) for event in events],
        attempts=[AttemptView.model_validate(attempt) for attempt in attempts],
    )


def asset_view(asset: Asset) -> AssetView:
    return AssetView.model_validate(asset)


def settled_view(asset: Asset) -> UploadView:
    """An upload that needs nothing more."""
    return UploadView(asset=asset_view(asset), mode=None)


def upload_view(asset: Asset, upload: Upload, bytes_done: int, parts_done: tuple[int, ...]) -> UploadView:
    """An upload under way."""
    here = f"/v1/uploads/{asset.id}"
    part_bytes = upload.part_bytes or asset.size_bytes
    by_parts = upload.mode == "multipart"
    return UploadView(
        asset=asset_view(asset),
        mode=upload.mode,
        url=here,
        offset_bytes=bytes_done,
        part_bytes=part_bytes,
        parts=-(-asset.size_bytes // part_bytes) if by_parts else None,
        parts_done=[*parts_done] if by_parts else None,
        parts_url=f"{here}/parts" if by_parts else None,
        complete_url=f"{here}/complete",
        expires_at=upload.expires_at,
    )
