"""The body from its front view and the side view beside it: they share the height."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from worker.datasheet.body.edge_coverage import covered
from worker.datasheet.body.found import Found, largest
from worker.datasheet.drawing.dimensions import DimensionReading
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.thresholds.drawing import (
    BODY_EDGE_PT,
    BODY_EDGE_RASTER_PT,
    FACE_FEET,
    FACE_LEAST_PT,
    FACE_LEVEL,
    FACE_SIDE,
    FACE_STRETCH,
    FACE_WHOLE,
    FOR_COST,
    LEAD_CORNER_PT,
    LEAD_LEAST_PT,
    REFERENCE_PART,
    SIDE_VIEW_REACH_PT,
)

HOW = "front view and side view"
Pair = tuple[DimensionReading, DimensionReading, DimensionReading]  # of one view, of the other, of the side they share


def with_leads(drawing: Drawing, across: list[DimensionReading], along: list[DimensionReading]) -> Found | None:
    """The largest two views side by side with leads below both and none above: what they share is the height.

    `across` and `along` are readings along x and y. A top view and a side view share a side too, but no leads run down
    from both.
    """
    pairs = _pairs(drawing, across, along, FACE_WHOLE)
    views = [p for p in pairs if all(leads_below(_box(x, p[2]), drawing) for x in p[:2])]
    if not views:
        return None
    a, b, tall = max([p for p in views if not _twice(p)] or views, key=_size)
    return Found([a.quantity, b.quantity], tall.quantity, how=HOW)


def without_leads(drawing: Drawing, across: list[DimensionReading], along: list[DimensionReading]) -> Found | None:
    """The largest two views side by side; what they share may be any side, and the least of the three is the height."""
    views = list(_pairs(drawing, across, along, FACE_SIDE))
    if not views:
        return None
    least, *sides = sorted((r.quantity for r in max(views, key=_size)), key=largest)
    return Found(sides, least, how=HOW)


def _pairs(
    drawing: Drawing, across: list[DimensionReading], along: list[DimensionReading], drawn: float
) -> Iterator[Pair]:
    """Two views of one scale of which a number each and one in common measure the sides; `drawn` is the part of their sides."""
    for tall in along:
        faces = [x for x in across if _is_face(_box(x, tall), x, drawing, drawn)]
        yield from (
            (a, b, tall) for a, b in product(faces, faces) if a.span.end < b.span.start and _one_scale(a, b, tall)
        )


def _twice(pair: Pair) -> bool:
    """Whether both views say the same size, as the front views of two variants beside each other do."""
    return pair[0].quantity.target == pair[1].quantity.target


def _one_scale(*readings: DimensionReading) -> bool:
    scales = [r.span.length / r.quantity.target for r in readings]
    return max(scales) < FACE_STRETCH * min(scales)


def _size(pair: Pair) -> float:
    """How large the part is, less for numbers far from their lines and for those in brackets beside others."""
    size = 1.0
    for r in pair:
        size *= largest(r.quantity) * FOR_COST**r.cost * (REFERENCE_PART if r.quantity.reference else 1.0)
    return size


def _box(x: DimensionReading, y: DimensionReading) -> Box:
    return Box(x.span.start, y.span.start, x.span.end, y.span.end)


def _is_face(box: Box, x: DimensionReading, drawing: Drawing, drawn: float) -> bool:
    """Whether a box is drawn: most of its level sides and so much of the upright ones, its dimension line over or under it.

    A part that stands on feet has its lower side a little over their ends.
    """
    if min(box.width, box.height) < FACE_LEAST_PT or not _near(x.span.at, box):
        return False
    slack = BODY_EDGE_RASTER_PT if drawing.sheet.raster else BODY_EDGE_PT
    feet = FACE_FEET * box.height
    level = [
        covered(drawing.grid.near(0, at, reach), box.x0, box.x1)
        for at, reach in ((box.y0, slack), (box.y1 - feet / 2, slack + feet / 2))
    ]
    upright = [covered(drawing.grid.near(1, at, slack), box.y0, box.y1) for at in (box.x0, box.x1)]
    return min(level) > FACE_LEVEL and min(upright) > drawn


def _near(at: float, box: Box) -> bool:
    return box.y0 - SIDE_VIEW_REACH_PT < at < box.y1 + SIDE_VIEW_REACH_PT


def leads_below(box: Box, drawing: Drawing) -> bool:
    """Whether leads run down from a view and none up."""
    return _leads(box, box.y1, 1, drawing) and not _leads(box, box.y0, -1, drawing)


def _leads(box: Box, at: float, way: int, drawing: Drawing) -> bool:
    """Whether two upright strokes begin at a level side and leave the box; extension lines stand at its ends."""
    rows = drawing.grid.rows[1]
    inner = rows[(rows[:, 0] > box.x0 + LEAD_CORNER_PT) & (rows[:, 0] < box.x1 - LEAD_CORNER_PT)]
    near, far = (inner[:, 1], inner[:, 2]) if way > 0 else (inner[:, 2], inner[:, 1])
    feet = FACE_FEET * box.height  # leads of flat parts begin a little within the view
    found = (
        (way * (near - at) < BODY_EDGE_PT)
        & (way * (near - at) > -BODY_EDGE_PT - feet)
        & (way * (far - at) > LEAD_LEAST_PT)
    )
    return int(found.sum()) > 1
