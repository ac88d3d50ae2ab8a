"""Moves the ends of spans onto the lines they stop short of: many draw arrow heads a little inside what they measure."""

from __future__ import annotations

from dataclasses import replace

from worker.datasheet.drawing.dimensions import DimensionSpan
from worker.datasheet.geometry.grid import StrokeGrid
from worker.datasheet.thresholds.drawing import TIP_ALIKE_PT, TIP_ON_LINE_PT, TIP_SHORT_PART, TIP_SHORT_PT


def onto_lines(span: DimensionSpan, grid: StrokeGrid) -> DimensionSpan:
    """The span between the lines that its arrows point at, where both stop short of one alike."""
    outward = 1.0 if span.inside else -1.0
    start, end = (_short(span, at, way, grid) for at, way in ((span.start, -outward), (span.end, outward)))
    if start is None or end is None or abs(start - end) > TIP_ALIKE_PT:
        return span
    moved = replace(span, start=span.start - outward * start, end=span.end + outward * end)
    return moved if max(start, end) < TIP_SHORT_PART * span.length else span


def _short(span: DimensionSpan, at: float, way: float, grid: StrokeGrid) -> float | None:
    """How far a tip stops short of the line it points at; None where it points at none."""
    rows = grid.near(1 - span.axis, at, TIP_SHORT_PT)
    crossing = rows[(rows[:, 1] < span.at + TIP_ON_LINE_PT) & (rows[:, 2] > span.at - TIP_ON_LINE_PT)]
    ahead = [float(v) for v in (crossing[:, 0] - at) * way if v > -TIP_ON_LINE_PT]
    return min((max(v, 0.0) for v in ahead), default=None)
