"""How a job ended: its result, or an error."""

from __future__ import annotations

from typing import Any

from bm3vl.errors import JobFailed

TERMINAL = frozenset({"succeeded", "failed", "canceled", "expired"})


def finished(job: dict[str, Any]) -> dict[str, Any]:
    """The job itself when it succeeded; raises JobFailed when it ended otherwise."""
    if job["state"] in TERMINAL - {"succeeded"}:
        failure = job["failure"] or {}
        raise JobFailed(job["id"], job["state"], failure.get("code"), failure.get("message"))
    return job
