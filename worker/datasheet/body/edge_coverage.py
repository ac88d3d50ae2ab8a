"""How much of the sides of a box is drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.drawing.dimensions import DimensionSpan
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.thresholds.drawing import BODY_EDGE_PT, BODY_EDGE_RASTER_PT


def sides_drawn(
    box: Box, drawing: Drawing, spans_of_sides: tuple[DimensionSpan, DimensionSpan] | None = None, notches: float = 0.0
) -> list[float]:
    """The part of each side of a box that strokes cover, least first; extension lines of its spans along x and y are none.

    `notches` in points is how far from a side its strokes may lie.
    """
    slack = notches or (BODY_EDGE_RASTER_PT if drawing.sheet.raster else BODY_EDGE_PT)
    spans = (spans_of_sides[1], spans_of_sides[0]) if spans_of_sides else (None, None)
    return sorted(
        covered(_edges(drawing.grid.near(axis, at, slack), span, low, high), low, high)
        for axis, span, ats, low, high in (
            (0, spans[0], (box.y0, box.y1), box.x0, box.x1), (1, spans[1], (box.x0, box.x1), box.y0, box.y1)
        ) for at in ats
    )  # fmt: skip


def _edges(rows: NDArray[np.float64], span: DimensionSpan | None, low: float, high: float) -> NDArray[np.float64]:
    """Strokes that are no extension lines: these run from the dimension line to the box and end where they meet it.

    One that runs on to the far corner is a side of the box and its extension line in one.
    """
    if span is None or low - BODY_EDGE_PT < span.at < high + BODY_EDGE_PT:
        return rows
    out = (rows[:, 1] > span.at + BODY_EDGE_PT) | (rows[:, 2] < span.at - BODY_EDGE_PT)
    through = (rows[:, 1] < low + BODY_EDGE_PT) & (rows[:, 2] > high - BODY_EDGE_PT)
    return rows[out | through]


def covered(rows: NDArray[np.float64], low: float, high: float) -> float:
    """The part of a stretch that strokes along it cover."""
    total, reach = 0.0, low
    for a, b in sorted((max(r[1], low), min(r[2], high)) for r in rows):
        if b > max(a, reach):
            total += b - max(a, reach)
            reach = b
    return total / max(high - low, 1e-6)


def closed(box: Box, drawing: Drawing) -> bool:
    """Whether one closed outline is drawn along the box."""
    slack = BODY_EDGE_RASTER_PT if drawing.sheet.raster else BODY_EDGE_PT
    return any(s.box.holds(box, slack) and box.holds(s.box, slack) for s in drawing.shapes)
