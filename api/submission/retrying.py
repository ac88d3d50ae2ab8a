"""Doing a finished job again: from its checkpoint, or from zero with changed parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from api.auth import Caller
from api.deps import Services
from api.documents.requests import RetryRequest
from api.errors import FieldError, Problem, field_problem
from api.submission.derived import derived
from api.submission.submission import check_quotas, stored_params
from db.documents.kinds.base import Document
from db.documents.kinds.registry import KINDS
from db.jobs import jobs, segments
from db.schema.tables import TERMINAL, Job


@dataclass(frozen=True)
class Again:
    """What is asked for: the new parameters as a document, and as a row keeps them."""

    wanted: RetryRequest
    document: Document
    params: dict[str, Any]


def prepare_retry(services: Services, caller: Caller, now: datetime, job: Job, wanted: RetryRequest) -> Again:
    """Check what is asked for and store inline inputs, as for a new job; writes nothing where no parameter changes.

    Raises 409 while the old job is at work, 422 for changes that do not fit.
    """
    if job.state not in TERMINAL:
        raise Problem(409, "not_finished", f"the job is {job.state}; cancel it first")
    if wanted.params and wanted.start == "checkpoint":
        raise field_problem("/start", "changed parameters do not fit the checkpoint; start from zero")
    document = _changed(job, wanted.params or {})
    return Again(wanted, document, stored_params(services, caller, now, document))


def _changed(job: Job, changes: dict[str, Any]) -> Document:
    try:
        return KINDS[job.kind].params.model_validate({**job.params, **changes})
    except ValidationError as error:
        found = [
            FieldError(pointer="/params/" + "/".join(map(str, one["loc"])), detail=one["msg"]) for one in error.errors()
        ]
        raise Problem(422, "invalid_request", "the changed parameters do not fit", errors=found) from error


def retry(session: Session, caller: Caller, now: datetime, job: Job, asked: Again) -> Job:
    """The new job."""
    check_quotas(session, caller, now, 1)
    wanted = asked.wanted
    from_checkpoint = wanted.start != "zero" and not wanted.params and job.checkpoint is not None
    new = derived(session, caller.tenant_id, now, job.kind, asked.document, asked.params, "")
    again = replace(
        new,
        priority=job.priority if wanted.priority is None else wanted.priority,
        labels=job.labels,
        webhook=job.webhook,
        retry_of=job.id,
        # The part before the checkpoint may be the work of other weights: never an answer for somebody else.
        cache_key=None if from_checkpoint else new.cache_key,
    )
    if not from_checkpoint:
        return jobs.submit(session, now, again)
    if segments.is_split(session, job.id):
        return segments.retry_failed(session, now, job, again)
    return jobs.resume(session, now, job, again)
