"""Finds the body on an outline drawing: the box of the top view whose extents are dimensioned, and the height of a side view."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from worker.datasheet.body import named_views, over_another, shared_sides, side_by_side
from worker.datasheet.body.edge_coverage import closed, sides_drawn
from worker.datasheet.body.found import Found, largest
from worker.datasheet.body.height import TopView, height
from worker.datasheet.drawing.dimensions import DimensionReading, DimensionSpan
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.scale import misfit, solve
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.thresholds.drawing import (
    BODY_DRAWN_LEAST,
    BODY_LEAST_PT,
    FOR_COST,
    LABEL_OFF,
    NOTCHED_LEAST,
    NOTCHED_PT,
    OUTLINE_CUT,
    OUTLINE_OPEN,
    OUTLINE_WHOLE,
    READINGS_MOST,
    REFERENCE_PART,
    SIDE_NAMED,
    SIDE_REACH,
    SIDE_REACH_PT,
    STRETCH_COST,
    STRETCH_LEAST,
    STRETCH_MOST,
    STRETCH_WORST,
    TAKEN_COST,
    VIEW_AT_SPAN,
    VIEWS_LEAST,
)

_LABEL = re.compile(r"\(?\d{1,3}\)?")


def from_drawing(drawing: Drawing, taken: set[int], *, of_lands: bool = False) -> Found | None:
    """The body seen from the top: the largest box whose sides are drawn and whose extents are dimensioned.

    A closed outline of that size goes before sides put together of strokes, which the tips of leads may form too. A side
    may have the number of another view, and one that the land pattern uses where `of_lands` says so.
    """
    lengths = [
        r for r in drawing.readings
        if r.quantity.kind == "length" and r.cost < VIEW_AT_SPAN and r.quantity.count in (None, 1)
    ]  # fmt: skip
    free = without_labels([r for r in lengths if id(r.quantity) not in taken])
    more = [_doubted(r) for r in without_labels(lengths) if id(r.quantity) in taken and not r.quantity.symbol]
    return _of_lengths(drawing, shared_sides.added(drawing, [*free, *more] if of_lands else free))


def _of_lengths(drawing: Drawing, lengths: list[DimensionReading]) -> Found | None:
    across = _likeliest([r for r in lengths if r.span.axis == 0])
    along = _likeliest([r for r in lengths if r.span.axis == 1])
    top, views = _from_top(drawing, across, along, lengths), side_by_side.with_leads(drawing, across, along)
    if views is not None and (top is None or _largest_view(views) > VIEWS_LEAST * _largest_view(top)):
        return views  # the front view was taken for the top one, or nothing was
    return top or side_by_side.without_leads(drawing, across, along)


def _doubted(reading: DimensionReading) -> DimensionReading:
    """A number of the land pattern, which may be one of the outline where that pattern is none; its letters are its own."""
    return replace(reading, cost=reading.cost + TAKEN_COST)


def _largest_view(found: Found) -> float:
    """The area of the largest of the views that are known."""
    *_, width, length = sorted(largest(q) for q in (*found.sides, *([found.height] if found.height else [])))
    return width * length


def _from_top(
    drawing: Drawing, across: list[DimensionReading], along: list[DimensionReading], lengths: list[DimensionReading]
) -> Found | None:
    """The largest box whose sides are drawn and whose extents are dimensioned, and the height across a side view."""
    best: tuple[float, Box, DimensionReading, DimensionReading] | None = None
    for x in across:
        for y in along:
            box = Box(x.span.start, y.span.start, x.span.end, y.span.end)
            if (
                min(box.width, box.height) < BODY_LEAST_PT
                or not _square_scale(x, y)
                or not _reachable(x.span, y.span, box)
            ):
                continue
            shut = closed(box, drawing)
            lettered = x.quantity.symbol or y.quantity.symbol
            blurred = drawing.sheet.raster and not lettered  # its extension lines run into the sides of the box
            drawn = 1.0 if shut and blurred else _drawn_part(box, drawing, (x.span, y.span))
            sure = _outlined(box, shut, drawn, drawing, (x.span, y.span))
            if sure == 0.0:
                continue
            size = largest(x.quantity) * largest(y.quantity) * FOR_COST ** (x.cost + y.cost) * sure
            size *= SIDE_NAMED if named_views.shows_side(box, drawing) else 1.0
            score = size * REFERENCE_PART ** (x.quantity.reference + y.quantity.reference) * _square(x, y)
            if best is None or score > best[0]:
                best = (score, box, x, y)
    if best is None:
        return None
    _, box, x, y = best
    front = over_another.with_leads(drawing, box, x, y, along)
    if front is not None:
        return front
    found = Found([x.quantity, y.quantity], how="dimensions of the outline drawing", across=(x.quantity, y.quantity))
    found.height = height(drawing, TopView(box, x, y), lengths)
    found.height_drawn = found.height is not None
    return found


def without_labels(readings: list[DimensionReading]) -> list[DimensionReading]:
    """Drops bare integers that fit no span on the scale of the other numbers: they count pins."""
    decimal = [r for r in readings if not _LABEL.fullmatch(r.quantity.printed)]
    scale = solve([r for r in decimal if r.cost < 1.0])
    if scale is None:
        return readings
    return decimal + [r for r in readings if _LABEL.fullmatch(r.quantity.printed) and misfit(r, scale) < LABEL_OFF]


def _likeliest(readings: list[DimensionReading]) -> list[DimensionReading]:
    """For every span the readings nearest to it; the numbers of parallel dimension lines stand close together."""
    by_span: dict[int, list[DimensionReading]] = {}
    for r in readings:
        by_span.setdefault(id(r.span), []).append(r)
    return [r for own in by_span.values() for r in sorted(own, key=lambda r: r.cost)[:4]][:READINGS_MOST]


def _reachable(x: DimensionSpan, y: DimensionSpan, box: Box) -> bool:
    """Whether both dimension lines stand beside or in the box they would measure."""
    reach = SIDE_REACH * max(box.width, box.height) + SIDE_REACH_PT
    return box.y0 - reach < x.at < box.y1 + reach and box.x0 - reach < y.at < box.x1 + reach


def _drawn_part(box: Box, drawing: Drawing, spans: tuple[DimensionSpan, DimensionSpan]) -> float:
    """How well a box is drawn; one side may be broken."""
    sides = sides_drawn(box, drawing, spans)
    return min(sides[1], sum(sides) / 4)


def _outlined(
    box: Box, closed: bool, drawn: float, drawing: Drawing, spans: tuple[DimensionSpan, DimensionSpan]
) -> float:
    """How surely a box is an outline, 0 for none: a closed shape, also with cut corners, a notched one, or strokes alone."""
    if closed and drawn > OUTLINE_WHOLE:
        return 1.0
    if closed and not drawing.sheet.raster:
        return OUTLINE_CUT
    if drawn < NOTCHED_LEAST and _notched(box, drawing, spans):
        return OUTLINE_CUT
    return OUTLINE_OPEN * drawn if drawn > BODY_DRAWN_LEAST else 0.0


def _notched(box: Box, drawing: Drawing, spans: tuple[DimensionSpan, DimensionSpan]) -> bool:
    """Whether a side is whole and the others at most broken by notches, as those of a module are."""
    whole = sides_drawn(box, drawing, spans)[3] > NOTCHED_LEAST
    return whole and sides_drawn(box, drawing, spans, NOTCHED_PT)[0] > NOTCHED_LEAST


def _stretch(x: DimensionReading, y: DimensionReading) -> float:
    """How many times larger the drawing is along x than along y by its two numbers."""
    return (x.span.length / x.quantity.target) / (y.span.length / y.quantity.target)


def _square_scale(x: DimensionReading, y: DimensionReading) -> bool:
    """Both numbers give about the same scale, or the drawing is stretched by no more than a third."""
    return STRETCH_LEAST < _stretch(x, y) < STRETCH_MOST


def _square(x: DimensionReading, y: DimensionReading) -> float:
    """1 where both numbers give the same scale, as most drawings do, less where one of them may be that of another line."""
    return max(1 - STRETCH_COST * abs(math.log(_stretch(x, y))), STRETCH_WORST)
