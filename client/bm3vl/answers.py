"""The server's answers as the documents that describe them, and how a job ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from bm3vl.documents.answers.jobs import JobView
from bm3vl.documents.answers.states import TERMINAL, State
from bm3vl.documents.kinds.base import Document
from bm3vl.documents.kinds.registry import KINDS
from bm3vl.errors import JobFailed, UnknownAnswer

M = TypeVar("M", bound=BaseModel)
D = TypeVar("D", bound=Document)

JobRef = JobView | UUID | str
"""A job, or its id."""

Params = Mapping[str, Any] | Document


def jsonable(value: Any) -> Any:
    """A request's body in JSON's types; a document without what nobody has set: the server knows the defaults."""
    if isinstance(value, Document):
        return value.model_dump(mode="json", exclude_unset=True)
    if isinstance(value, Mapping):
        return {name: jsonable(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(part) for part in value]
    return to_jsonable_python(value)


def parsed(model: type[M], body: Any) -> M:
    """An answer as its document; what a newer server says besides is left out. Raises UnknownAnswer."""
    try:
        return model.model_validate(body, extra="ignore")
    except ValidationError as error:
        raise UnknownAnswer(model.__name__, error.errors(include_url=False, include_input=False)) from error


def job_id(job: JobRef) -> str:
    """The id of a job that may be given by itself."""
    return str(job.id) if isinstance(job, JobView) else str(job)


def finished(job: JobView) -> JobView:
    """The job itself when it has not ended badly; raises JobFailed for one that failed, was canceled or expired."""
    if job.state in TERMINAL - {State.SUCCEEDED}:
        code, message = (job.failure.code, job.failure.message) if job.failure else (None, None)
        raise JobFailed(str(job.id), job.state, code, message)
    return job


def result_of(job: JobView, document: type[D]) -> D:
    """The result as its document (VideoCaptionResult, DatasheetResult, ChatResult).

    Raises JobFailed for a job that ended without one, ValueError before the end, TypeError for a document of another kind.
    """
    kind = KINDS.get(job.kind)
    if kind is not None and kind.result is not document:
        raise TypeError(f"job {job.id} is a {job.kind}: its result is a {kind.result.__name__}")
    if finished(job).result is None:
        raise ValueError(f"job {job.id} is {job.state}: it has no result yet")
    return parsed(document, job.result)
