"""Numbers beside a closed shape whose dimension line was not recognised: they measure the side they stand at, if they fit it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from worker.datasheet.drawing.dimensions import DimensionReading, DimensionSpan
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.scale import Scale, solve
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.text.quantities import Quantity
from worker.datasheet.thresholds.drawing import (
    BESIDE_COST,
    BESIDE_FIT,
    BESIDE_LINED,
    BESIDE_MIDDLE,
    BESIDE_REACH_PT,
    BESIDE_VOTES,
    BODY_LEAST_PT,
)

_DECIMAL = re.compile(r"\d*[.,]\d")


def added(drawing: Drawing) -> Drawing:
    """The drawing with spans and readings of such numbers, itself where there are none."""
    found = _readings(drawing)
    if not found:
        return drawing
    return replace(drawing, spans=drawing.spans + [r.span for r in found], readings=drawing.readings + found)


def _readings(drawing: Drawing) -> list[DimensionReading]:
    """Readings by the scale on which the lengths at dimension lines agree; none where they agree on none."""
    scale = solve([r for r in drawing.readings if r.cost < 1.0 and _is_side(r.quantity)])
    if scale is None or scale.votes < BESIDE_VOTES:
        return []
    lined = {id(r.quantity) for r in drawing.readings if r.cost < BESIDE_LINED}
    lone = [q for q in drawing.quantities if id(q) not in lined and _is_side(q)]
    boxes = [s.box for s in drawing.shapes if min(s.box.width, s.box.height) > BODY_LEAST_PT]
    return [r for q in lone for r in _of(q, boxes, scale)]


def _is_side(q: Quantity) -> bool:
    return q.kind == "length" and q.count in (None, 1) and not q.symbol and bool(_DECIMAL.search(q.printed))


def _of(q: Quantity, boxes: list[Box], scale: Scale) -> Iterator[DimensionReading]:
    for axis in (0, 1):
        for box in boxes:
            low, high, near, far = _frame(box, axis)
            middle, at = (q.box.cx, q.box.cy) if axis == 0 else (q.box.cy, q.box.cx)
            outside = near - BESIDE_REACH_PT < at < near or far < at < far + BESIDE_REACH_PT
            centred = abs(middle - (low + high) / 2) < BESIDE_MIDDLE * (high - low)
            if outside and centred and abs((high - low) / (q.target * scale.of(axis)) - 1) < BESIDE_FIT:
                yield DimensionReading(DimensionSpan(axis, at, low, high, True), q, BESIDE_COST)


def _frame(box: Box, axis: int) -> tuple[float, float, float, float]:
    """Both ends of a box along an axis, then across it."""
    return (box.x0, box.x1, box.y0, box.y1) if axis == 0 else (box.y0, box.y1, box.x0, box.x1)
