"""Dimensions in a chain whose inner arrow heads were not found: the extension lines between their numbers part them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from worker.datasheet.drawing.dimensions import DimensionSpan
from worker.datasheet.geometry.grid import StrokeGrid
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.text.quantities import Quantity
from worker.datasheet.thresholds.drawing import PARTED_ACROSS_PT, PARTED_AT, PARTED_MIDDLE, SPAN_SAME_PT


def parted(spans: list[DimensionSpan], numbers: list[Quantity], grid: StrokeGrid) -> list[DimensionSpan]:
    """The spans, each parted at its extension lines where a number stands in the middle of each of its parts."""
    own: dict[int, list[Box]] = {}
    for q in numbers:
        span = min(spans, key=lambda s: _away(s, q.box), default=None)
        if span is not None and _away(span, q.box) < PARTED_AT * q.size:
            own.setdefault(id(span), []).append(q.box)
    return [part for span in spans for part in _parts(span, own.get(id(span), []), grid)]


def _along(span: DimensionSpan, box: Box) -> tuple[float, float]:
    return (box.x0, box.x1) if span.axis == 0 else (box.y0, box.y1)


def _away(span: DimensionSpan, box: Box) -> float:
    """Points across from a dimension line to a number that stands along it; infinite where it stands beyond its ends."""
    low, high = _along(span, box)
    top, bottom = (box.y0, box.y1) if span.axis == 0 else (box.x0, box.x1)
    if not span.start < (low + high) / 2 < span.end:
        return float("inf")
    return max(top - span.at, span.at - bottom, 0.0)


def _parts(span: DimensionSpan, own: list[Box], grid: StrokeGrid) -> list[DimensionSpan]:
    if not span.inside or len(own) < 2:
        return [span]
    places, crossings = sorted(_along(span, box) for box in own), _crossings(span, grid)
    ends = [span.start]
    for (_, before), (after, _) in pairwise(places):
        between = [c for c in crossings if before - SPAN_SAME_PT < c < after + SPAN_SAME_PT]
        if not between or between[-1] - between[0] > SPAN_SAME_PT:
            return [span]
        ends.append(sum(between) / len(between))
    parts = [replace(span, start=a, end=b) for a, b in pairwise([*ends, span.end])]
    return parts if all(_in_middle(part, *place) for part, place in zip(parts, places, strict=False)) else [span]


def _in_middle(part: DimensionSpan, low: float, high: float) -> bool:
    return abs(low + high - part.start - part.end) / 2 < PARTED_MIDDLE * part.length


def _crossings(span: DimensionSpan, grid: StrokeGrid) -> list[float]:
    """Where strokes cross a dimension line between its ends, or begin at it, from low to high."""
    rows = grid.rows[1 - span.axis]
    inner = (rows[:, 0] > span.start + SPAN_SAME_PT) & (rows[:, 0] < span.end - SPAN_SAME_PT)
    crossing = (rows[:, 1] < span.at + PARTED_ACROSS_PT) & (rows[:, 2] > span.at - PARTED_ACROSS_PT)
    long = rows[:, 2] - rows[:, 1] > 2 * PARTED_ACROSS_PT
    return sorted(float(v) for v in rows[inner & crossing & long, 0])
