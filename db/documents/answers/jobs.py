"""A job as its owner sees it, what happened to it, and its files."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from ..kinds.datasheet_verdict import FootprintVerdict  # noqa: TID252 - so it works under the client's name too
from .base import FromAttributes
from .failures import Failure
from .states import State


class FailureView(BaseModel):
    code: Failure
    message: str
    meaning: str = Field("", description="What the code means")
    remedy: str = Field("", description="What helps")
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


class CostView(BaseModel):
    """What a job took of its workers' time, at BM3_WORKER_GPU_HOUR_PRICE; an attempt whose worker died is not in it."""

    amount: float = Field(description="In the currency of the price")
    per_video_hour: float | None = Field(None, description="For each hour of video that is done")


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
    cost: CostView | None = Field(None, description="null where no price is set; so far, while it runs again")
    estimate: EstimateView | None
    attempt: int
    created_at: datetime
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    stop_requested_at: datetime | None = Field(None, description="When somebody asked for the good end of live input")
    asset_id: UUID | None
    cached_from: UUID | None
    retry_of: UUID | None
    parent_id: UUID | None
    webhook: dict[str, Any] | None
    links: dict[str, str]


class FieldRefusal(BaseModel):
    """What is wrong with one field."""

    pointer: str = Field(description="JSON pointer into the request's body")
    detail: str = Field(description="What is wrong, for people")


class RefusedJob(BaseModel):
    """A job of a batch that was not taken, while the others were."""

    index: int = Field(description="Its place in the request, from 0")
    status: int = Field(description="The status that it would have been answered with alone")
    code: str = Field(description="Stable and made for programs")
    detail: str = Field(description="What is wrong, for people")
    errors: list[FieldRefusal] = []


class Batch(BaseModel):
    jobs: list[JobView]
    refused: list[RefusedJob] = Field([], description="With `on_error: skip`: the jobs that were not taken")


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
    cost: float | None = Field(None, description="What it cost; null where its worker has no price, or died")


class EventView(FromAttributes):
    seq: int
    type: str
    at: datetime
    data: dict[str, Any]


class History(BaseModel):
    events: list[EventView]
    attempts: list[AttemptView]


class CorrectionView(BaseModel):
    """What a person stated in place of what was read or said; equal to `before`: it was looked at and accepted."""

    field: str = Field(examples=["cues[3].text"])
    before: Any = Field(examples=["A red car."])
    value: Any = Field(examples=["A red van."])
    author: str = Field(examples=["ann"])
    at: datetime


class FileView(FromAttributes):
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    url: str
