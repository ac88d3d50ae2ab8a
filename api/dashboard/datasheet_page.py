"""Correcting and accepting values of a datasheet's result, and reading it again for another package."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from api.dashboard.job_page import OwnJob
from api.dashboard.people import Operator, Person, Posted, text
from api.dashboard.rendering import PageRoute, back
from api.dashboard.views.datasheet_view import LIMITS, PAD_FIELDS
from api.deps import Services, ServicesDep, now
from api.documents.requests import RetryRequest
from api.errors import Problem, field_problem
from api.submission import corrected
from api.submission.retrying import prepare_retry, retry
from db.access import audit
from db.jobs import corrections
from db.jobs.corrections import NoSuchField
from db.schema.tables import Job
from db.schema.tables_dashboard import Correction

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix="/jobs/{job_id}")
VALUE = re.compile(
    r"(body|overall|terminals|exposed_pad)\.[a-z_]{1,40}|dimensions\[\d{1,4}\]\.value|land_pattern\.pitch"
)
PAGE_FIELDS = ("land_page", "mechanical_page")
PAD = re.compile(r"land_pattern\.pads\[\d{1,5}\]")


@router.post("/correct")
def correct(request: Request, services: ServicesDep, person: Operator, job: OwnJob, form: Posted) -> Response:
    """Correct or accept values of the result; who did it, and when, is kept."""
    field = str(form.get("field", ""))
    if job.result is None:
        raise Problem(409, "no_result", "the job has no result yet")
    at = now()
    with services.database.write() as session:
        present = corrections.apply(job.result, corrections.of_job(session, job.id))
        for path, value in _wanted(form, field).items():
            before = _read(present, path)
            if form.get("accept") or value != before:
                kept_value = before if form.get("accept") else value
                corrections.record(session, at, job.id, path, before, kept_value, person.name)
        _check(job, corrections.of_job(session, job.id))
        subject = f"job {job.id}"
        audit.note(
            session,
            at,
            person.tenant_id,
            actor=person.caller.actor,
            action="job.correct",
            subject=subject,
            detail=field,
        )
    return back(request, f"/jobs/{job.id}", "saved")


@router.post("/package")
def other_package(request: Request, services: ServicesDep, person: Operator, job: OwnJob, form: Posted) -> Response:
    """Read the document again for another package than the one that was asked for."""
    return _again(request, services, person, job, {"package": text(form, "package", 200).strip() or None})


@router.post("/pages")
def other_page(request: Request, services: ServicesDep, person: Operator, job: OwnJob, form: Posted) -> Response:
    """Read the document again with the outline or the land pattern on another page."""
    field, number = text(form, "field"), text(form, "page", 6)
    if field not in PAGE_FIELDS or not number.isdecimal() or int(number) < 1:
        raise field_problem("/page", "choose a page, and what is drawn there")
    return _again(request, services, person, job, {field: int(number)})


def _again(request: Request, services: Services, person: Person, job: Job, params: dict[str, Any]) -> Response:
    """A new job with changed parameters; what was read stays what was read."""
    at = now()
    asked = prepare_retry(services, person.caller, at, job, RetryRequest(start="zero", params=params))
    with services.database.write() as session:
        again = retry(session, person.caller, at, job, asked)
    return back(request, f"/jobs/{again.id}", "retried")


def _wanted(form: FormData, field: str) -> dict[str, Any]:
    """The fields of the form as paths and values. Raises a 422 problem."""
    names = LIMITS if VALUE.fullmatch(field) else PAD_FIELDS if PAD.fullmatch(field) else ()
    if not names:
        raise field_problem("/field", "this cannot be corrected")
    return {f"{field}.{name}": _value(name, str(form[name])) for name in names if name in form}


def _value(name: str, text: str) -> Any:
    text = text.strip()
    if name == "number":
        return text[:200]
    if not text:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError as error:
        raise field_problem(f"/{name}", "this is not a number") from error
    if not math.isfinite(value):
        raise field_problem(f"/{name}", "this is not a number")
    return value


def _read(document: dict[str, Any], path: str) -> Any:
    try:
        return corrections.read(document, path)
    except NoSuchField as error:
        raise field_problem("/field", "the result has no such field") from error


def _check(job: Job, made: Sequence[Correction]) -> None:
    """Raises a 422 problem for values that fit no result."""
    try:
        corrected.result(job, made)
    except ValidationError as error:
        raise field_problem("/field", error.errors()[0]["msg"]) from error
