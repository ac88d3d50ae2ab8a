"""Finds closed shapes that may be pads: rectangles, rounded and D-shaped ones, circles and ovals, however they were drawn."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.drawing import painted_halves, painted_lines, painted_rings
from worker.datasheet.drawing.barred import rectangles as barred_rectangles
from worker.datasheet.geometry.primitives import Box, ClosedOutline, Sheet
from worker.datasheet.thresholds.drawing import (
    BAR_ASPECT,
    BAR_LEAST_PT,
    BAR_POINTS,
    BAR_PT,
    CIRCLE_COARSE,
    CIRCLE_FINE,
    CIRCLE_OFF,
    CIRCLE_OFF_PT,
    CIRCLE_POINTS,
    CIRCLE_RATIO,
    CIRCLE_SMALL_PT,
    CORNER_NEAR,
    CURVE_LEAST,
    CURVE_MOST,
    CUT_FULL,
    D_RADIUS,
    PAD_FULL,
    RECT_FULL,
    RECT_FULL_ALONE,
    RING_LINES_CURVED,
    RING_LINES_MOST,
    ROUNDED_FULL,
    ROUNDED_FULLY,
    SAME_MIDDLE_PT,
    SAME_ROUND_PT,
    SAME_SIDE_PT,
    SHAPE_JOIN_PT,
    SHAPE_LEAST_PT,
    SHAPE_MOST_PART,
)

Point = tuple[float, float]
MAX_LOOSE = 40_000
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


def area_of(points: tuple[Point, ...]) -> float:
    """Area of a closed polygon in square points, whichever way round it is drawn (shoelace formula)."""
    xy = np.asarray(points, dtype=float)
    x, y = xy[:, 0], xy[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


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


def loops(sheet: Sheet) -> list[ClosedOutline]:
    """Closed outlines made of separate strokes that meet end to end, whatever else ends at their corners."""
    lines = _loose(sheet)
    if not 3 <= len(lines) <= MAX_LOOSE:
        return []
    return [ring for shift in (0.0, 0.5) for ring in _joined(lines, shift)]


def _joined(lines: NDArray[np.float64], shift: float) -> list[ClosedOutline]:
    """Ends in the same cell of a grid meet; two ends that a cell's border parts meet in the grid shifted by half a cell."""
    ends = np.round(np.vstack([lines[:, :2], lines[:, 2:4]]) / SHAPE_JOIN_PT + shift).astype(np.int64)
    _, node = np.unique(ends, axis=0, return_inverse=True)
    a, b = node[: len(lines)], node[len(lines) :]
    at: dict[int, list[int]] = defaultdict(list)
    for i in np.flatnonzero(_ringed(a, b)).tolist():
        at[int(a[i])].append(i)
        at[int(b[i])].append(i)
    return _walk(lines, a, b, at)


