"""Closed lines that a converter painted as one area: around the outer side, over a bridge, and back along the inner one."""

from __future__ import annotations

from dataclasses import replace

from worker.datasheet.geometry.primitives import Box, ClosedOutline, around
from worker.datasheet.thresholds.drawing import BRIDGE_OFF_PT, BRIDGE_PEN_OFF_PT, BRIDGE_PEN_PART

Point = tuple[float, float]
LEAST_CORNERS = 3


def line_of(outline: ClosedOutline) -> ClosedOutline:
    """The line as it was drawn, through the middle of the area and with its width as pen; another outline as it is."""
    loops = _loops(outline.points) if outline.filled and not outline.stroked else None
    if loops is None:
        return outline
    outer, inner = (around([Box(x, y, x, y) for x, y in loop]) for loop in loops)
    sides = (inner.x0 - outer.x0, inner.y0 - outer.y0, outer.x1 - inner.x1, outer.y1 - inner.y1)
    pen = sum(sides) / 4
    even = max(sides) - min(sides) < BRIDGE_PEN_OFF_PT
    if not even or not 0 < pen < BRIDGE_PEN_PART * min(outer.width, outer.height):
        return outline
    return replace(outline, points=_scaled(loops[0], outer, pen), filled=False, stroked=True, pen=pen)


def _loops(points: tuple[Point, ...]) -> tuple[tuple[Point, ...], tuple[Point, ...]] | None:
    """The two closed loops that a path runs through one after the other; None where it closes but once."""
    back = next((k for k in range(LEAST_CORNERS, len(points) - 1) if _meet(points[k], points[0])), None)
    if back is None:
        return None
    inner = points[back + 1 :]
    if _meet(inner[-1], points[0]):
        inner = inner[:-1]
    return (points[: back + 1], inner) if len(inner) > LEAST_CORNERS and _meet(inner[0], inner[-1]) else None


def _meet(a: Point, b: Point) -> bool:
    return abs(a[0] - b[0]) < BRIDGE_OFF_PT and abs(a[1] - b[1]) < BRIDGE_OFF_PT


def _scaled(loop: tuple[Point, ...], box: Box, pen: float) -> tuple[Point, ...]:
    """The outer side of a line drawn in to the middle of the line."""
    w, h = 1 - pen / box.width, 1 - pen / box.height
    return tuple((box.cx + w * (x - box.cx), box.cy + h * (y - box.cy)) for x, y in loop)
