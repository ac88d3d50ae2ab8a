"""Uploaded files, and uploads under way."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from .base import FromAttributes
from .failures import Failure
from .states import AssetState


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
