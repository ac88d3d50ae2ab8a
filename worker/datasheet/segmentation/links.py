"""Which shapes belong to one figure: those that stand near each other, and those that a dimension line runs between."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.drawing.dimensions import DimensionSpan
from worker.datasheet.drawing.shapes import ROUND, Shape
from worker.datasheet.thresholds.figures import (
    EXTENSION_END_PT,
    EXTENSION_REACH_PT,
    LINK_ALIKE_AREA,
    LINK_FAR_HOLE,
    LINK_FAR_PAD,
    LINK_GAP,
    LINK_LEVEL_PT,
)


def linked(a: Shape, b: Shape) -> bool:
    """Whether two shapes stand as near as those of one figure do: equal ones in line may stand farther apart."""
    gap = a.box.gap(b.box)
    smaller = min(max(a.box.width, a.box.height), max(b.box.width, b.box.height))
    if gap <= LINK_GAP * smaller:
        return True
    level = abs(a.box.cx - b.box.cx) < LINK_LEVEL_PT or abs(a.box.cy - b.box.cy) < LINK_LEVEL_PT
    far = LINK_FAR_HOLE if a.kind in ROUND and b.kind in ROUND else LINK_FAR_PAD
    return level and a.same_size(b) and gap <= far * smaller


def dimension_pairs(
    shapes: list[Shape], spans: list[DimensionSpan], reach: float = EXTENSION_REACH_PT
) -> list[tuple[int, int]]:
    """Pairs of shapes of about one size, or of a hole and another one, that a dimension line runs between: they are of one
    figure however far apart they stand.
    """
    if not shapes:
        return []
    boxes = np.array([[s.box.x0, s.box.y0, s.box.x1, s.box.y1] for s in shapes])
    found = []
    for span in spans:
        a, b = (_reached(boxes, span, at, reach) for at in (span.start, span.end))
        if a is not None and b is not None and a != b and _of_one_figure(shapes[a], shapes[b]):
            found.append((a, b))
    return found


def _of_one_figure(a: Shape, b: Shape) -> bool:
    alike = max(a.box.area, b.box.area) < LINK_ALIKE_AREA * min(a.box.area, b.box.area)
    return alike or "circle" in (a.kind, b.kind)


def _reached(boxes: NDArray[np.float64], span: DimensionSpan, at: float, reach: float) -> int | None:
    """The shape an extension line at `at` reaches first: one with an edge or its centre there."""
    low, high = (boxes[:, 0], boxes[:, 2]) if span.axis == 0 else (boxes[:, 1], boxes[:, 3])
    near, far = (boxes[:, 1], boxes[:, 3]) if span.axis == 0 else (boxes[:, 0], boxes[:, 2])
    off = np.minimum(np.minimum(np.abs(low - at), np.abs(high - at)), np.abs((low + high) / 2 - at))
    away = np.maximum(np.maximum(near - span.at, span.at - far), 0.0)
    away[(off > EXTENSION_END_PT) | (away > reach)] = np.inf
    best = int(np.argmin(away))
    return best if np.isfinite(away[best]) else None
