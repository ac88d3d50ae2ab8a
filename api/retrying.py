"""Doing a finished job again: from its checkpoint, or from zero with changed parameters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from api.auth import Caller
from api.errors import FieldError, Problem, field_problem
from api.requests import RetryRequest
from api.submission import check_quotas, named_assets
from db import inputs, jobs, segments
from db.kinds.registry import KINDS
from db.tables import TERMINAL, Job


def retry(session: Session, who: Caller, now: datetime, job: Job, wanted: RetryRequest) -> Job:
    """The new job. Raises 409 while the old one is at work, 422 for parameters that do not fit."""
    if job.state not in TERMINAL:
        raise Problem(409, "not_finished", f"the job is {job.state}; cancel it first")
    if wanted.params and wanted.start == "checkpoint":
        raise field_problem("/start", "changed parameters do not fit the checkpoint; start from zero")
    params = _changed(job, wanted.params)
    from_checkpoint = wanted.start != "zero" and not wanted.params
    check_quotas(session, who, now, 1)
    named = named_assets(session, who.tenant_id, params, "")
    if any(asset.state in inputs.UNVERIFIED for asset in named):
        raise field_problem("/params", "an asset that the parameters name is still being uploaded")
    again = jobs.retry(session, now, job, params, from_checkpoint=from_checkpoint)
    if from_checkpoint and segments.outcomes(session, job.id):
        segments.retry_failed(session, now, job, again)
    return session.get_one(Job, again.id, populate_existing=True)


def _changed(job: Job, changes: dict[str, Any] | None) -> dict[str, Any]:
    """The old parameters with the changes, checked like a new request."""
    if not changes:
        return job.params
    try:
        document = KINDS[job.kind].params.model_validate({**job.params, **changes})
    except ValidationError as error:
        found = [
            FieldError(pointer="/params/" + "/".join(map(str, one["loc"])), detail=one["msg"]) for one in error.errors()
        ]
        raise Problem(422, "invalid_request", "the changed parameters do not fit", errors=found) from error
    return document.model_dump(mode="json")
