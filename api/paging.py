"""Opaque cursors: where the next page begins."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from api.errors import field_problem

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=60, description="`next_cursor` of the page before")]


def after(cursor: str | None) -> UUID | None:
    """The id that a cursor stands for. Raises a 422 problem."""
    if cursor is None:
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor.encode() + b"=="))
    except (ValueError, binascii.Error) as error:
        raise field_problem("query.cursor", "this is no cursor of ours") from error


def next_cursor(rows: Sequence[Any], limit: int) -> str | None:
    """The cursor of the page after these rows; None when they are fewer than were asked for."""
    if len(rows) < limit:
        return None
    last: UUID = rows[-1].id
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")
