"""What a dimension line measures, and which printed number stands at which of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.geometry.grid import StrokeGrid
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.text.quantities import Quantity
from worker.datasheet.thresholds.drawing import (
    ALONG_TAIL,
    AT_ELBOW,
    AT_SECOND_ELBOW,
    AT_TAIL_END,
    BROKEN_ACROSS_PT,
    ELBOW_PT,
    LINE_GAP_PT,
    LINED_PT,
    LONG_HEAD_PT,
    MIDDLE_PART,
    OFF_MIDDLE,
    OFF_MIDDLE_MOST,
    ONE_STROKE_PT,
    RAY_COST,
    RAY_PT,
    READING_FAR,
    READING_OWN,
    SMALL_LETTER_PT,
    TAIL_MOST_PT,
    TAIL_ON_PT,
    TAIL_STEP_PT,
)


@dataclass(frozen=True, slots=True)
class DimensionSpan:
    """A measured distance: along x at height `at`, or along y at abscissa `at`, from `start` to `end` in points."""

    axis: int  # 0: along x, 1: along y
    at: float
    start: float
    end: float
    inside: bool  # arrows stand inside and point outwards

    @property
    def length(self) -> float:
        """How long the dimension is as drawn, in points."""
        return self.end - self.start

    def point(self, along: float) -> tuple[float, float]:
        """The place (x, y) on the page, in points with y down, of a position along the dimension line."""
        return (along, self.at) if self.axis == 0 else (self.at, along)


def box_of(span: DimensionSpan) -> Box:
    """The dimension line as a box without thickness, in points of the page, y down."""
    (x0, y0), (x1, y1) = span.point(span.start), span.point(span.end)
    return Box(x0, y0, x1, y1)


@dataclass(frozen=True, slots=True)
class DimensionReading:
    """A number that may belong to a span, and how far it stands from it in letter heights."""

    span: DimensionSpan
    quantity: Quantity
    cost: float


def anchors_of(span: DimensionSpan, grid: StrokeGrid) -> list[tuple[Box, float]]:
    """Where the number of a span may stand, each with an added cost: on the line, at its tails, at the end of a leader."""
    (x0, y0), (x1, y1) = span.point(span.start), span.point(span.end)
    found = [(Box(x0, y0, x1, y1), 0.0)]
    for end, sign in ((span.start, -1), (span.end, 1)):
        tail = _tail(span, end, sign, grid)
        if tail is None:
            continue
        x, y = span.point(tail)
        found += [(Box(x, y, x, y), AT_TAIL_END), (_between(span.point(end), (x, y)), ALONG_TAIL)]
        for far in _elbow(1 - span.axis, x, y, grid):
            found.append((Box(*far, *far), AT_ELBOW))
            found.extend(
                (Box(*g, *g), AT_SECOND_ELBOW)
                for g in _elbow(span.axis, *far, grid)
                if abs(g[0] - x) + abs(g[1] - y) > 1
            )
    return found


def _between(a: tuple[float, float], b: tuple[float, float]) -> Box:
    return Box(min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))


def _tail(span: DimensionSpan, end: float, sign: int, grid: StrokeGrid) -> float | None:
    """How far the dimension line runs on beyond its tip."""
    reach = end
    rows = grid.near(span.axis, span.at)
    through = not span.inside  # one stroke may run under both arrow heads then
    own_side = through | (
        (rows[:, 1] > span.start - ONE_STROKE_PT) if sign > 0 else (rows[:, 2] < span.end + ONE_STROKE_PT)
    )
    for _ in range(4):
        if sign > 0:
            on = rows[(rows[:, 1] < reach + LONG_HEAD_PT) & (rows[:, 2] > reach + TAIL_ON_PT) & own_side]
            step = float(on[:, 2].max()) if len(on) else reach
        else:
            on = rows[(rows[:, 2] > reach - LONG_HEAD_PT) & (rows[:, 1] < reach - TAIL_ON_PT) & own_side]
            step = float(on[:, 1].min()) if len(on) else reach
        if abs(step - reach) < TAIL_STEP_PT or abs(step - end) > TAIL_MOST_PT:
            break
        reach = step
    return reach if abs(reach - end) > 0.5 else None


def _elbow(axis: int, x: float, y: float, grid: StrokeGrid) -> list[tuple[float, float]]:
    """Far ends of strokes along `axis` that start at a point."""
    along, across = (x, y) if axis == 0 else (y, x)
    found = []
    for at, low, high in grid.near(axis, across, 0.5):
        for near, far in ((low, high), (high, low)):
            if abs(near - along) < ELBOW_PT and 1.0 < abs(far - near) < TAIL_MOST_PT:
                found.append((float(far), float(at)) if axis == 0 else (float(at), float(far)))
    return found[:4]


def readings_of(spans: list[DimensionSpan], grid: StrokeGrid, quantities: list[Quantity]) -> list[DimensionReading]:
    """Every span with every number that stands near one of its anchors; nothing is measured as zero."""
    quantities = [q for q in quantities if q.target > 0]
    if not quantities:
        return []
    boxes = np.array([[q.box.x0, q.box.y0, q.box.x1, q.box.y1] for q in quantities])
    sizes = np.array([max(q.size, SMALL_LETTER_PT) for q in quantities])
    costs = np.array([_costs(anchors_of(span, grid), boxes, sizes) + _aside(span, boxes, sizes) for span in spans])
    costs = costs.reshape(len(spans), len(quantities))
    lone = costs.min(axis=0, initial=READING_FAR) >= READING_OWN  # numbers that stand at no line
    for i, span in enumerate(spans):
        if not span.inside and lone.any() and costs[i].min() >= READING_OWN:
            costs[i, lone] = np.minimum(costs[i], _costs(_rays(span, grid), boxes, sizes) + _aside(span, boxes, sizes))[
                lone
            ]
    return [
        DimensionReading(spans[int(i)], quantities[int(j)], float(costs[i, j]))
        for i, j in np.argwhere(costs < READING_FAR)
    ]


def _costs(
    anchors: list[tuple[Box, float]], boxes: NDArray[np.float64], sizes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How far each number stands from the nearest anchor, in letter heights and with the cost of the anchor."""
    best = np.full(len(boxes), 1e9)
    for box, extra in anchors:
        dx = np.maximum(np.maximum(boxes[:, 0] - box.x1, box.x0 - boxes[:, 2]), 0)
        dy = np.maximum(np.maximum(boxes[:, 1] - box.y1, box.y0 - boxes[:, 3]), 0)
        best = np.minimum(best, np.hypot(dx, dy) / sizes + extra)
    return best


