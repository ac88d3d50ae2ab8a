"""The body from its front view and the top or bottom view over or under it: they share the length."""

from __future__ import annotations

from worker.datasheet.body.edge_coverage import closed
from worker.datasheet.body.found import Found, largest
from worker.datasheet.body.side_by_side import HOW, leads_below
from worker.datasheet.drawing.dimensions import DimensionReading
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.thresholds.drawing import FACE_STRETCH, OVER_ANOTHER_PT


def with_leads(
    drawing: Drawing, box: Box, x: DimensionReading, y: DimensionReading, along: list[DimensionReading]
) -> Found | None:
    """The body whose front view is `box`, of the sides `x` and `y`: leads run down from it, and another view is as wide.

    `along` are the readings along y. None where no leads tell the front view, or no other view of its width is drawn.
    """
    if not leads_below(box, drawing):
        return None
    views = [r for r in along if r is not y and _shown(Box(box.x0, r.span.start, box.x1, r.span.end), box, drawing)]
    views = [r for r in views if _one_scale(r, y) and r.quantity.printed != y.quantity.printed]
    deep = max(views, key=lambda r: (largest(r.quantity), -r.cost), default=None)
    return None if deep is None else Found([x.quantity, deep.quantity], y.quantity, how=HOW)


def _shown(view: Box, front: Box, drawing: Drawing) -> bool:
    """Whether a box apart from the front view is a closed shape."""
    apart = view.y0 > front.y1 + OVER_ANOTHER_PT or view.y1 < front.y0 - OVER_ANOTHER_PT
    return apart and closed(view, drawing)


def _one_scale(a: DimensionReading, b: DimensionReading) -> bool:
    scales = [r.span.length / r.quantity.target for r in (a, b)]
    return max(scales) < FACE_STRETCH * min(scales)
