"""Values of a result that a person corrected or accepted, and the result with them put in."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.schema.base import new_id
from db.schema.tables_dashboard import Correction

STEP = re.compile(r"\.?([A-Za-z_]\w*)|\[(\d{1,6})\]")


class NoSuchField(LookupError):
    """The result has no such field."""


def record(
    session: Session, now: datetime, job_id: UUID, field: str, before: Any, value: Any, author: str
) -> Correction:
    """Keep a correction; the same value as before means that a person looked and agreed."""
    row = Correction(
        id=new_id(),
        job_id=job_id,
        field=field,
        before=json.dumps(before),
        value=json.dumps(value),
        author=author,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def of_job(session: Session, job_id: UUID) -> list[Correction]:
    """The job's corrections, first to last."""
    return [*session.scalars(select(Correction).where(Correction.job_id == job_id).order_by(Correction.id))]


def read(document: dict[str, Any], field: str) -> Any:
    """The value at a path like `land_pattern.pads[3].w`. Raises NoSuchField."""
    value: Any = document
    for step in _steps(field):
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError) as error:
            raise NoSuchField(field) from error
    return value


def apply(document: dict[str, Any], made: Sequence[Correction]) -> dict[str, Any]:
    """The result with the last correction of each field put in; fields that are gone are left out."""
    whole = copy.deepcopy(document)
    for one in made:
        *path, last = _steps(one.field)
        try:
            place: Any = read(whole, _text(path)) if path else whole
            place[last] = json.loads(one.value or "null")
        except (NoSuchField, TypeError, IndexError):
            continue
    return whole


def _steps(field: str) -> list[str | int]:
    found: list[str | int] = []
    end = 0
    for match in STEP.finditer(field):
        if match.start() != end:
            raise NoSuchField(field)
        found.append(match[1] if match[1] is not None else int(match[2]))
        end = match.end()
    if end != len(field) or not found:
        raise NoSuchField(field)
    return found


def _text(steps: Sequence[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")
