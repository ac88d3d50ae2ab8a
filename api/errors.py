"""Every error leaves as problem+json (RFC 9457), and none of them tells more than its reader may know.

Problem            anything a route refuses on purpose: status, code, detail
+-- NotFound       absent, deleted and another tenant's are the same answer
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from pydantic_core import ErrorDetails
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from db.documents.kinds.registry import KINDS
from db.jobs.idempotency import InProgress, OtherBody
from db.jobs.quotas import QuotaExceeded
from db.storage.objects import ObjectStoreFull, ObjectStoreRefused, ObjectStoreUnavailable

MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger(__name__)


class FieldError(BaseModel):
    pointer: str = Field(description="JSON pointer into the body, or `query.NAME`, `header.NAME`, `path.NAME`")
    detail: str


class ProblemDocument(BaseModel):
    """The body of every error."""

    type: str = Field(examples=["urn:bm3:problem:not_found"])
    title: str
    status: int
    detail: str | None = None
    code: str = Field(description="Stable and made for programs", examples=["not_found"])
    request_id: str | None = None
    errors: list[FieldError] | None = None


class Problem(Exception):
    """A request that is refused."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.headers, self.errors = dict(headers or {}), list(errors)


class NotFound(Problem):
    """There is no such thing, or not for this caller."""

    def __init__(self, what: str) -> None:
        super().__init__(404, "not_found", f"there is no such {what}")


def field_problem(pointer: str, detail: str, code: str = "invalid_request") -> Problem:
    """A single field is wrong."""
    return Problem(422, code, detail, errors=[FieldError(pointer=pointer, detail=detail)])


def response(problem: Problem, request_id: str | None) -> JSONResponse:
    """The problem as it goes over the wire."""
    document = ProblemDocument(
        type=f"urn:bm3:problem:{problem.code}",
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        detail=problem.detail,
        code=problem.code,
        request_id=request_id,
        errors=problem.errors or None,
    )
    body = document.model_dump(mode="json", exclude_none=True)
    return JSONResponse(body, problem.status, problem.headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every exception that may leave a route."""
    for exception in _TRANSLATED:
        app.add_exception_handler(exception, _answer)


async def _answer(request: Request, error: Exception) -> JSONResponse:
    return response(as_problem(error), getattr(request.state, "request_id", None))


def as_problem(error: Exception) -> Problem:
    """The problem that an exception is to its reader."""
    for kind, translate in _TRANSLATED.items():
        if isinstance(error, kind):
            problem: Problem = translate(error)
            return problem
    raise TypeError(f"no answer for {type(error)}")


def _from_http(error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    return Problem(int(status), status.name.lower(), str(error.detail), headers=error.headers)


def _from_validation(error: RequestValidationError) -> Problem:
    if error.body and isinstance(error.body, bytes):  # left unparsed, for its type is not that of JSON
        detail = "the body must be JSON and say so: Content-Type: application/json"
        return Problem(415, "unsupported_media_type", detail)
    return validation_problem(error.errors())


def validation_problem(errors: Sequence[ErrorDetails]) -> Problem:
    """What of a request does not match its schema, field by field."""
    found = [FieldError(pointer=_pointer(one), detail=_detail(one)) for one in errors[:50]]
    return Problem(422, "invalid_request", "the request does not match its schema", errors=found)


def _pointer(error: ErrorDetails) -> str:
    # The kind stands in the path as the tag of the union; it is not in the body.
    place, *path = (_printable(part) for part in error["loc"] if part not in KINDS)
    if place != "body":
        return ".".join((place, *path))
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in path) or "/"


def _printable(part: object) -> str:
    """A name that somebody sent, without what cannot be sent back (lone surrogates)."""
    return str(part).encode(errors="replace").decode()


def _detail(error: ErrorDetails) -> str:
    return _printable(error["msg"].removeprefix("Value error, "))


def _from_quota(error: QuotaExceeded) -> Problem:
    return Problem(429, "quota_exceeded", str(error), headers={"Retry-After": str(error.retry_after_s)})


def _from_other_body(_: OtherBody) -> Problem:
    return Problem(422, "idempotency_key_reused", "this Idempotency-Key was used for a different request")


def _from_in_progress(_: InProgress) -> Problem:
    detail = "the first request with this Idempotency-Key is still at work"
    return Problem(409, "idempotency_in_progress", detail, headers={"Retry-After": "1"})


def _from_store(error: ObjectStoreUnavailable) -> Problem:
    log.error("object store unavailable", reason=str(error))
    return Problem(503, "storage_unavailable", "the object store cannot be reached", headers={"Retry-After": "5"})


def _from_full_store(error: ObjectStoreFull) -> Problem:
    log.error("object store full", reason=str(error))
    return Problem(507, "storage_full", "the object store has no room", headers={"Retry-After": "60"})


def _from_refusing_store(error: ObjectStoreRefused) -> Problem:
    log.error("the object store refuses the service's key", reason=str(error))
    return Problem(503, "storage_refused", "the object store refuses this service; its operator has to act")


def _from_database(error: Exception) -> Problem:
    log.error("database unavailable", reason=str(getattr(error, "orig", error)))
    return Problem(503, "database_unavailable", "the database cannot be reached", headers={"Retry-After": "5"})


def _from_data(_: DataError) -> Problem:
    return Problem(422, "invalid_request", "the request holds a value that cannot be stored")


def _from_anything(error: Exception) -> Problem:
    log.error("request failed", exc_info=error)
    return Problem(500, "internal", "the service made a mistake; the request id helps to find it in the log")


# The first that fits wins, so `Exception` stands last.
_TRANSLATED: dict[type[Exception], Any] = {
    Problem: lambda problem: problem,
    RequestValidationError: _from_validation,
    HTTPException: _from_http,
    QuotaExceeded: _from_quota,
    OtherBody: _from_other_body,
    InProgress: _from_in_progress,
    ObjectStoreFull: _from_full_store,
    ObjectStoreRefused: _from_refusing_store,
    ObjectStoreUnavailable: _from_store,
    DataError: _from_data,
    OperationalError: _from_database,
    InterfaceError: _from_database,
    PoolTimeout: _from_database,
    Exception: _from_anything,
}

_BODY = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    422: {"description": "The request does not match its schema", "content": _BODY},
    "default": {"description": "Any other error", "content": _BODY},
}
