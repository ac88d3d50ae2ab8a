"""Finds the body on an outline drawing: the box of the top view whose extents are dimensioned, and the height of a side view."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.drawing.dimensions import DimensionReading, DimensionSpan
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.scale import misfit, solve
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.text.quantities import Quantity
from worker.datasheet.thresholds.drawing import (
    BODY_DRAWN_LEAST,
    BODY_EDGE_PT,
    BODY_EDGE_RASTER_PT,
    LABEL_OFF,
    NUMBER_ASTRAY,
)

_LABEL = re.compile(r"\(?\d{1,3}\)?")


@dataclass
class Found:
    """The three body values as printed, the span of leads where the drawing gives it, and doubts about them."""

    sides: list[Quantity] = field(default_factory=list)
    height: Quantity | None = None
    overall: dict[str, Quantity] = field(default_factory=dict)
    how: str = ""
    doubts: list[str] = field(default_factory=list)
    across: tuple[Quantity | None, Quantity | None] = (None, None)  # along x and y of the top view


def largest(q: Quantity) -> float:
    """The greatest limit of a number in mm, whichever of them is printed."""
    return max(v for v in (q.low, q.value, q.high) if v is not None)


def from_drawing(drawing: Drawing, taken: set[int]) -> Found | None:
    """The body seen from the top: the largest box whose sides are drawn and whose extents are dimensioned.

    A closed outline of that size goes before sides put together of strokes, which the tips of leads may form too.
    """
    free = [r for r in drawing.readings if id(r.quantity) not in taken or r.quantity.symbol]
    lengths = [r for r in free if r.quantity.kind == "length" and r.cost < 2.2 and r.quantity.count in (None, 1)]
    lengths = without_labels(lengths)
    across = _likeliest([r for r in lengths if r.span.axis == 0])
    along = _likeliest([r for r in lengths if r.span.axis == 1])
    best: tuple[tuple[bool, float], Box, DimensionReading, DimensionReading] | None = None
    for x in across:
        for y in along:
            box = Box(x.span.start, y.span.start, x.span.end, y.span.end)
            if min(box.width, box.height) < 8 or not _square_scale(x, y) or not _reachable(x.span, y.span, box):
                continue
            closed = _closed(box, drawing)
            lettered = x.quantity.symbol or y.quantity.symbol
            blurred = drawing.sheet.raster and not lettered  # its extension lines run into the sides of the box
            drawn = 1.0 if closed and blurred else _drawn_part(box, drawing, (x.span, y.span))
            if drawn <= BODY_DRAWN_LEAST:
                continue
            size = largest(x.quantity) * largest(y.quantity) * 0.75 ** (x.cost + y.cost) * drawn
            score = (drawn > 0.95 and closed, size)
            if best is None or score > best[0]:
                best = (score, box, x, y)
    if best is None:
        return None
    _, box, x, y = best
    found = Found([x.quantity, y.quantity], how="dimensions of the outline drawing", across=(x.quantity, y.quantity))
    found.height = _height(drawing, box, x, y, lengths)
    return found


def without_labels(readings: list[DimensionReading]) -> list[DimensionReading]:
    """Drops bare integers that fit no span on the scale of the other numbers: they count pins."""
    decimal = [r for r in readings if not _LABEL.fullmatch(r.quantity.printed)]
    scale = solve([r for r in decimal if r.cost < 1.0])
    if scale is None:
        return readings
    return decimal + [r for r in readings if _LABEL.fullmatch(r.quantity.printed) and misfit(r, scale) < LABEL_OFF]


def _closed(box: Box, drawing: Drawing) -> bool:
    """Whether one closed outline is drawn along the box."""
    slack = BODY_EDGE_RASTER_PT if drawing.sheet.raster else BODY_EDGE_PT
    return any(s.box.holds(box, slack) and box.holds(s.box, slack) for s in drawing.shapes)


def _likeliest(readings: list[DimensionReading]) -> list[DimensionReading]:
    """For every span the two readings nearest to it."""
    by_span: dict[int, list[DimensionReading]] = {}
    for r in readings:
        by_span.setdefault(id(r.span), []).append(r)
    return [r for own in by_span.values() for r in sorted(own, key=lambda r: r.cost)[:2]][:120]


def _reachable(x: DimensionSpan, y: DimensionSpan, box: Box) -> bool:
    """Whether both dimension lines stand beside or in the box they would measure."""
    reach = 1.2 * max(box.width, box.height) + 60
    return box.y0 - reach < x.at < box.y1 + reach and box.x0 - reach < y.at < box.x1 + reach


def sides_drawn(box: Box, drawing: Drawing, measured: tuple[DimensionSpan, DimensionSpan] | None = None) -> list[float]:
    """The part of each side of a box that strokes cover, least first; extension lines of its spans along x and y are none."""
    slack = BODY_EDGE_RASTER_PT if drawing.sheet.raster else BODY_EDGE_PT
    spans = (measured[1], measured[0]) if measured else (None, None)
    return sorted(
        covered(_edges(drawing.grid.near(axis, at, slack), span, low, high), low, high)
        for axis, span, ats, low, high in (
            (0, spans[0], (box.y0, box.y1), box.x0, box.x1), (1, spans[1], (box.x0, box.x1), box.y0, box.y1)
        ) for at in ats
    )  # fmt: skip


def _edges(rows: NDArray[np.float64], span: DimensionSpan | None, low: float, high: float) -> NDArray[np.float64]:
    """Strokes that do not run out to the dimension line of the box they lie along."""
    if span is None or low - BODY_EDGE_PT < span.at < high + BODY_EDGE_PT:
        return rows
    return rows[(rows[:, 1] > span.at + BODY_EDGE_PT) | (rows[:, 2] < span.at - BODY_EDGE_PT)]


def _drawn_part(box: Box, drawing: Drawing, spans: tuple[DimensionSpan, DimensionSpan]) -> float:
    """How well a box is drawn; one side may be broken."""
    sides = sides_drawn(box, drawing, spans)
    return min(sides[1], sum(sides) / 4)


def covered(rows: NDArray[np.float64], low: float, high: float) -> float:
    """The part of a stretch that strokes along it cover."""
    total, reach = 0.0, low
    for a, b in sorted((max(r[1], low), min(r[2], high)) for r in rows):
        if b > max(a, reach):
            total += b - max(a, reach)
            reach = b
    return total / max(high - low, 1e-6)


def _square_scale(x: DimensionReading, y: DimensionReading) -> bool:
    """Both numbers give about the same scale, or the drawing is stretched by no more than a third."""
    a, b = x.span.length / x.quantity.target, y.span.length / y.quantity.target
    return 0.72 < a / b < 1.4


def _height(
    drawing: Drawing, b: Box, x: DimensionReading, y: DimensionReading, lengths: list[DimensionReading]
) -> Quantity | None:
    """The largest uncounted number across a side view that is in line with the body's top view."""
    scale = solve([r for r in lengths if r.cost < 1.0])
    drawn = [s.box for s in drawing.shapes] + [o.box for o in drawing.sheet.outlines]
    views = [box for box in drawn if _twin(box, b)]
    nearest: dict[int, float] = {}
    for r in lengths:
        nearest[id(r.quantity)] = min(r.cost, nearest.get(id(r.quantity), r.cost))
    best: tuple[float, DimensionReading] | None = None
    for r in lengths:
        q, span = r.quantity, r.span
        if (
            q is x.quantity
            or q is y.quantity
            or r.cost > nearest[id(q)] + NUMBER_ASTRAY
            or q.count not in (None, 1)
            or (q.symbol and q.symbol in (x.quantity.symbol, y.quantity.symbol))
        ):
            continue
        if (
            not _beside(span, b)
            or any(_inside(span, v) for v in views)
            or largest(q) > 2.5 * max(largest(x.quantity), largest(y.quantity))
        ):
            continue
        off = 0.0 if scale is None else min(misfit(r, scale), 1.0)
        value = largest(q) * (0.75**r.cost) * (1 - 0.5 * off)
        if best is None or value > best[0]:
            best = (value, r)
    return best[1].quantity if best else None


