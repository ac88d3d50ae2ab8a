"""Live input of `video.caption`: where it comes from, how long it is followed, and what became of it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from .base import Document, MediaInput

LIVE_ONLY = re.compile(r"(rtsps?|rtmps?|srt)://")
MONTH_MS = 31 * 86_400_000
_USER = re.compile(r"(?<=://)[^/?#@]*(?:@[^/?#@]*)*@")
_VALUE = re.compile(r"(?<=[?&;])([^=&;#]+)=[^&;#]*")
_STREAM_KEY = re.compile(r"(?<=/)[^/?#]+(?=$|[?#])")


class VideoInput(MediaInput):
    """A video: bytes that are there, or an address of a live source."""

    url: Annotated[
        str | None,
        Field(
            max_length=4000,
            pattern=r"^(https?|rtsps?|rtmps?|srt)://",
            description="Of a file, or of a live source: rtsp, rtmp, srt, or http with `live`",
        ),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _any_media(cls, value: Any) -> Any:
        return value.model_dump() if isinstance(value, MediaInput) else value


class LiveOptions(Document):
    """How a live source is followed. Its times are wall time since the job began to watch."""

    max_duration_ms: Annotated[
        int | None,
        Field(ge=1000, le=MONTH_MS, description="End in good order after so much wall time; null: until it is stopped"),
    ] = None
    give_up_ms: Annotated[
        int,
        Field(ge=1000, le=86_400_000, description="End after so much wall time without a picture"),
    ] = 600_000
    record: Annotated[bool, Field(description="Keep the source's own pictures and sound as files of the job")] = False
    max_record_bytes: Annotated[
        int, Field(ge=1 << 20, le=1 << 44, description="Recording ends when it has so many bytes")
    ] = 10 << 30


class RecordedPart(Document):
    """A file of a recording."""

    name: str
    start_ms: int
    end_ms: int
    size_bytes: int


class LiveOutcome(Document):
    """What became of a live source."""

    started_at: Annotated[datetime, Field(description="Wall time of millisecond 0, UTC")]
    ended: Annotated[
        Literal["stopped", "max_duration", "source_ended", "gave_up"],
        Field(description="Why it ended; a job that is canceled was `stopped` too"),
    ]
    captioned_ms: Annotated[int, Field(description="Wall time that was watched; the rest lies in `gaps`")]
    gap_ms: Annotated[int, Field(description="Wall time in gaps")]
    reconnects: Annotated[int, Field(description="How often the source was connected to again")]
    dropped_ms: Annotated[int, Field(description="Of the gaps, what the model was too slow for")]
    recording: Annotated[list[RecordedPart], Field(description="Files that were recorded, in order")] = []
    recording_ended: Annotated[
        str | None, Field(description="Why the recording ended before the source; null: it did not, or none was asked")
    ] = None


def is_live_url(url: str | None) -> bool:
    """Whether an address can only be that of a live source."""
    return url is not None and LIVE_ONLY.match(url) is not None


def is_live(params: dict[str, Any]) -> bool:
    """Whether stored parameters ask for live input."""
    video = params.get("video")
    return params.get("live") is not None or (isinstance(video, dict) and is_live_url(video.get("url")))


def shown_url(url: str) -> str:
    """An address as it may be shown: no user, no password, no value of its query, no RTMP stream key."""
    shown = _VALUE.sub(r"\1=***", _USER.sub("***@", url, count=1))
    return _STREAM_KEY.sub("***", shown, count=1) if url.startswith("rtmp") else shown


def shown_params(params: dict[str, Any]) -> dict[str, Any]:
    """Parameters as they may be shown: the address of a live source without its secrets."""
    video = params.get("video")
    url = video.get("url") if isinstance(video, dict) else None
    if not isinstance(url, str) or not is_live(params):
        return params
    return {**params, "video": {**video, "url": shown_url(url)}} if isinstance(video, dict) else params
