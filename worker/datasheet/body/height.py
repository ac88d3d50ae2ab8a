"""The height of the body: a dimension across a side view that is in line with the top view, or has one of its sides."""

from __future__ import annotations

from dataclasses import dataclass

from worker.datasheet.body.edge_coverage import covered
from worker.datasheet.body.found import largest
from worker.datasheet.drawing.dimensions import DimensionReading, DimensionSpan
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.scale import misfit, solve
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.text.quantities import Quantity
from worker.datasheet.thresholds.drawing import (
    BESIDE_VIEW_PT,
    FOR_COST,
    HEIGHT_MOST,
    HEIGHT_OFF,
    NUMBER_ASTRAY,
    REFERENCE_PART,
    SAME_VIEW,
    SIDE_VIEW_ALIKE,
    SIDE_VIEW_DRAWN,
    SIDE_VIEW_LID,
    SIDE_VIEW_OFF,
    SIDE_VIEW_PT,
    SIDE_VIEW_REACH_PT,
    WITHIN_VIEW_PT,
)


@dataclass(frozen=True, slots=True)
class TopView:
    """The body seen from the top and the readings of its sides along x and y."""

    box: Box
    x: DimensionReading
    y: DimensionReading


def height(drawing: Drawing, top: TopView, lengths: list[DimensionReading]) -> Quantity | None:
    """The largest uncounted number across a drawn side view; else across what may be one."""
    scale = solve([r for r in lengths if r.cost < 1.0])
    views = _views(drawing, top.box)
    best: tuple[tuple[bool, float], DimensionReading] | None = None
    longest = max(largest(side.quantity) for side in (top.x, top.y))
    for r in _candidates(drawing, top, lengths, views):
        off = 0.0 if scale is None else min(misfit(r, scale), 1.0)
        whole = any(_third(r.span, v, top.box) for v in views)  # which may be drawn thicker than it is
        seen = 1.0 if whole else _seen(r.span, top.box, views, drawing)
        flat = largest(r.quantity) <= longest  # a part that stands is believed where its whole side view is seen
        drawn = whole or (flat and off < SIDE_VIEW_OFF and seen > SIDE_VIEW_DRAWN)
        size = largest(r.quantity) * (FOR_COST**r.cost) * (1 - HEIGHT_OFF * off)
        size *= (
            REFERENCE_PART if r.quantity.limit == "REF" else 1.0
        )  # follows from others, as the part over the standoff
        score = drawn, size * seen if drawn else size
        if best is None or score > best[0]:
            best = (score, r)
    return best[1].quantity if best else None


def _candidates(
    drawing: Drawing, top: TopView, lengths: list[DimensionReading], views: list[Box]
) -> list[DimensionReading]:
    """Readings that may be across a side view: none of a side of the body, nor within another full view of it."""
    drawn = [s.box for s in drawing.shapes] + [o.box for o in drawing.sheet.outlines]
    full = [box for box in drawn if _same_view(box, top.box)]
    nearest: dict[int, float] = {}
    for r in lengths:
        nearest[id(r.quantity)] = min(r.cost, nearest.get(id(r.quantity), r.cost))
    sides = top.x.quantity, top.y.quantity
    most = HEIGHT_MOST * max(largest(q) for q in sides)
    return [
        r for r in lengths
        if not any(r.quantity is q or (q.symbol and q.symbol == r.quantity.symbol) for q in sides)
        and r.cost <= nearest[id(r.quantity)] + NUMBER_ASTRAY
        and r.quantity.count in (None, 1)
        and largest(r.quantity) <= most
        and (
            any(_third(r.span, v, top.box) for v in views)
            or (_beside(r.span, top.box) and not any(_inside(r.span, v) for v in full))
        )
    ]  # fmt: skip