def _twin(a: Box, b: Box) -> bool:
    """Whether a shape is another full view of the body, upright or turned."""
    same = abs(a.width - b.width) < 0.03 * b.width + 1 and abs(a.height - b.height) < 0.03 * b.height + 1
    turned = abs(a.width - b.height) < 0.03 * b.height + 1 and abs(a.height - b.width) < 0.03 * b.width + 1
    return same or turned


def _beside(span: DimensionSpan, b: Box) -> bool:
    """Whether a span measures across a view over, under, left or right of the top view."""
    middle = (span.start + span.end) / 2
    low, high = (b.y0, b.y1) if span.axis == 1 else (b.x0, b.x1)
    if abs(span.start - high) < 2 or abs(span.end - low) < 2:
        return False  # it goes on from the body's own edge: a lead or an actuator
    if span.axis == 1:
        return b.x0 - 110 < span.at < b.x1 + 110 and not b.y0 - 2 < middle < b.y1 + 2
    return b.y0 - 110 < span.at < b.y1 + 110 and not b.x0 - 2 < middle < b.x1 + 2


def _inside(span: DimensionSpan, view: Box) -> bool:
    """Whether a span measures something within a full view of the body."""
    low, high = (view.y0, view.y1) if span.axis == 1 else (view.x0, view.x1)
    near = (view.x0 - 90 < span.at < view.x1 + 90) if span.axis == 1 else (view.y0 - 90 < span.at < view.y1 + 90)
    return near and low - 2 < span.start and span.end < high + 2
