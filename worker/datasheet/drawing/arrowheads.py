"""Finds where dimension lines end: arrow heads drawn as strokes or filled, dots, and oblique ticks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from worker.datasheet.geometry.grid import StrokeGrid
from worker.datasheet.geometry.primitives import ClosedOutline, Sheet, Tip
from worker.datasheet.thresholds.drawing import (
    CROSSED_LEAST_PT,
    CROSSED_PT,
    CURVED_HEAD_END,
    CURVED_HEAD_LONG,
    CURVED_HEAD_POINTS,
    CURVED_HEAD_SHARP,
    CURVED_HEAD_WIDE,
    DOT_CORNERS,
    DOT_LEAST_PT,
    DOT_MOST_PT,
    DOT_ROUND,
    HALF_HEAD_OFF,
    HALF_HEAD_WIDE,
    NOTCH_LEAST_PT,
    TICK_LEAST_PT,
    TICK_MOST_PT,
    TICK_SKEW,
    TIP_LEAN_LEAST,
    TIP_LEAN_MOST,
    TIP_MAX_PT,
    TIP_MIN_PT,
    TIP_MISS_PART,
    TIP_OPEN_LEAST_PT,
    TIP_ROUNDING_PT,
    TIP_SAME_PT,
    TIP_SIDES_ALIKE,
    TIP_SKEW,
    TIP_SKEW_MOST,
    TIP_TOUCH_PT,
)

MAX_TIPS = 4000
TRIANGLE = 3  # corners


def tips_of(sheet: Sheet, grid: StrokeGrid) -> list[Tip]:
    """Arrow heads with a stroke behind them, dots and ticks where a dimension line ends."""
    found = [t for t in _arrow_tips(sheet.lines) if _has_tail(t, grid)]
    found.extend(sheet.arrowheads)
    filled = (_curved_head(o) or _half_head(o) for o in sheet.outlines)
    found.extend(t for t in filled if t is not None and _has_tail(t, grid))
    found.extend(_dots(sheet.outlines, grid))
    found.extend(_ticks(sheet.lines, grid))
    return found[:MAX_TIPS]


def _arrow_tips(lines: NDArray[np.float64]) -> list[Tip]:
    """Points where two short strokes meet, or nearly do, at a sharp angle around an axis."""
    if len(lines) == 0:
        return []
    ends = np.vstack([lines[:, :4], lines[:, [2, 3, 0, 1]]])
    size = np.hypot(*(ends[:, 2:] - ends[:, :2]).T)
    found: list[Tip] = []
    for axis in (0, 1):
        along, across = (ends[:, 2:] - ends[:, :2])[:, [axis, 1 - axis]].T
        lean = np.abs(across) / np.maximum(np.abs(along), 1e-9)
        chosen = np.flatnonzero(
            (size > TIP_MIN_PT) & (size < TIP_MAX_PT) & (lean > TIP_LEAN_LEAST) & (lean < TIP_LEAN_MOST)
        )
        exact = _heads(chosen[_touching(ends[chosen])], ends, along, across, axis)
        loose = _heads(chosen[_missing(ends[chosen], size[chosen])], ends, along, across, axis)
        heads = _without_notches([*exact, *(h for h in loose if not any(_same_head(h[0], t) for t, _ in exact))])
        found += [t for t, _ in heads]
    return found


def _without_notches(heads: list[tuple[Tip, float]]) -> list[tuple[Tip, float]]:
    """The heads, each with its length, without the notch that the back of a head may have, which points as it does."""
    return [one for one in heads if not any(_notches(one, head) for head in heads)]


def _notches(one: tuple[Tip, float], head: tuple[Tip, float]) -> bool:
    """Whether a tip lies behind that of a head of its direction and both end at the same barbs."""
    (tip, length), (of, reach) = one, head
    behind = (of.x - tip.x) * tip.dx + (of.y - tip.y) * tip.dy
    aside = abs((of.x - tip.x) * tip.dy) + abs((of.y - tip.y) * tip.dx)
    same_way = (tip.dx, tip.dy) == (of.dx, of.dy)
    return same_way and behind > NOTCH_LEAST_PT and aside < TIP_TOUCH_PT and abs(behind + length - reach) < TIP_TOUCH_PT


def _touching(ends: NDArray[np.float64]) -> NDArray[np.intp]:
    """Pairs of strokes whose ends touch."""
    if len(ends) == 0:
        return np.zeros((0, 2), dtype=np.intp)
    return np.asarray(cKDTree(ends[:, :2]).query_pairs(TIP_TOUCH_PT, output_type="ndarray"))


def _missing(ends: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.intp]:
    """Pairs of strokes of one length whose ends miss each other by a part of it, as in heads drawn by hand."""
    long = np.flatnonzero(size > TIP_OPEN_LEAST_PT)
    if len(long) == 0:
        return np.zeros((0, 2), dtype=np.intp)
    pairs = long[cKDTree(ends[long, :2]).query_pairs(TIP_MISS_PART * TIP_MAX_PT, output_type="ndarray")]
    gap, back = (np.hypot(*(ends[pairs[:, 0], k : k + 2] - ends[pairs[:, 1], k : k + 2]).T) for k in (0, 2))
    alike = np.abs(size[pairs[:, 0]] - size[pairs[:, 1]]) < TIP_SIDES_ALIKE * size[pairs[:, 0]]
    return np.asarray(
        pairs[(gap > TIP_TOUCH_PT) & (gap < TIP_MISS_PART * size[pairs].min(axis=1)) & (gap < 0.5 * back) & alike]
    )


def _heads(
    pairs: NDArray[np.intp],
    ends: NDArray[np.float64],
    along: NDArray[np.float64],
    across: NDArray[np.float64],
    axis: int,
) -> list[tuple[Tip, float]]:
    """Tips of the pairs that lean alike to either side of the axis, each once with the length of its head in points."""
    found: dict[tuple[int, int, int, int], tuple[Tip, float]] = {}
    for pair in pairs:
        i, j = pair.tolist()
        if along[i] * along[j] <= 0 or across[i] * across[j] >= 0 or not _symmetric(across[pair], along[pair]):
            continue
        x, y = ends[pair, :2].mean(axis=0)
        sign = int(np.sign(along[i]))
        step = (-sign, 0) if axis == 0 else (0, -sign)
        length = float(np.abs(along[pair]).max())
        key = (round(x / TIP_SAME_PT), round(y / TIP_SAME_PT), *step)
        if key not in found or length > found[key][1]:
            found[key] = (Tip(float(x), float(y), *step), length)
    return list(found.values())


def _same_head(a: Tip, b: Tip) -> bool:
    return (a.dx, a.dy) == (b.dx, b.dy) and abs(a.x - b.x) + abs(a.y - b.y) < 2 * TIP_OPEN_LEAST_PT


def _symmetric(across: NDArray[np.float64], along: NDArray[np.float64]) -> bool:
    """Whether both sides of an arrow head lean alike, within what a coarse plotter rounds."""
    lean = across / np.abs(along)
    up, down = float(lean.max()), float(-lean.min())
    skew = abs(up - down) / max(up, down)
    return skew < TIP_SKEW or (
        skew < TIP_SKEW_MOST and abs(float(across.max()) + float(across.min())) < TIP_ROUNDING_PT
    )


def _has_tail(tip: Tip, grid: StrokeGrid) -> bool:
    """Whether a stroke of the dimension line runs into the arrow head, from either side."""
    axis = 0 if tip.dx else 1
    along, across = (tip.x, tip.y) if axis == 0 else (tip.y, tip.x)
    rows = grid.near(axis, across)
    sign = tip.dx + tip.dy
    low, high = (along - TIP_MAX_PT, along + 1.0) if sign > 0 else (along - 1.0, along + TIP_MAX_PT)
    return bool(np.any((rows[:, 1] < high) & (rows[:, 2] > low) & (rows[:, 2] - rows[:, 1] > 1.0)))


def _curved_head(outline: ClosedOutline) -> Tip | None:
    """The tip of a filled head with bent sides: about one axis alike, wide at one end of it and sharp at the other."""
    b = outline.box
    length, width = max(b.width, b.height), min(b.width, b.height)
    if not outline.filled or len(outline.points) < CURVED_HEAD_POINTS or not TIP_MIN_PT < length < TIP_MAX_PT:
        return None
    if not CURVED_HEAD_LONG * width < length < width / TIP_LEAN_LEAST:
        return None
    axis = 0 if b.width > b.height else 1
    xy = np.array(outline.points)
    along, across = (xy[:, axis] - (b.x0, b.y0)[axis]) / length, (xy[:, 1 - axis] - (b.cx, b.cy)[1 - axis]) / width
    low, high = (across[at] for at in (along < CURVED_HEAD_END, along > 1 - CURVED_HEAD_END))
    ends = [(np.ptp(own), abs(float(own.mean()))) for own in (low, high)]
    sharp = [spread < CURVED_HEAD_SHARP and off < CURVED_HEAD_SHARP / 2 for spread, off in ends]
    wide = [spread > CURVED_HEAD_WIDE for spread, _ in ends]
    if not ((sharp[0] and wide[1]) or (sharp[1] and wide[0])):
        return None
    sign = -1 if sharp[0] else 1
    at = (b.x0, b.y0)[axis] if sharp[0] else (b.x1, b.y1)[axis]
    return Tip(at, b.cy, sign, 0) if axis == 0 else Tip(b.cx, at, 0, sign)


def _half_head(outline: ClosedOutline) -> Tip | None:
    """The tip of a filled head of which one side alone is drawn: a slim right triangle whose long leg is on the line."""
    corners = np.unique(np.array(outline.points), axis=0)
    if not outline.filled or len(corners) != TRIANGLE:
        return None
    for at in range(TRIANGLE):
        legs = np.delete(corners, at, axis=0) - corners[at]
        long, short = legs[np.argsort(-np.abs(legs).max(axis=1))]
        axis = int(np.argmax(np.abs(long)))
        length, wide = abs(float(long[axis])), abs(float(short[1 - axis]))
        right = max(abs(float(long[1 - axis])), abs(float(short[axis]))) < HALF_HEAD_OFF * length
        if right and TIP_MIN_PT < length < TIP_MAX_PT and TIP_LEAN_LEAST * length < wide < HALF_HEAD_WIDE * length:
            x, y = (corners[at] + long).tolist()
            sign = int(np.sign(long[axis]))
            return Tip(x, y, sign, 0) if axis == 0 else Tip(x, y, 0, sign)
    return None


def _dots(outlines: list[ClosedOutline], grid: StrokeGrid) -> list[Tip]:
    """Small filled discs where two strokes cross."""
    found = []
    for outline in outlines:
        b = outline.box
        if not (
            outline.filled
            and (outline.curved or len(outline.points) > DOT_CORNERS)
            and DOT_LEAST_PT < b.width < DOT_MOST_PT
            and abs(b.width - b.height) < DOT_ROUND * b.width
        ):
            continue
        if _crosses(grid, 0, b.cy, b.cx) and _crosses(grid, 1, b.cx, b.cy):
            found.append(Tip(b.cx, b.cy, 0, 0))
    return found


def _ticks(lines: NDArray[np.float64], grid: StrokeGrid) -> list[Tip]:
    """Short oblique strokes over the crossing of two lines."""
    if len(lines) == 0:
        return []
    d = np.abs(lines[:, 2:4] - lines[:, :2])
    size = np.hypot(d[:, 0], d[:, 1])
    chosen = lines[(size > TICK_LEAST_PT) & (size < TICK_MOST_PT) & (np.abs(d[:, 0] - d[:, 1]) < TICK_SKEW * size)]
    found = []
    for x0, y0, x1, y1 in chosen[:2000, :4]:
        x, y = float(x0 + x1) / 2, float(y0 + y1) / 2
        if _crosses(grid, 0, y, x) and _crosses(grid, 1, x, y):
            found.append(Tip(x, y, 0, 0))
    return found


def _crosses(grid: StrokeGrid, axis: int, across: float, along: float) -> bool:
    rows = grid.near(axis, across, 0.5)
    return bool(
        np.any(
            (rows[:, 1] < along + CROSSED_PT)
            & (rows[:, 2] > along - CROSSED_PT)
            & (rows[:, 2] - rows[:, 1] > CROSSED_LEAST_PT)
        )
    )
