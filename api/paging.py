"""Opaque cursors: where the next page begins."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from api.errors import field_problem
from db.jobs.search import CuePlace, FoundCue

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=60, description="`next_cursor` of the page before")]


def after(cursor: str | None) -> UUID | None:
    """The id that a cursor stands for. Raises a 422 problem."""
    return None if cursor is None else UUID(bytes=_decoded(cursor, 16))


def next_cursor(rows: Sequence[Any], limit: int) -> str | None:
    """The cursor of the page after these rows; None when they are fewer than were asked for."""
    if len(rows) < limit:
        return None
    last: UUID = rows[-1].id
    return _encoded(last.bytes)


def after_place(cursor: str | None) -> CuePlace | None:
    """The cue that a cursor of a search stands for. Raises a 422 problem."""
    if cursor is None:
        return None
    data = _decoded(cursor, 20)
    return CuePlace(UUID(bytes=data[:16]), int.from_bytes(data[16:]))


def next_place(hits: Sequence[FoundCue], limit: int) -> str | None:
    """The cursor of the page after these hits; None when they are fewer than were asked for."""
    if len(hits) < limit:
        return None
    last = hits[-1].cue
    return _encoded(last.job_id.bytes + last.seq.to_bytes(4))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(cursor: str, length: int) -> bytes:
    try:
        data = base64.urlsafe_b64decode(cursor.encode() + b"==")
    except (ValueError, binascii.Error):
        data = b""
    if len(data) != length:
        raise field_problem("query.cursor", "unknown cursor: give the `next_cursor` of the page before")
    return data
