"""Sides of views that have no number of their own: they take it from another view that has a side as long, or of a square."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from worker.datasheet.drawing.dimensions import DimensionReading, DimensionSpan
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.thresholds.drawing import (
    BODY_EDGE_PT,
    BODY_EDGE_RASTER_PT,
    SHARED_ALIGNED_COST,
    SHARED_ALIKE,
    SHARED_COST,
    SHARED_LEAST_PT,
    SHARED_NEAR,
    SHARED_VIEWS_MOST,
    SIDE_REACH,
    SIDE_REACH_PT,
)

_BARE = re.compile(r"\(?\d+\)?")


@dataclass(frozen=True, slots=True)
class ViewSide:
    """A side of a closed shape along an axis, and the readings that measure it."""

    view: Box
    axis: int
    readings: tuple[DimensionReading, ...]

    @property
    def ends(self) -> tuple[float, float]:
        """From where to where it runs, in points."""
        return _ends(self.view, self.axis)

    @property
    def length(self) -> float:
        """How long it is as drawn, in points."""
        return self.ends[1] - self.ends[0]


def added(drawing: Drawing, readings: list[DimensionReading]) -> list[DimensionReading]:
    """The readings of lengths, and the numbers that sides without one share with sides of other views.

    Letters are not shared: what a letter measures is told once.
    """
    sides = [side for box in _views(drawing) for side in _sides(box, readings, drawing.sheet.raster)]
    measured = [s for s in sides if s.readings]
    return readings + [
        r for bare in sides if not bare.readings for told in measured for r in _shared(bare, told) if not r.quantity.symbol
    ]  # fmt: skip


def _views(drawing: Drawing) -> list[Box]:
    """The largest closed shapes that may be views."""
    boxes = [s.box for s in drawing.shapes if min(s.box.width, s.box.height) > SHARED_LEAST_PT]
    return sorted(boxes, key=lambda b: -b.width * b.height)[:SHARED_VIEWS_MOST]


def _sides(box: Box, readings: list[DimensionReading], raster: bool) -> Iterator[ViewSide]:
    slack = BODY_EDGE_RASTER_PT if raster else BODY_EDGE_PT
    for axis in (0, 1):
        yield ViewSide(box, axis, tuple(r for r in readings if _measures(r, box, axis, slack)))


def _measures(reading: DimensionReading, box: Box, axis: int, slack: float) -> bool:
    """Whether a number near its dimension line measures this side of a box; a bare integer counts or names something."""
    span = reading.span
    if span.axis != axis or reading.cost > SHARED_NEAR or _BARE.fullmatch(reading.quantity.printed):
        return False
    (low, high), (near, far) = _ends(box, axis), _ends(box, 1 - axis)
    reach = SIDE_REACH * max(box.width, box.height) + SIDE_REACH_PT
    return abs(span.start - low) < slack and abs(span.end - high) < slack and near - reach < span.at < far + reach


def _ends(box: Box, axis: int) -> tuple[float, float]:
    return (box.x0, box.x1) if axis == 0 else (box.y0, box.y1)


def _shared(bare: ViewSide, told: ViewSide) -> Iterator[DimensionReading]:
    """What a side takes from another as long: of a view in line with it, of one elsewhere, of the same one if it is square."""
    if abs(bare.length - told.length) > SHARED_ALIKE * told.length or _within(bare.view, told.view):
        return
    (low, high), across = bare.ends, _ends(bare.view, 1 - bare.axis)
    aligned = bare.view is told.view or (
        bare.axis == told.axis and abs(low - told.ends[0]) < SHARED_ALIKE * bare.length
    )
    for r in told.readings:
        span = DimensionSpan(bare.axis, across[1], low, high, r.span.inside)
        yield replace(r, span=span, cost=r.cost + (SHARED_ALIGNED_COST if aligned else SHARED_COST))


def _within(a: Box, b: Box) -> bool:
    """Whether two shapes are parts of one view."""
    return a is not b and a.meets(b)
