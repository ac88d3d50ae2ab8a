"""How alike to its own mirror image a set of shapes is: land patterns nearly always are, chance mixtures never."""

from __future__ import annotations

import numpy as np

from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import around
from worker.datasheet.thresholds import MIRROR_PT


def symmetric(a: list[Shape], b: list[Shape]) -> bool:
    """Whether the middles of two sets of shapes lie on one upright or level line."""
    one, two = around([s.box for s in a]), around([s.box for s in b])
    return abs(one.cx - two.cx) < MIRROR_PT or abs(one.cy - two.cy) < MIRROR_PT


def mirrored_part(shapes: list[Shape]) -> float:
    """The largest part of the shapes that have an equal one mirrored at the upright or the level middle of all."""
    box = around([s.box for s in shapes])
    rows = np.array([[s.box.cx, s.box.cy, s.box.width, s.box.height] for s in shapes])
    best = 0.0
    for axis, middle in ((0, box.cx), (1, box.cy)):
        image = rows.copy()
        image[:, axis] = 2 * middle - rows[:, axis]
        off = np.abs(image[:, None, :] - rows[None, :, :]).max(axis=2)
        best = max(best, float((off.min(axis=1) < MIRROR_PT).mean()))
    return best