def _rays(span: DimensionSpan, grid: StrokeGrid) -> list[tuple[Box, float]]:
    """Where a number may stand that is printed beyond the tails of an outside span, in line with them."""
    found = []
    for end, sign in ((span.start, -1), (span.end, 1)):
        tail = _tail(span, end, sign, grid)
        if tail is not None:
            (x, y), (x2, y2) = span.point(tail), span.point(tail + sign * RAY_PT)
            found.append((Box(min(x, x2), min(y, y2), max(x, x2), max(y, y2)), RAY_COST))
    return found


def _aside(span: DimensionSpan, boxes: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """A small cost for standing off the middle of an inside span, where numbers usually are."""
    low, high = (boxes[:, 0], boxes[:, 2]) if span.axis == 0 else (boxes[:, 1], boxes[:, 3])
    off = np.abs((low + high) / 2 - (span.start + span.end) / 2) / np.maximum(sizes, MIDDLE_PART * span.length)
    return np.asarray(OFF_MIDDLE * np.minimum(off, OFF_MIDDLE_MOST))


class Lines:
    """Which dimension line a text stands at."""

    def __init__(self, spans: list[DimensionSpan], grid: StrokeGrid) -> None:
        self.spans, self.grid = spans, grid
        self.anchors: list[list[tuple[Box, float]]] = []

    def at(self, box: Box) -> DimensionSpan | None:
        """The span whose line, tail or leader is nearest, None when none is near."""
        if not self.anchors:
            self.anchors = [anchors_of(s, self.grid) for s in self.spans]
        size = max(min(box.width, box.height), SMALL_LETTER_PT)
        costs = [min(place.gap(box) / size + extra for place, extra in own) for own in self.anchors]
        best = int(np.argmin(costs)) if costs else -1
        return self.spans[best] if costs and costs[best] < READING_OWN else None

    def apart(self, a: Box, b: Box) -> bool:
        """Whether two texts stand at different dimension lines, which may both run into their text from both sides."""
        if all(self._interrupts(box, 0 if max(a.width, b.width) > max(a.height, b.height) else 1) for box in (a, b)):
            return True
        if self._lined(a, b):
            return True
        first, second = self.at(a), self.at(b)
        return first is not None and second is not None and first is not second

    def _lined(self, a: Box, b: Box) -> bool:
        """Whether a dimension line runs between two texts over each other, and the next one right over or under both."""
        axis = 0 if max(a.width, b.width) > max(a.height, b.height) else 1
        (top, low), (high, bottom) = sorted(((c.y0, c.y1) if axis == 0 else (c.x0, c.x1)) for c in (a, b))
        middles = [c.cx if axis == 0 else c.cy for c in (a, b)]
        near = max(min(a.width, a.height), min(b.width, b.height))
        lines = [s.at for s in self.spans if s.axis == axis and all(s.start < m < s.end for m in middles)]
        between = any(low - LINED_PT < at < high + LINED_PT for at in lines)
        return between and any(
            bottom - LINED_PT < at < bottom + near or top - near < at < top + LINED_PT for at in lines
        )

    def _interrupts(self, box: Box, axis: int) -> bool:
        """Whether a line along an axis runs into a text from both sides."""
        along, across = ((box.x0, box.x1), box.cy) if axis == 0 else ((box.y0, box.y1), box.cx)
        rows = self.grid.near(axis, across, BROKEN_ACROSS_PT)
        before = (rows[:, 2] < along[0] + 1) & (rows[:, 2] > along[0] - LINE_GAP_PT)
        after = (rows[:, 1] > along[1] - 1) & (rows[:, 1] < along[1] + LINE_GAP_PT)
        return bool(before.any() and after.any())
