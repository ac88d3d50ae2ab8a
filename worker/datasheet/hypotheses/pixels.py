"""Pads of a scan that are meant to be equal: lines that touch one, and noise, make some of a row a little larger."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.thresholds.scan import EVEN_LEAST, EVEN_PART, EVEN_PT

Sides = tuple[float, float, float, float]


def evened(shapes: list[Shape]) -> list[Shape]:
    """The shapes, those of a row of nearly equal ones with the size and the line that most of them have."""
    found = list(shapes)
    for axis in (0, 1):
        for row in _rows(found, axis):
            low, high, size = _usual([_sides(found[i].box, axis) for i in row])
            kind = "rect" if any(found[i].kind == "rect" for i in row) else found[row[0]].kind
            for i in row:
                found[i] = replace(found[i], box=_box(found[i].box, axis, low, high, size), kind=kind)
    return found


def _sides(box: Box, axis: int) -> Sides:
    """Low and high across the row, then along it."""
    return (box.y0, box.y1, box.x0, box.x1) if axis == 0 else (box.x0, box.x1, box.y0, box.y1)


def _usual(sides: list[Sides]) -> tuple[float, float, float]:
    low, high, start, end = np.array(sides).T
    return float(np.median(low)), float(np.median(high)), float(np.median(end - start))


def _box(box: Box, axis: int, low: float, high: float, size: float) -> Box:
    middle = box.cx if axis == 0 else box.cy
    start, end = middle - size / 2, middle + size / 2
    return Box(start, low, end, high) if axis == 0 else Box(low, start, high, end)


def _rows(shapes: list[Shape], axis: int) -> list[list[int]]:
    """Indices of nearly equal shapes in one line along an axis."""
    rows: list[list[int]] = []
    for i in sorted(range(len(shapes)), key=lambda i: -shapes[i].box.area):
        home = next((r for r in rows if _alike(shapes[r[0]], shapes[i], axis)), None)
        if home is None:
            rows.append([i])
        else:
            home.append(i)
    return [r for r in rows if len(r) >= EVEN_LEAST]


def _alike(a: Shape, b: Shape, axis: int) -> bool:
    if (a.kind == "circle") != (b.kind == "circle") or a.filled != b.filled:
        return False
    low, high, start, end = _sides(a.box, axis)
    low2, high2, start2, end2 = _sides(b.box, axis)
    wide, tall = end - start, high - low
    return (
        a.same_size(b, EVEN_PART, EVEN_PT)
        and max(abs(low - low2), abs(high - high2)) < max(EVEN_PT, EVEN_PART * tall)
        and abs(wide - (end2 - start2)) < max(EVEN_PT, EVEN_PART * wide)
    )
