"""A datasheet's result for its page: corrected values, their evidence, and what the drawings need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from api.dashboard.views.review_view import ReviewItem, Spot, review_items
from api.deps import Services
from api.submission import corrected
from db.documents.event_types import EventType
from db.documents.footprint.courtyard import Rect, body_rect
from db.documents.footprint.overlay import PagePicture
from db.jobs import corrections, jobs
from db.schema.tables import Job, JobEvent, JobFile
from db.schema.tables_dashboard import Correction

LIMITS = ("min", "nom", "max")
PAD_FIELDS = ("number", "x", "y", "w", "h", "rotation")
SHOWN_PAD_FIELDS = ("x", "y", "w", "h", "rotation", "shape", "type", "drill", "corner_radius", "role", "number")


@dataclass(frozen=True)
class Line:
    """One quantity of the value table."""

    label: str
    field: str
    value: dict[str, Any]
    reasons: list[str]
    edited: Correction | None


@dataclass(frozen=True)
class PadLine:
    """One pad of the pad table."""

    index: int
    field: str
    pad: dict[str, Any]
    edited: Correction | None


@dataclass(frozen=True)
class DatasheetPageData:
    """Everything the page of a datasheet job shows."""

    result: dict[str, Any]
    body: Rect | None
    pages: list[PagePicture]
    lines: list[Line]
    pads: list[PadLine]
    made: list[Correction]
    review_items: list[ReviewItem]

    @property
    def land(self) -> dict[str, Any]:
        return self.result.get("land_pattern") or {}

    def drawing(self, base: str) -> dict[str, Any]:
        """What the page view and the footprint draw."""
        return {
            "pages": [
                {"number": one.number, "w": one.width_pt, "h": one.height_pt, "url": f"{base}/page/{one.number}.png"}
                for one in self.pages
            ],
            "pads": [{"i": one.index, **{name: one.pad.get(name) for name in SHOWN_PAD_FIELDS}} for one in self.pads],
            "evidence": list(_evidence(self.lines, self.pads, self.land)),
            "land": {name: self.land.get(name) for name in ("page", "origin", "points_per_mm", "turn_deg", "view")},
            "courtyard": self.result.get("courtyard"),
            "body": self.body and [self.body.x1 - self.body.x0, self.body.y1 - self.body.y0],
        }


@dataclass(frozen=True)
class Asked:
    """The package that was asked for, those the document has, and whether the wrong one may have been read; and the
    pages that may be read instead."""

    package: str
    seen: list[str]
    unconfirmed: bool
    is_document: bool  # not images of one drawing each, which have no other page
    thumbnails: list[int]
    page_count: int | None


def asked(services: Services, job: Job, events: Sequence[JobEvent], stored: Sequence[JobFile]) -> Asked:
    """Of an ended job, with or without a result; the event of a failure names the packages that the document has."""
    result = job.result or {}
    seen = [one["name"] for one in result.get("variants", [])] or _packages(events)
    unconfirmed = job.failure is not None or any(one["field"] == "package" for one in result.get("needs_review", []))
    small = [one.number for one in corrected.thumbnails(services, stored)]
    is_document = job.params.get("document") is not None and result.get("page_count") != 1
    package, seen = job.params.get("package") or "", list(dict.fromkeys(seen))
    return Asked(package, seen, unconfirmed, is_document, small, result.get("page_count"))


def _packages(events: Sequence[JobEvent]) -> list[str]:
    failed = [event.data.get("details", {}) for event in events if event.type == EventType.JOB_FAILED]
    return list(failed[-1].get("packages", [])) if failed else []


def gather(session: Session, services: Services, job: Job) -> DatasheetPageData | None:
    """The sheet of a finished job, with the corrections put in."""
    if job.result is None:
        return None
    made = corrections.of_job(session, job.id)
    document = corrected.result(job, made)
    result = document.model_dump(mode="json")
    last = {one.field: one for one in made}
    lines, pages = list(_lines(result, last)), corrected.pictures(services, jobs.files(session, job.id))
    return DatasheetPageData(
        result=result,
        body=body_rect(document),
        pages=pages,
        lines=lines,
        pads=list(_pads(result, last)),
        made=made[::-1],
        review_items=review_items(document, list(_printed(result, lines)), {one.number for one in pages}),
    )


def _printed(result: dict[str, Any], lines: list[Line]) -> Iterator[Spot]:
    """The numbers that stand on a page: those of the table, then those of the land pattern's drawing."""
    found = [(line.field, line.label, line.value) for line in lines]
    drawn = enumerate((result.get("land_pattern") or {}).get("dimensions", []))
    found += [(f"land_pattern.dimensions[{index}]", f"Land {one['measures']}", one["value"]) for index, one in drawn]
    for field, label, value in found:
        if value.get("page") and value.get("box"):
            yield Spot(field, label, f"field:{field}", value["page"], tuple(value["box"]))


def _lines(result: dict[str, Any], last: dict[str, Correction]) -> Iterator[Line]:
    reasons: dict[str, list[str]] = {}
    for one in result.get("needs_review", []):
        reasons.setdefault(one["field"], []).append(one["reason"])
    for label, field in _quantities(result):
        value = corrections.read(result, field)
        edited = next((last[f"{field}.{name}"] for name in LIMITS if f"{field}.{name}" in last), None)
        yield Line(label, field, value, reasons.get(field, []), edited)


def _quantities(result: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in result.get("body", {}):
        yield f"Body {name}", f"body.{name}"
    for name in result.get("overall", {}):
        yield f"Overall {name}", f"overall.{name}"
    for name, value in result.get("terminals", {}).items():
        if isinstance(value, dict) and value.get("status") != "not_stated":
            yield f"Terminal {name.replace('_', ' ')}", f"terminals.{name}"
    for name in result.get("exposed_pad", {}):
        yield f"Exposed pad {name}", f"exposed_pad.{name}"
    if (result.get("land_pattern") or {}).get("pitch", {}).get("status", "not_stated") != "not_stated":
        yield "Land pitch", "land_pattern.pitch"
    for index, one in enumerate(result.get("dimensions", [])):
        yield str(one["measures"]), f"dimensions[{index}].value"


def _pads(result: dict[str, Any], last: dict[str, Correction]) -> Iterator[PadLine]:
    for index, pad in enumerate((result.get("land_pattern") or {}).get("pads", [])):
        field = f"land_pattern.pads[{index}]"
        edited = next((last[f"{field}.{name}"] for name in PAD_FIELDS if f"{field}.{name}" in last), None)
        yield PadLine(index, field, pad, edited)


def _evidence(lines: list[Line], pads: list[PadLine], land: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each printed number once, with the rows, equations and pads that rest on it."""
    found: dict[tuple[int, tuple[float, ...]], dict[str, Any]] = {}
    cited = [(f"field:{line.field}", line.value) for line in lines]
    printed = enumerate(land.get("dimensions", []))
    cited += [(f"field:land_pattern.dimensions[{index}]", one["value"]) for index, one in printed]
    cited += [(f"pad:{one.index}", evidence) for one in pads for evidence in one.pad.get("evidence", [])]
    for key, place in cited:
        if place.get("page") is None or place.get("box") is None:
            continue
        at = (place["page"], tuple(place["box"]))
        entry = found.setdefault(at, {"page": at[0], "box": at[1], "printed": place.get("printed") or "", "keys": []})
        entry["keys"].append(key)
    yield from found.values()
