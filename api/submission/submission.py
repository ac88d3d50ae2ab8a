"""From a validated request to a row: inputs checked, inline bytes stored, cached results found."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth import Caller
from api.deps import Services
from api.documents.requests import JobRequest
from api.errors import field_problem
from api.submission.derived import derived, media_inputs, twin_of
from api.submission.received import Named, keep
from db.assets import sniff
from db.assets.assets import Verified
from db.documents import search_query
from db.documents.kinds.base import Document
from db.documents.search_query import BadQuery
from db.jobs import jobs, quotas
from db.schema.tables import Job


@dataclass(frozen=True)
class Prepared:
    """A request whose inline bytes lie in the store; `at` points to it in the body."""

    request: JobRequest
    params: dict[str, Any]
    at: str


def prepare(services: Services, caller: Caller, now: datetime, request: JobRequest, at: str = "") -> Prepared:
    """The request with its inline inputs stored."""
    return Prepared(request, stored_params(services, caller, now, request.params, at), at)


def stored_params(
    services: Services, caller: Caller, now: datetime, document: Document, at: str = ""
) -> dict[str, Any]:
    """The parameters as a row keeps them: inline inputs become assets, so that it stays small whatever it refers to.

    Raises a 422 problem for a bucket that is not registered and for bytes of no known format.
    """
    params = document.model_dump(mode="json")
    for number, rule in enumerate(params.get("alerts", ())):
        _check_words(rule["match"], f"{at}/params/alerts/{number}/match")
    for place in media_inputs(params):
        if place["s3"] is not None and place["s3"]["bucket"] not in services.settings.s3_input_buckets:
            raise field_problem(f"{at}/params", f"the bucket {place['s3']['bucket']} is not registered for inputs")
        if place["base64"] is not None:
            place |= {"asset_id": str(_store_inline(services, caller, now, place["base64"], at)), "base64": None}
    return params


def _check_words(written: str | None, at: str) -> None:
    try:
        if written is not None:
            search_query.parse(written)
    except BadQuery as error:
        raise field_problem(at, str(error)) from error


def submit(session: Session, caller: Caller, now: datetime, ready: Prepared) -> Job:
    """Make the row, or take over the result of an equal job."""
    request = ready.request
    new = replace(
        derived(session, caller.tenant_id, now, request.kind, request.params, ready.params, ready.at),
        priority=request.priority,
        labels=dict(request.labels),
        webhook=request.webhook.model_dump(mode="json") if request.webhook else None,
    )
    twin = twin_of(session, now, new) if request.cache == "use" else None
    if twin is not None:
        return jobs.submit_cached(session, now, new, twin)
    return jobs.submit(session, now, new)


def check_quotas(session: Session, caller: Caller, now: datetime, count: int) -> None:
    """Raise QuotaExceeded unless that many jobs may be submitted."""
    quotas.check_submit(session, now, caller.tenant, count)


def _store_inline(services: Services, caller: Caller, now: datetime, text: str, at: str) -> UUID:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:  # what is no ASCII raises no binascii.Error
        raise field_problem(f"{at}/params", "this is not base64") from error
    found = Verified(len(data), hashlib.sha256(data).hexdigest(), sniff.sniff(data[: sniff.HEAD_BYTES]))
    if found.sniffed_type in (None, sniff.PLAYLIST, sniff.PLAIN_TEXT):
        raise field_problem(f"{at}/params", "the inline bytes do not begin like any known format", "unknown_format")
    media_type = found.sniffed_type or "application/octet-stream"
    named = Named("inline", media_type)
    return keep(services, caller, now, named, found, lambda key: services.objects.put(key, data, media_type)).id
