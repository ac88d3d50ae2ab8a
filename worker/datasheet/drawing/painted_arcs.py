"""Circles that a converter painted as four areas, one for each quarter of their line."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from worker.datasheet.geometry.primitives import Box, ClosedOutline, Sheet, area_of, around
from worker.datasheet.thresholds.drawing import ARC_POINTS, ARC_SQUARE, ARC_THIN, SAME_SIDE_PT, SHAPE_LEAST_PT

QUARTERS = 4
_Corner = tuple[tuple[int, int, int], int, int]  # colour and place


def circles(sheet: Sheet) -> list[Box]:
    """The boxes of circles whose four quarters meet in their middle, through the middle of their line."""
    found: defaultdict[_Corner, dict[tuple[bool, bool], ClosedOutline]] = defaultdict(dict)
    for arc in filter(_is_arc, sheet.outlines):
        b = arc.box
        for right, x in ((True, b.x0), (False, b.x1)):
            for low, y in ((True, b.y0), (False, b.y1)):
                found[arc.color, round(x / SAME_SIDE_PT), round(y / SAME_SIDE_PT)][right, low] = arc
    return [_ring(list(own.values())) for own in found.values() if len(own) == QUARTERS and _equal(list(own.values()))]


def _is_arc(outline: ClosedOutline) -> bool:
    """Whether an area is a thin bent one in a square box."""
    b = outline.box
    if not outline.filled or len(outline.points) < ARC_POINTS or min(b.width, b.height) < SHAPE_LEAST_PT / 2:
        return False
    return abs(b.width / b.height - 1) < ARC_SQUARE and area_of(outline.points) < ARC_THIN * b.area


def _equal(arcs: list[ClosedOutline]) -> bool:
    sides = [a.box.width for a in arcs]
    return max(sides) < (1 + ARC_SQUARE) * min(sides)


def _ring(arcs: list[ClosedOutline]) -> Box:
    """The box around the arcs, smaller by half of the line on every side."""
    box = around([a.box for a in arcs])
    line = (box.width - np.sqrt(max(box.width**2 - 4 * sum(area_of(a.points) for a in arcs) / np.pi, 0.0))) / 2
    return box.grown(-float(line) / 2)