def _views(drawing: Drawing, top: Box) -> list[Box]:
    """Closed shapes that have one side of the body and are no full view of it, upright or turned."""
    drawn = [s.box for s in drawing.shapes] + [o.box for o in drawing.sheet.outlines]
    return [b for b in drawn if not _same_view(b, top) and any(_like(a, c) for a in _of(b) for c in _of(top))]


def _of(box: Box) -> tuple[float, float]:
    return box.width, box.height


def _like(a: float, b: float) -> bool:
    return abs(a - b) < SIDE_VIEW_ALIKE * b + 1


def _seen(span: DimensionSpan, top: Box, views: list[Box], drawing: Drawing) -> float:
    """How much of both faces that a span ends at is drawn, along the side of the body that they are in line with."""
    if any(_ends(span, v) for v in views):
        return 1.0
    low, high = (top.x0, top.x1) if span.axis == 1 else (top.y0, top.y1)
    across = 1 - span.axis
    return min(covered(drawing.grid.near(across, at, SIDE_VIEW_PT), low, high) for at in (span.start, span.end))


def _ends(span: DimensionSpan, view: Box, lid: float = SIDE_VIEW_PT) -> bool:
    """Whether a span beside a view has its ends at two sides of it, one of them no farther than `lid` from it."""
    low, high = (view.y0, view.y1) if span.axis == 1 else (view.x0, view.x1)
    reach = (view.x0, view.x1) if span.axis == 1 else (view.y0, view.y1)
    near = reach[0] - SIDE_VIEW_REACH_PT < span.at < reach[1] + SIDE_VIEW_REACH_PT
    off = sorted((abs(span.start - low), abs(span.end - high)))
    return near and off[0] < SIDE_VIEW_PT and off[1] < lid


def _third(span: DimensionSpan, view: Box, top: Box) -> bool:
    """Whether a span measures a view apart from the top one, wherever it stands, across the side that both have in common."""
    common, thick = _of(view) if span.axis == 1 else _of(view)[::-1]
    lid = max(SIDE_VIEW_PT, SIDE_VIEW_LID * thick)  # drawn as a shape of its own
    return not view.meets(top) and any(_like(common, side) for side in _of(top)) and _ends(span, view, lid)


def _same_view(a: Box, b: Box) -> bool:
    """Whether a shape is another full view of the body, upright or turned."""
    same = abs(a.width - b.width) < SAME_VIEW * b.width + 1 and abs(a.height - b.height) < SAME_VIEW * b.height + 1
    turned = abs(a.width - b.height) < SAME_VIEW * b.height + 1 and abs(a.height - b.width) < SAME_VIEW * b.width + 1
    return same or turned


def _beside(span: DimensionSpan, b: Box) -> bool:
    """Whether a span measures across a view over, under, left or right of the top view."""
    middle = (span.start + span.end) / 2
    low, high = (b.y0, b.y1) if span.axis == 1 else (b.x0, b.x1)
    if abs(span.start - high) < 2 or abs(span.end - low) < 2:
        return False  # it goes on from the body's own edge: a lead or an actuator
    if span.axis == 1:
        return b.x0 - BESIDE_VIEW_PT < span.at < b.x1 + BESIDE_VIEW_PT and not b.y0 - 2 < middle < b.y1 + 2
    return b.y0 - BESIDE_VIEW_PT < span.at < b.y1 + BESIDE_VIEW_PT and not b.x0 - 2 < middle < b.x1 + 2


def _inside(span: DimensionSpan, view: Box) -> bool:
    """Whether a span measures something within a full view of the body."""
    low, high = (view.y0, view.y1) if span.axis == 1 else (view.x0, view.x1)
    near = (
        (view.x0 - WITHIN_VIEW_PT < span.at < view.x1 + WITHIN_VIEW_PT)
        if span.axis == 1
        else (view.y0 - WITHIN_VIEW_PT < span.at < view.y1 + WITHIN_VIEW_PT)
    )
    return near and low - 2 < span.start and span.end < high + 2
