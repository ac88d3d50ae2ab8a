"""Names the discs of a ball grid by row letter and column number."""

from __future__ import annotations

import numpy as np

from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.land.numbering import Numbers

BALL_ROWS = "ABCDEFGHJKLMNPRTUVWY"


def named(pads: list[Shape], ring: Numbers) -> Numbers | None:
    """Grid names when the pads fill a grid of at least two rows and columns of discs.

    A1 is the upper left ball, or that in the corner beside which the names of a ring found the dot.
    """
    if len(pads) < 4 or any(p.kind != "circle" for p in pads):
        return None
    step = min(p.box.width for p in pads) * 0.5
    xs, ys = _levels([p.box.cx for p in pads], step), _levels([p.box.cy for p in pads], step)
    if max(xs) < 1 or max(ys) < 1 or len(pads) < 0.5 * (max(xs) + 1) * (max(ys) + 1):
        return None
    cells = list(zip(xs, ys, strict=True))
    corner = cells[ring.names.index("1")] if ring.pin1 == "dot" else (0, 0)
    dotted = corner in (corners := _corners(max(xs), max(ys)))
    for _ in range(corners.index(corner) if dotted else 0):
        wide = max(x for x, _ in cells)
        cells = [(y, wide - x) for x, y in cells]
    if max(y for _, y in cells) >= len(BALL_ROWS):
        return None
    names = [f"{BALL_ROWS[y]}{x + 1}" for x, y in cells]
    if ring.pin1 == "dot" and dotted:
        return Numbers(names, "convention", "dot", "grid names from the ball beside the dot", False)
    return Numbers(names, "convention", "convention", "grid names from the upper left ball", False)


def _corners(right: int, low: int) -> list[tuple[int, int]]:
    """The corners of a grid as they come to the upper left when it is turned by a quarter each time."""
    return [(0, 0), (right, 0), (right, low), (0, low)]


def _levels(values: list[float], step: float) -> list[int]:
    levels: list[float] = []
    for v in sorted(values):
        if not levels or v - levels[-1] > step:
            levels.append(v)
    return [int(np.argmin([abs(v - level) for level in levels])) for v in values]
