"""Numbers for sizes that the dimensions of a pattern leave open: from a detail, or from a dimension that misses an edge."""

from __future__ import annotations

from worker.datasheet.drawing.dimensions import DimensionReading
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.land.solver import Fit
from worker.datasheet.land.variables import Model, Row
from worker.datasheet.thresholds.land import (
    COUNTED_OFF,
    DETAIL_MISFIT_COST,
    DETAIL_OFF,
    LAND_END_PT,
    ONE_ENDED_OFF,
    RING_LARGER,
    RINGS_APART_PT,
)


def from_details(solved: Fit, model: Model, drawing: Drawing) -> list[tuple[DimensionReading, Row]]:
    """Numbers of a detail figure for sizes that the pattern itself leaves open: across a shape, and near the drawn size."""
    used = {id(r.quantity) for r in solved.used + solved.refused}
    toleranced = any(r.quantity.low is not None and r.quantity.high is not None for r in solved.used)
    found: list[tuple[DimensionReading, Row]] = []
    for variable in sorted({v for s in model.size for v in s}):
        size = float(solved.values[variable])
        if solved.settled[variable] or size <= 0:
            continue
        near = [
            r for r in drawing.readings
            if id(r.quantity) not in used and abs(r.quantity.target / size - 1) < DETAIL_OFF
            and r.quantity.kind == "length" and (toleranced or r.quantity.low is None or r.quantity.high is None)
            and _across_detail(r, variable, model, drawing)
        ]  # fmt: skip
        if near:
            found.append(
                (
                    min(near, key=lambda r: r.cost + DETAIL_MISFIT_COST * abs(r.quantity.target / size - 1)),
                    {variable: 1.0},
                )
            )
    return found


def _across_detail(reading: DimensionReading, variable: int, model: Model, drawing: Drawing) -> bool:
    """Whether a span measures a shape of the pad's proportions that stands apart, not within an outline."""
    span = reading.span
    proportions = [model.start[w] / model.start[h] for w, h in model.size if variable in (w, h)]
    for shape in drawing.shapes:
        box = shape.box
        low, high = (box.x0, box.x1) if span.axis == 0 else (box.y0, box.y1)
        if abs(low - span.start) > LAND_END_PT or abs(high - span.end) > LAND_END_PT:
            continue
        alike = any(abs(box.width / box.height / p - 1) < DETAIL_OFF for p in proportions)
        if alike and not any(_outline_of(o.box, box) for o in drawing.shapes):
            return True
    return False


def _outline_of(outer: Box, inner: Box) -> bool:
    """Whether a box holds another one that is no middle of it, as the opening of a mask holds its pad."""
    off = abs(outer.cx - inner.cx) + abs(outer.cy - inner.cy)
    return outer.holds(inner, RINGS_APART_PT) and outer.area > RING_LARGER * inner.area and off > LAND_END_PT


def one_ended(solved: Fit, model: Model, near: list[DimensionReading]) -> list[tuple[DimensionReading, Row]]:
    """Numbers that say the very size a pad is drawn with, of dimensions of which only one end is at an edge of it."""
    used = {id(r.quantity) for r in solved.used + solved.refused}
    found: list[tuple[DimensionReading, Row]] = []
    for variable in sorted({v for s in model.size for v in s}):
        if solved.settled[variable]:
            continue
        size = float(solved.values[variable])
        fits = [
            r for r in near
            if id(r.quantity) not in used and r.quantity.kind == "length"
            and abs(r.quantity.target / size - 1) < ONE_ENDED_OFF and _at_one_edge(r, variable, model)
        ]  # fmt: skip
        if fits:
            found.append((min(fits, key=lambda r: r.cost), {variable: 1.0}))
    return found


def _at_one_edge(reading: DimensionReading, variable: int, model: Model) -> bool:
    """Whether one end of a span is at an edge of a pad of this size and the other one at no line of the pattern."""
    span, lines = reading.span, model.features[reading.span.axis]
    ends = [[f for f in lines if abs(f.at - at) <= model.slack] for at in (span.start, span.end)]
    edges = [any(abs(factor) == 0.5 and v == variable for f in own for v, factor in f.row[1:]) for own in ends]
    return (edges[0] and not ends[1]) or (edges[1] and not ends[0])


def by_count(solved: Fit, model: Model) -> list[tuple[DimensionReading, Row]]:
    """The number of a size with a printed count for as many pads of another shape as the count says, drawn about so large."""
    found: list[tuple[DimensionReading, Row]] = []
    for reading, row in solved.rows:
        told = [v for v, factor in row.items() if abs(factor) == 1.0 and len(row) == 1 and _users(model, v)]
        if not told or not reading.quantity.count:
            continue
        axis, size = model.axis[told[0]], model.start[told[0]]
        open_ones = {
            s[axis] for s in model.size
            if not solved.settled[s[axis]] and abs(model.start[s[axis]] / size - 1) < COUNTED_OFF
        }  # fmt: skip
        if _users(model, told[0]) + sum(_users(model, v) for v in open_ones) == reading.quantity.count:
            found += [(reading, {v: 1.0}) for v in sorted(open_ones)]
    return found


def _users(model: Model, variable: int) -> int:
    """How many pads have a size."""
    return sum(variable in s for s in model.size)
