"""When a request may be sent again and after how long, and what an answer without success means."""

from __future__ import annotations

import random
from typing import Any

import httpx

from bm3vl.errors import from_problem

RETRY_STATUS = frozenset({429, 502, 503, 504})
SAFE_METHODS = frozenset({"GET", "HEAD", "DELETE", "PUT"})
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 8.0


def checked(answer: httpx.Response) -> httpx.Response:
    """The answer itself when it is a good one; raises ApiError otherwise."""
    if answer.status_code < 400:
        return answer
    raise from_problem(answer.status_code, _problem(answer), retry_after_s(answer))


def retry_after_s(answer: httpx.Response) -> float | None:
    """Seconds that the server asks to wait, where it says so."""
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isdigit() else None


def pause_s(attempt: int) -> float:
    """Seconds before the next try: twice as many each time, up to a limit."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * float(2**attempt))


def delay_s(attempt: int) -> float:
    """The same, not in step with other clients."""
    return random.uniform(0.5, 1.0) * pause_s(attempt)


def _problem(answer: httpx.Response) -> dict[str, Any]:
    if "json" in answer.headers.get("content-type", ""):
        body = answer.json()
        if isinstance(body, dict):
            return body
    return {"title": answer.reason_phrase or "error", "detail": answer.text[:300]}
