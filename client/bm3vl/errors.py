"""Errors of the SDK.

ClientError
+-- ConnectionFailed   no answer: wrong address, server down, connection broken after all retries
|   +-- UploadBroken   an upload stopped on its way; the same call goes on there
+-- ApiError           the server said no; the problem document says why
|   +-- Unauthorized   401, 403: key missing, wrong, expired, or without the scope
|   +-- NotFound       404
|   +-- Conflict       409
|   +-- Invalid        400, 413, 415, 422: the request itself is wrong
|   +-- RateLimited    429: `retry_after_s` says when to come back
+-- UnknownAnswer      the server's answer is not what this version knows
+-- Refused            a proxy or the object store takes no part of an upload, however small
+-- Rejected           the server checked the uploaded file and refused it
+-- JobFailed          a job that was waited for ended without a result
+-- WaitTimeout        a job has not ended in the time that was given to it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class ClientError(Exception):
    """Base of everything the SDK raises on purpose."""


class ConnectionFailed(ClientError):
    """No usable answer from the server."""


class UploadBroken(ConnectionFailed):
    """An upload stopped on its way. What has arrived stays for a week: the same call goes on there."""

    def __init__(self, path: Path, asset_id: str, error: ClientError) -> None:
        self.path, self.asset_id = path, asset_id
        super().__init__(
            f"the upload of {path} (asset {asset_id}) broke off: {error}. What has arrived is kept for 7 days; "
            f"the same command goes on there, and so does: bm3vl upload {path}"
        )


class UnknownAnswer(ClientError):
    """The server answered with a document that this version of the client does not know."""

    def __init__(self, name: str, problems: Sequence[Mapping[str, Any]]) -> None:
        where = "; ".join(f"{'.'.join(map(str, one['loc'])) or name}: {one['msg']}" for one in problems[:3])
        super().__init__(f"the server's answer is not {name} as this version knows it ({where}): update bm3vl-client")


class WaitTimeout(ClientError):
    """A job has not ended in the time that was given to it. It goes on: wait again, or cancel it."""


class ApiError(ClientError):
    """The server answered with a problem document (RFC 9457)."""

    def __init__(self, status: int, problem: dict[str, Any], retry_after_s: float | None = None) -> None:
        self.status = status
        self.problem = problem
        self.retry_after_s = retry_after_s
        super().__init__(_sentence(status, problem))


class Unauthorized(ApiError):
    """The key is missing, wrong, expired, revoked, or lacks a scope."""


class NotFound(ApiError):
    """There is no such thing for this key."""


class Conflict(ApiError):
    """The thing is in a state that does not allow this."""


class Invalid(ApiError):
    """The request is wrong; `problem["errors"]` points at the fields."""


class RateLimited(ApiError):
    """Too many requests or a quota reached."""


class Refused(ClientError):
    """Something between this machine and the service refuses even small pieces, or the object store a part."""


class Rejected(ClientError):
    """The server checked the uploaded file and refused it."""


class JobFailed(ClientError):
    """A job ended as failed, canceled or expired."""

    def __init__(self, job_id: str, state: str, code: str | None, message: str | None) -> None:
        self.job_id, self.state, self.code = job_id, state, code
        super().__init__(f"job {job_id} {state}" + (f" ({code}): {message}" if code else ""))


_BY_STATUS: dict[int, type[ApiError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    409: Conflict,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    429: RateLimited,
}


def from_problem(status: int, problem: dict[str, Any], retry_after_s: float | None = None) -> ApiError:
    """The error class for an HTTP status."""
    return _BY_STATUS.get(status, ApiError)(status, problem, retry_after_s)


def _sentence(status: int, problem: dict[str, Any]) -> str:
    title = problem.get("title") or "error"
    detail = problem.get("detail")
    fields = "; ".join(
        f"{entry.get('pointer', '?')}: {entry.get('detail', '')}" for entry in problem.get("errors") or []
    )
    return f"{status} {title}" + (f": {detail}" if detail else "") + (f" [{fields}]" if fields else "")
