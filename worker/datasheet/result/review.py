"""Says what a person should look at before trusting a result: the one place that writes reviews."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from db.documents.kinds.datasheet import LandPattern, Review
from worker.datasheet.body.found import Found
from worker.datasheet.drawing import variations
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.land import holes
from worker.datasheet.land.outline_labels import Label
from worker.datasheet.land.pads import Solved
from worker.datasheet.search.page_search import Search
from worker.datasheet.thresholds.result import LABELED_CORNERS, LABELED_RUN

_PINS = re.compile(
    r"(?:(?:SOT-?\d+|SC-?\d+)-|(?:QFN|DFN|SON|SOIC|SOP|QFP|DIP|BGA|CSP|LGA|LCC)[A-Z]{0,2}-?)(\d{1,3})(?!\d|\.|-\d|\s*[xX×])",
    re.IGNORECASE,
)
_UNNAMED = Review(field="package", reason="the asked package is not named on the drawing page")


def of_land(land: LandPattern, best: Solved, certain: bool) -> list[Review]:
    """A review entry for each reason; `certain` says whether the numbering is."""
    reasons = [
        *([] if certain else [("land_pattern.pads.number", f"pad numbers are not all printed: {land.numbering.note}")]),
        *_of_pads(land, best),
        *_of_drawing(land, best),
    ]
    return [Review(field=field, reason=reason) for field, reason in reasons]


def of_reading(
    body: Found,
    outlines: list[Drawing],
    search: Search,
    of_land: list[Review],
    reasons: Iterable[str],
    status: str,
) -> list[Review]:
    """Everything to look at in what the vector reader read, in the order of the document; `of_land` is from `of_land`."""
    land = (("land_pattern", reason) for reason in (*reasons, *_of_status(status, search)))
    return [
        *(Review(field=field, reason=reason) for field, reason in _of_body(body, outlines)),
        *([] if search.matched else [_UNNAMED]),
        *of_land,
        *(Review(field=field, reason=reason) for field, reason in land),
    ]


def _of_body(found: Found, outlines: list[Drawing]) -> Iterator[tuple[str, str]]:
    if len(found.sides) < 2:
        yield "body", "length and width were not both found on the outline page"
    if found.height is None:
        yield "body.height", "no height was found on the outline page"
    yield from (("body", reason) for reason in (*found.review_reasons, *variations.review_reasons(outlines)))


def _of_status(status: str, search: Search) -> Iterator[str]:
    if status == "not_read":
        title = search.land_title()
        under = (
            f' under "{title[0]}" on page {title[1]}' if title else f" on page {search.land[0]}" if search.land else ""
        )
        yield f"a land pattern is drawn{under}, but its dimensions could not be read"
    if status == "not_in_document":
        yield "no page that names or draws a land pattern was found"


def pins_of(package: str | None) -> int | None:
    """The number of terminals that a package name tells."""
    named = _PINS.search(package or "")
    return int(named[1]) if named else None


def pins(labels: Iterable[Label], package: str | None) -> int | None:
    """How many pins the part has by the labels of its outline or by its name, None where neither tells.

    A pattern with fewer pads lacks one that was not seen, and the numbers after it are wrong.
    """
    told = {label.number for label in labels}
    return max(max(told) if _count_pins(told) else 0, pins_of(package) or 0) or None


def _count_pins(labels: set[int]) -> bool:
    """Whether labels are nearly a whole run from 1, or those of the corners of two or four rows."""
    if not labels:
        return False
    last = max(labels)
    half, quarter = last // 2, last // 4
    corners = {1, last, half, half + 1, quarter, quarter + 1, half + quarter, half + quarter + 1}
    return len(labels) >= LABELED_RUN * last or (len(labels) >= LABELED_CORNERS and labels <= corners)


def _of_pads(land: LandPattern, best: Solved) -> Iterator[tuple[str, str]]:
    if any(p.status == "assumed" for p in land.pads):
        yield "land_pattern.pads", "some positions follow from the drawn scale, not from printed numbers"
    own = [p.number for p in land.pads if p.shape == "custom"]
    if own:
        which = (
            f"pad {own[0]} is not a rectangle" if len(own) == 1 else f"pads {', '.join(own[:12])} are not rectangles"
        )
        yield "land_pattern.pads", f"{which}; the footprint has a rectangle around {'it' if len(own) == 1 else 'each'}"
    shapes = best.pattern.pads
    unsized = [i for i in range(len(shapes)) if not best.settled(i)[1] and not holes.is_round(shapes[i])]
    if unsized:
        drawn = sorted({"{:.3g} x {:.3g}".format(*best.size(i)) for i in unsized})
        yield "land_pattern.pads", f"some sizes are not printed; drawn as {', '.join(drawn)} mm"


def _of_drawing(land: LandPattern, best: Solved) -> Iterator[tuple[str, str]]:
    loose = [d for d in land.dimensions if not d.held and d.ends is None]  # the others are equations that do not hold
    if loose:
        printed = ", ".join(d.value.printed or "" for d in loose[:6])
        yield "land_pattern.dimensions", f"printed numbers that the solved pattern does not keep: {printed}"
    if land.to_scale is False:
        yield "land_pattern", "the drawing is not to scale"
    if best.drawing.sheet.raster:
        yield "land_pattern", "read from pixels"
    yield from (("land_pattern", note) for note in best.notes)
