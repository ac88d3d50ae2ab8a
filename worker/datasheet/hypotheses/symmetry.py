"""How alike to its own mirror image a set of shapes is: land patterns nearly always are, chance mixtures never."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Box, around
from worker.datasheet.thresholds.figures import CORE_LEAST, CORE_MOST, LEAST_MIRRORED, MIRROR_PT, MOST_ADDED


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


def cores(shapes: list[Shape]) -> list[list[Shape]]:
    """The largest sets of shapes that mirror onto themselves at both middles, at an upright and at a level one, in this order.

    Shapes of chance, such as the field between two extension lines, have no mirror image, whatever their size.
    """
    if not CORE_LEAST <= len(shapes) <= CORE_MOST:
        return []
    both = _mirroring(_mirroring(shapes, 0), 1)
    both = _mirroring(both, 0)
    sets = (both, _mirroring(shapes, 0), _mirroring(shapes, 1))
    return [own for own in sets if CORE_LEAST <= len(own) < len(shapes)]


def _mirroring(shapes: list[Shape], axis: int) -> list[Shape]:
    """The shapes that have an equal one mirrored at the middle, across an axis, that most of them share."""
    if len(shapes) < CORE_LEAST:
        return shapes
    rows = np.array([[s.box.cx, s.box.cy, s.box.width, s.box.height] for s in shapes])
    off = np.abs(rows[:, None, :] - rows[None, :, :])
    off[:, :, axis] = 0.0
    one, two = np.nonzero(np.triu(off.max(axis=2) < MIRROR_PT, 1))
    if len(one) == 0:
        return []
    middles = (rows[one, axis] + rows[two, axis]) / 2
    votes = (np.abs(middles[:, None] - middles[None, :]) < MIRROR_PT / 2).sum(axis=1)
    image = rows.copy()
    image[:, axis] = 2 * middles[int(np.argmax(votes))] - rows[:, axis]
    away = np.abs(image[:, None, :] - rows[None, :, :]).max(axis=2).min(axis=1)
    return [s for s, a in zip(shapes, away, strict=True) if a < MIRROR_PT]


def completed(shapes: list[Shape]) -> list[Shape]:
    """The one or two shapes that are missing from an otherwise mirrored set, as mirror images of those across."""
    box = around([s.box for s in shapes])
    for axis, middle in ((0, box.cx), (1, box.cy)):
        missing = [
            image for s in shapes if not any(_at(image := _mirrored(s, axis, middle), other) for other in shapes)
        ]
        free = [m for m in missing if not any(m.box.meets(s.box) for s in shapes)]
        if missing and len(free) == len(missing) <= MOST_ADDED and len(shapes) >= LEAST_MIRRORED:
            return free
    return []


def _mirrored(shape: Shape, axis: int, middle: float) -> Shape:
    b = shape.box
    if axis == 0:
        return replace(shape, box=Box(2 * middle - b.x1, b.y0, 2 * middle - b.x0, b.y1))
    return replace(shape, box=Box(b.x0, 2 * middle - b.y1, b.x1, 2 * middle - b.y0))


def _at(a: Shape, b: Shape) -> bool:
    return a.same_size(b) and abs(a.box.cx - b.box.cx) + abs(a.box.cy - b.box.cy) < 2 * MIRROR_PT