def _ringed(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Lines both of whose ends lead on: extension lines and what else leads nowhere are taken off, end by end."""
    kept = a != b
    while True:
        degree = np.bincount(np.concatenate([a[kept], b[kept]]), minlength=int(max(a.max(), b.max())) + 1)
        loose = kept & ((degree[a] == 1) | (degree[b] == 1))
        if not loose.any():
            return np.asarray(kept, dtype=np.bool_)
        kept &= ~loose


def _bars(sheet: Sheet) -> NDArray[np.float64]:
    """The middle lines of level and upright bars: sides of shapes that a converter painted as four thin areas."""
    rows = []
    for outline in sheet.outlines:
        b = outline.box
        thick, length = min(b.width, b.height), max(b.width, b.height)
        if len(outline.points) <= BAR_POINTS and thick < BAR_PT and length > max(SHAPE_LEAST_PT, BAR_ASPECT * thick):
            half = thick / 2
            ends = (
                (b.x0 + half, b.cy, b.x1 - half, b.cy) if b.width > b.height else (b.cx, b.y0 + half, b.cx, b.y1 - half)
            )
            rows.append((*ends, max(thick, BAR_LEAST_PT), 0.0, 0.0))
    return np.array(rows).reshape(-1, 7)


def _loose(sheet: Sheet) -> NDArray[np.float64]:
    """Stroked lines, doubled ones once, and thin bars."""
    lines = sheet.lines[sheet.lines[:, 4] > 0] if len(sheet.lines) else sheet.lines
    bars = _bars(sheet)
    lines = np.vstack([lines, bars]) if len(lines) else bars
    if len(lines) == 0:
        return lines
    flip = (lines[:, 0] > lines[:, 2]) | ((lines[:, 0] == lines[:, 2]) & (lines[:, 1] > lines[:, 3]))
    ends = np.where(flip[:, None], lines[:, [2, 3, 0, 1]], lines[:, :4])
    _, first = np.unique(np.round(ends / SHAPE_JOIN_PT).astype(np.int64), axis=0, return_index=True)
    return np.asarray(lines[np.sort(first)])


def _walk(
    lines: NDArray[np.float64], a: NDArray[np.int64], b: NDArray[np.int64], at: dict[int, list[int]]
) -> list[ClosedOutline]:
    done: set[int] = set()
    found: list[ClosedOutline] = []
    for start in range(len(lines)):
        if start in done or start not in at[int(a[start])] or len(at[int(a[start])]) != 2:
            continue
        ring, points, node = [start], [(float(lines[start, 0]), float(lines[start, 1]))], int(b[start])
        while node != int(a[start]) and len(ring) < RING_LINES_MOST:
            onward = _onward(lines, a, at[node], ring[-1], node)
            if onward is None or onward in ring:
                break
            step, forward = onward, int(a[onward]) == node
            points.append((float(lines[step, 0 if forward else 2]), float(lines[step, 1 if forward else 3])))
            ring.append(step)
            node = int(b[step]) if forward else int(a[step])
        done.update(ring)
        if node == int(a[start]) and len(ring) >= 4:
            curved = len(ring) > RING_LINES_CURVED
            found.append(ClosedOutline(tuple(points), False, True, curved, (0, 0, 0), float(lines[start, 4])))
    return found


def _onward(lines: NDArray[np.float64], a: NDArray[np.int64], meeting: list[int], last: int, node: int) -> int | None:
    """The line that goes on from the end of another one; where more meet, the one that bends on as a curve does."""
    others = [i for i in meeting if i != last]
    if len(others) == 1:
        return others[0]
    come = _direction(lines[last], int(a[last]) != node)
    bends = [((come - _direction(lines[i], int(a[i]) == node) + np.pi) % (2 * np.pi) - np.pi, i) for i in others]
    curved = [i for bend, i in bends if CURVE_LEAST < abs(bend) < CURVE_MOST]
    return curved[0] if len(curved) == 1 else None


def _direction(line: NDArray[np.float64], forward: bool) -> float:
    dx, dy = line[2] - line[0], line[3] - line[1]
    return float(np.arctan2(dy, dx) if forward else np.arctan2(-dy, -dx))


def find(sheet: Sheet) -> list[Shape]:
    """Every shape on the page that a pad could be, each once, largest first."""
    barred = barred_rectangles(sheet)
    sides = {side for _, own in barred for side in own}
    closed = [s for o in sheet.outlines if o.box not in sides for s in _shape(painted_lines.line_of(o), sheet)]
    closed += [Shape(box, "rect", pen=own[0].height) for box, own in barred if _fits(box, sheet)]
    pieced = loops(sheet) + painted_halves.rectangles(sheet)
    joined = Sheet(sheet.number, sheet.width, sheet.height, outlines=pieced)
    rings = [Shape(box, "circle", min(box.width, box.height) / 2) for box in painted_rings.circles(sheet)]
    return unique(closed + from_outlines(joined) + rings)


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
