"""Finds closed shapes that may be pads: rectangles, rounded and D-shaped ones, circles and ovals, however they were drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.drawing import painted_arcs, painted_halves, painted_lines, painted_rings, rings
from worker.datasheet.drawing.barred import rectangles as barred_rectangles
from worker.datasheet.geometry.primitives import Box, ClosedOutline, Sheet, area_of
from worker.datasheet.thresholds.drawing import (
    CIRCLE_COARSE,
    CIRCLE_FINE,
    CIRCLE_OFF,
    CIRCLE_OFF_PT,
    CIRCLE_POINTS,
    CIRCLE_RATIO,
    CIRCLE_SMALL_PT,
    CORNER_NEAR,
    CUT_FULL,
    D_RADIUS,
    PAD_FULL,
    RECT_FULL,
    RECT_FULL_ALONE,
    ROUNDED_FULL,
    ROUNDED_FULLY,
    SAME_MIDDLE_PT,
    SAME_ROUND_PT,
    SAME_SIDE_PT,
    SHAPE_LEAST_PT,
    SHAPE_MOST_PART,
)

Point = tuple[float, float]
ROUND = ("circle", "oval")


@dataclass(frozen=True, slots=True)
class Shape:
    """A closed shape in page points. `radius` is the corner radius in points, `kind` a pad shape name."""

    box: Box
    kind: str
    radius: float = 0.0
    filled: bool = False
    pen: float = 0.0
    color: tuple[int, int, int] = (0, 0, 0)
    dashed: bool = False

    def same_size(self, other: Shape, part: float = 0.02, slack: float = 0.25) -> bool:
        """Whether width and height agree within `slack` points or a `part` of their own; round shapes get more slack."""
        a, b = self.box, other.box
        if self.kind in ROUND and other.kind in ROUND:
            slack = max(slack, SAME_ROUND_PT)
        return abs(a.width - b.width) <= max(slack, part * a.width) and abs(a.height - b.height) <= max(
            slack, part * a.height
        )

    def alike(self, other: Shape) -> bool:
        """Whether another shape has the same size, upright or turned by a quarter."""
        b = other.box
        return self.same_size(other) or self.same_size(
            replace(other, box=Box(b.x0, b.y0, b.x0 + b.height, b.y0 + b.width))
        )


def kind_of(points: tuple[Point, ...]) -> tuple[str, float] | None:
    """The pad shape of a closed path and its corner radius; None for outlines no pad has (letters, arrows)."""
    xs, ys = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    w, h = float(np.ptp(xs)), float(np.ptp(ys))
    if w <= 0 or h <= 0:
        return None
    full = area_of(points) / (w * h)
    corners = _corners(xs, ys, w, h)
    if (full > RECT_FULL and corners == 4) or full > RECT_FULL_ALONE:
        return "rect", 0.0
    ratio = max(w, h) / min(w, h)
    if corners == 0 and _round(xs, ys, w, h):
        return "circle", min(w, h) / 2
    if full < PAD_FULL:
        return None
    short = min(w, h)
    lost = (1 - full) * w * h  # each rounded corner of radius r loses r * r * (1 - pi / 4)
    rounded = 4 - corners
    radius = float(np.sqrt(max(lost, 0) / (max(rounded, 1) * (1 - np.pi / 4))))
    if corners == 0 and radius > ROUNDED_FULLY * short:
        return ("circle" if ratio < CIRCLE_RATIO else "oval"), short / 2
    if corners == 2 and radius > D_RADIUS * short:
        return "d_shape", min(radius, short / 2)
    if corners == 0 and radius < 0.5 * short:
        return "roundrect", radius
    if full > ROUNDED_FULL or (corners >= 3 and full > CUT_FULL):
        return ("custom" if corners >= 3 and full < RECT_FULL else "roundrect"), radius
    return None


def _round(xs: NDArray[np.float64], ys: NDArray[np.float64], w: float, h: float) -> bool:
    """Whether the points lie on a circle as well as a coarse plotter draws one."""
    if len(xs) < CIRCLE_POINTS or max(w, h) > min(w, h) * (
        CIRCLE_COARSE if min(w, h) < CIRCLE_SMALL_PT else CIRCLE_FINE
    ):
        return False
    from_centre = np.hypot(xs - (xs.min() + xs.max()) / 2, ys - (ys.min() + ys.max()) / 2)
    return bool(np.ptp(from_centre) < max(CIRCLE_OFF * from_centre.mean(), CIRCLE_OFF_PT))


def _corners(xs: NDArray[np.float64], ys: NDArray[np.float64], w: float, h: float) -> int:
    """How many corners of the bounding box the path really touches."""
    near = CORNER_NEAR * min(w, h) + CORNER_NEAR
    return sum(
        bool(np.any((np.abs(xs - x) < near) & (np.abs(ys - y) < near)))
        for x in (xs.min(), xs.max()) for y in (ys.min(), ys.max())
    )  # fmt: skip


def _fits(box: Box, sheet: Sheet) -> bool:
    big = box.width > SHAPE_MOST_PART * sheet.width or box.height > SHAPE_MOST_PART * sheet.height
    return not big and min(box.width, box.height) >= SHAPE_LEAST_PT


def from_outlines(sheet: Sheet) -> list[Shape]:
    """The closed outlines of a page that are of a shape's size and form, in points, y down."""
    return [shape for outline in sheet.outlines for shape in _shape(outline, sheet)]


def _shape(outline: ClosedOutline, sheet: Sheet) -> list[Shape]:
    kind = kind_of(outline.points) if _fits(outline.box, sheet) else None
    if kind is None:
        return []
    return [Shape(outline.box, kind[0], kind[1], outline.filled, outline.pen, outline.color, outline.dashed)]


def find(sheet: Sheet) -> list[Shape]:
    """Every shape on the page that a pad could be, each once, largest first."""
    barred = barred_rectangles(sheet)
    sides = {side for _, own in barred for side in own}
    closed = [s for o in sheet.outlines if o.box not in sides for s in _shape(painted_lines.line_of(o), sheet)]
    closed += [Shape(box, "rect", pen=own[0].height) for box, own in barred if _fits(box, sheet)]
    ringed = rings.loops(sheet)
    pieced = ringed + painted_halves.rectangles(sheet, ringed)
    joined = Sheet(sheet.number, sheet.width, sheet.height, outlines=pieced)
    painted = painted_rings.circles(sheet) + painted_arcs.circles(sheet)
    discs = [Shape(box, "circle", min(box.width, box.height) / 2) for box in painted]
    return unique(closed + from_outlines(joined) + discs)


def unique(shapes: list[Shape]) -> list[Shape]:
    """Drops shapes drawn twice (fill and stroke), keeping what either says about fill and stroke."""
    kept: dict[tuple[int, int, int, int], Shape] = {}
    for shape in shapes:
        b = shape.box
        key = (
            round(b.cx / SAME_MIDDLE_PT),
            round(b.cy / SAME_MIDDLE_PT),
            round(b.width / SAME_SIDE_PT),
            round(b.height / SAME_SIDE_PT),
        )
        old = kept.get(key)
        if old is None:
            kept[key] = shape
        else:
            better = old if old.pen >= shape.pen else shape
            kept[key] = replace(
                better, filled=old.filled or shape.filled, dashed=(old.dashed or shape.dashed) and not old.filled
            )
    return sorted(kept.values(), key=lambda s: -s.box.area)
