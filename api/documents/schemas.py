"""The answer documents, built from rows."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

from db.documents.answers.assets import AssetView, UploadView
from db.documents.answers.failure_help import HELP
from db.documents.answers.jobs import (
    AttemptView,
    CostView,
    EstimateView,
    EventView,
    FailureView,
    FileView,
    History,
    JobView,
    Progress,
)
from db.documents.footprint.files import File
from db.documents.kinds import datasheet_verdict
from db.documents.kinds.datasheet_verdict import FootprintVerdict
from db.documents.kinds.live import is_live, shown_params
from db.failures import RETRYABLE, Failure
from db.jobs.estimates import Estimate
from db.schema.tables import TERMINAL, Asset, Job, JobAttempt, JobEvent, JobFile, Upload

BUILT = frozenset({"failure", "progress", "result", "cost", "params"})  # not as the row has it


def job_view(job: Job, estimate: Estimate | None, result: dict[str, Any] | None) -> JobView:
    """The row as its owner sees it, with the result as people left it."""
    fields = {name: getattr(job, name) for name in JobView.model_fields if hasattr(job, name)}
    failure = None
    if job.failure is not None:
        message, help_ = job.failure_message or "", HELP[Failure(job.failure)]
        failure = FailureView(code=job.failure, message=message, retryable=job.failure in RETRYABLE, **help_._asdict())
    known = estimate is not None and job.state not in TERMINAL
    return JobView(
        **{name: value for name, value in fields.items() if name not in BUILT},
        params=shown_params(job.params),
        failure=failure,
        result=result,
        verdict=FootprintVerdict.model_validate(judged) if (judged := datasheet_verdict.of_result(result)) else None,
        progress=progress_of(job),
        cost=cost_of(job),
        estimate=EstimateView.model_validate(estimate) if known else None,
        links=links_of(job.id) | ({"stop": f"/v1/jobs/{job.id}/stop"} if is_live(job.params) else {}),
    )


def cost_of(job: Job) -> CostView | None:
    """What a job has cost; a captioned video's for each of its hours, too."""
    if job.cost is None:
        return None
    hours = job.done_ms / 3_600_000 if job.kind == "video.caption" else 0
    return CostView(amount=round(job.cost, 6), per_video_hour=round(job.cost / hours, 6) if hours else None)


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
