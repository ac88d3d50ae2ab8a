"""What is particular to datasheet jobs: page pictures, corrections, and files that hold them."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from api.dashboard import kicad_changes
from api.dashboard.datasheet_view import LIMITS, PAD_FIELDS
from api.dashboard.job_page import OwnJob
from api.dashboard.media import SAFE
from api.dashboard.overlay_pages import pictures
from api.dashboard.people import Operator, Posted
from api.dashboard.rendering import PageRoute, back
from api.deps import Kept, Services, now
from api.errors import NotFound, Problem, field_problem
from db import audit, corrections, jobs
from db.corrections import NoSuchField
from db.kinds.datasheet import DatasheetResult
from db.tables import Job

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix="/jobs/{job_id}")
VALUE = re.compile(
    r"(body|overall|terminals|exposed_pad)\.[a-z_]{1,40}|dimensions\[\d{1,4}\]\.value|land_pattern\.pitch"
)
PAD = re.compile(r"land_pattern\.pads\[\d{1,5}\]")


@router.get("/page/{number}.png")
def page_picture(kept: Kept, job: OwnJob, number: int) -> Response:
    """The picture of a page."""
    return picture(kept, job, number)


@router.post("/correct")
def correct(request: Request, kept: Kept, who: Operator, job: OwnJob, form: Posted) -> Response:
    """Correct or accept values of the result; who did it, and when, is kept."""
    field = str(form.get("field", ""))
    if job.result is None:
        raise Problem(409, "no_result", "the job has no result yet")
    at = now()
    with kept.database.write() as session:
        present = corrections.apply(job.result, corrections.of_job(session, job.id))
        for path, value in _wanted(form, field).items():
            before = _read(present, path)
            if form.get("accept") or value != before:
                kept_value = before if form.get("accept") else value
                corrections.record(session, at, job.id, path, before, kept_value, who.name)
        _check(corrections.apply(job.result, corrections.of_job(session, job.id)))
        subject = f"job {job.id}"
        audit.note(
            session, at, who.tenant_id, actor=who.caller.actor, action="job.correct", subject=subject, detail=field
        )
    return back(request, f"/jobs/{job.id}", "saved")


@router.get("/export/{name}")
def export(kept: Kept, job: OwnJob, name: str) -> Response:
    """The result document and the footprint with the corrections put in."""
    return exported(kept, job, name)


def picture(kept: Services, job: Job, number: int) -> Response:
    with kept.database.read() as session:
        files = jobs.files(session, job.id)
    found = next((one for one in pictures(kept, files) if one.number == number), None)
    if found is None:
        raise NotFound("page")
    return Response(found.png, media_type="image/png", headers=SAFE)


def exported(kept: Services, job: Job, name: str) -> Response:
    with kept.database.read() as session:
        made = corrections.of_job(session, job.id)
        files = jobs.files(session, job.id)
    file = next((one for one in files if one.name == name and one.name.endswith((".json", ".kicad_mod"))), None)
    if file is None or job.result is None:
        raise NotFound("file")
    result = corrections.apply(job.result, made)
    if name.endswith(".json"):
        text = json.dumps(result, ensure_ascii=False, indent=1)
    else:
        with kept.objects.open_range(file.object_key) as body:
            written = b"".join(body).decode()
        text = kicad_changes.apply(written, _pads(job.result), _pads(result))
    headers = {**SAFE, "Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{_safe(name)}"'}
    return Response(text, media_type=file.media_type, headers=headers)


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


def _check(result: dict[str, Any]) -> None:
    try:
        DatasheetResult.model_validate(result)
    except ValidationError as error:
        raise field_problem("/field", error.errors()[0]["msg"]) from error


def _pads(result: dict[str, Any]) -> list[dict[str, Any]]:
    return list((result.get("land_pattern") or {}).get("pads", []))


def _safe(name: str) -> str:
    return "".join(mark if mark.isalnum() or mark in "._-" else "_" for mark in name)
