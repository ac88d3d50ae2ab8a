"""What webhooks carry, thin or full."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from db.documents.answers.failures import Failure
from db.documents.answers.states import State
from db.documents.event_types import EventType
from db.documents.kinds.datasheet_verdict import FootprintVerdict


class JobNews(BaseModel):
    """What happened to a job; which of the later fields there are depends on the event."""

    job_id: str
    kind: str
    state: State
    sequence: int | None
    labels: dict[str, str]
    url: str
    verdict: FootprintVerdict | None = Field(None, description="Of a datasheet that has its result")
    attempt: int | None = None
    resumed_from_ms: int | None = None
    done_ms: int | None = None
    total_ms: int | None = None
    cached_from: str | None = None
    code: Failure | None = Field(None, description="Why it failed")
    message: str | None = None
    rule: str | None = Field(None, description="Of `cue.matched`: the name of the rule")
    cue: dict[str, Any] | None = Field(None, description="Of `cue.matched`: the caption")
    details: dict[str, Any] | None = Field(None, description="More of why it failed, by code")
    params: dict[str, Any] | None = Field(None, description="Of endpoints with `payload: full`")
    result: dict[str, Any] | None = Field(None, description="Of endpoints with `payload: full`")


class JobWebhook(BaseModel):
    """An event of a job."""

    type: EventType
    timestamp: datetime
    data: JobNews


class AssetNews(BaseModel):
    """What became of an uploaded file."""

    asset_id: str
    state: str
    filename: str
    size_bytes: int
    code: Failure | None = Field(None, description="Why it was rejected")
    message: str | None = None


class AssetWebhook(BaseModel):
    """An event of an uploaded file."""

    type: EventType
    timestamp: datetime
    data: AssetNews


class TestNews(BaseModel):
    """Says that it is a test."""

    endpoint_id: str
    message: str


class TestWebhook(BaseModel):
    """A test that somebody asked for."""

    type: Literal["webhook.test"]
    timestamp: datetime
    data: TestNews
