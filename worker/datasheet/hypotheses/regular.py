"""Rows of equal pads set at equal steps: what a hand drew a little off is one pitch, which the printed numbers then give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.land.patterns import Pattern
from worker.datasheet.thresholds.figures import ROW_ALIKE, ROW_ALIKE_PT, ROW_LEAST, ROW_OFF, ROW_OFF_PT, ROW_PLACE_PT


def regular(pattern: Pattern) -> Pattern | None:
    """The pattern with every row of equal pads at one step; None where all rows are regular, or too far off to be meant so."""
    pads = list(pattern.pads)
    moved = False
    for axis in (0, 1):
        for row in _rows(pads, axis):
            places = np.array([_at(pads[i], axis) for i in row])
            even = np.polyval(np.polyfit(np.arange(len(row)), places, 1), np.arange(len(row)))
            step, off = abs(even[1] - even[0]), np.abs(places - even).max()
            if off > ROW_OFF * step:
                return None
            if off > ROW_OFF_PT:
                moved = True
                for i, place in zip(row, even, strict=True):
                    pads[i] = _moved(pads[i], axis, float(place))
    return replace(pattern, pads=pads) if moved else None


def _rows(pads: list[Shape], axis: int) -> list[list[int]]:
    """Indices of equal pads in one line along an axis, in order."""
    rows: list[list[int]] = []
    for i in sorted(range(len(pads)), key=lambda i: _at(pads[i], axis)):
        home = next((r for r in rows if _in_row(pads[r[0]], pads[i], axis)), None)
        if home is None:
            rows.append([i])
        else:
            home.append(i)
    return [r for r in rows if len(r) >= ROW_LEAST]


def _in_row(a: Shape, b: Shape, axis: int) -> bool:
    return (
        a.same_size(b, part=ROW_ALIKE, slack=ROW_ALIKE_PT) and abs(_at(a, 1 - axis) - _at(b, 1 - axis)) < ROW_PLACE_PT
    )


def _at(shape: Shape, axis: int) -> float:
    return shape.box.cx if axis == 0 else shape.box.cy


def _moved(shape: Shape, axis: int, to: float) -> Shape:
    by, b = to - _at(shape, axis), shape.box
    box = Box(b.x0 + by, b.y0, b.x1 + by, b.y1) if axis == 0 else Box(b.x0, b.y0 + by, b.x1, b.y1 + by)
    return replace(shape, box=box)
