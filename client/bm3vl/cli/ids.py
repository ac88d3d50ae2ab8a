"""Jobs named by a part of their id, as people type them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from bm3vl import Client

LEAST = 4
NEWEST = 2000
WHOLE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PART = re.compile(r"[0-9a-f-]+")
SHOWN = 5


def whole(client: Client, text: str) -> str:
    """The job's id: the text itself, or the one id among the newest jobs that begins or ends with it.

    Raises typer.BadParameter for a text that is no part of an id or fits several, NotFound for one that fits none.
    """
    part = text.strip().lower()
    if WHOLE.fullmatch(part):
        return part
    if len(part) < LEAST or not PART.fullmatch(part):
        raise typer.BadParameter(
            f"{text!r} is not the id of a job: give it whole, or {LEAST} or more letters of its beginning or end"
        )
    found = [one for one in _newest(client) if one.startswith(part) or one.endswith(part)]
    if len(found) > 1:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise typer.BadParameter(f"{text!r} fits several jobs: {', '.join(found[:SHOWN])}{more}")
    if not found:
        from bm3vl.errors import NotFound

        detail = f"no job's id begins or ends with {text!r} among the newest {NEWEST}"
        raise NotFound(404, {"title": "Not found", "detail": detail})
    return found[0]


def _newest(client: Client) -> Iterator[str]:
    return (str(job["id"]) for job in client.pages("/v1/jobs", most=NEWEST))
