"""Finds where dimension lines end: arrow heads drawn as strokes or filled, dots, and oblique ticks."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.grid import Grid
from worker.datasheet.marks import Outline, Sheet, Tip

TIP_MIN_PT, TIP_MAX_PT = 1.2, 20.0
ROUNDING_PT = 1.3
MAX_TIPS = 4000


def tips_of(sheet: Sheet, grid: Grid) -> list[Tip]:
    """Arrow heads with a stroke behind them, dots and ticks where a dimension line ends."""
    found = [t for t in _arrow_tips(sheet.lines) if _has_tail(t, grid)]
    found.extend(sheet.tips)
    found.extend(_dots(sheet.outlines, grid))
    found.extend(_ticks(sheet.lines, grid))
    return found[:MAX_TIPS]


def _arrow_tips(lines: NDArray[np.float64]) -> list[Tip]:
    """Points where two short strokes meet at a sharp angle around an axis."""
    if len(lines) == 0:
        return []
    found: dict[tuple[int, int, int, int], Tip] = {}
    ends = np.vstack([lines[:, :4], lines[:, [2, 3, 0, 1]]])
    d = ends[:, 2:] - ends[:, :2]
    size = np.hypot(d[:, 0], d[:, 1])
    for axis in (0, 1):
        along, across = d[:, axis], d[:, 1 - axis]
        lean = np.abs(across) / np.maximum(np.abs(along), 1e-9)
        chosen = np.flatnonzero((size > TIP_MIN_PT) & (size < TIP_MAX_PT) & (lean > 0.06) & (lean < 0.6))
        for shift in (0.0, 0.2):
            groups: dict[tuple[int, int, int], list[int]] = defaultdict(list)
            cells = np.floor((ends[chosen, :2] + shift) / 0.4).astype(int)
            for i, (cx, cy) in zip(chosen.tolist(), cells.tolist(), strict=True):
                groups[(cx, cy, int(np.sign(along[i])))].append(i)
            for (_, _, sign), members in groups.items():
                signs = np.sign(across[members])
                if signs.min() < 0 < signs.max() and _symmetric(across[members], along[members]):
                    x, y = ends[members, :2].mean(axis=0)
                    step = (-sign, 0) if axis == 0 else (0, -sign)
                    found[(round(x / 0.4), round(y / 0.4), *step)] = Tip(float(x), float(y), *step)
    return list(found.values())


def _symmetric(across: NDArray[np.float64], along: NDArray[np.float64]) -> bool:
    """Whether both sides of an arrow head lean alike, within what a coarse plotter rounds."""
    lean = across / np.abs(along)
    up, down = float(lean.max()), float(-lean.min())
    skew = abs(up - down) / max(up, down)
    return skew < 0.35 or (skew < 0.75 and abs(float(across.max()) + float(across.min())) < ROUNDING_PT)


def _has_tail(tip: Tip, grid: Grid) -> bool:
    """Whether a stroke of the dimension line runs into the arrow head, from either side."""
    axis = 0 if tip.dx else 1
    along, across = (tip.x, tip.y) if axis == 0 else (tip.y, tip.x)
    rows = grid.near(axis, across)
    sign = tip.dx + tip.dy
    low, high = (along - TIP_MAX_PT, along + 1.0) if sign > 0 else (along - 1.0, along + TIP_MAX_PT)
    return bool(np.any((rows[:, 1] < high) & (rows[:, 2] > low) & (rows[:, 2] - rows[:, 1] > 1.0)))


def _dots(outlines: list[Outline], grid: Grid) -> list[Tip]:
    """Small filled discs where two strokes cross."""
    found = []
    for outline in outlines:
        b = outline.box
        if not (outline.filled and outline.curved and 0.6 < b.width < 5 and abs(b.width - b.height) < 0.15 * b.width):
            continue
        if _crosses(grid, 0, b.cy, b.cx) and _crosses(grid, 1, b.cx, b.cy):
            found.append(Tip(b.cx, b.cy, 0, 0))
    return found


def _ticks(lines: NDArray[np.float64], grid: Grid) -> list[Tip]:
    """Short oblique strokes over the crossing of two lines."""
    if len(lines) == 0:
        return []
    d = np.abs(lines[:, 2:4] - lines[:, :2])
    size = np.hypot(d[:, 0], d[:, 1])
    chosen = lines[(size > 2) & (size < 12) & (np.abs(d[:, 0] - d[:, 1]) < 0.25 * size)]
    found = []
    for x0, y0, x1, y1 in chosen[:2000, :4]:
        x, y = float(x0 + x1) / 2, float(y0 + y1) / 2
        if _crosses(grid, 0, y, x) and _crosses(grid, 1, x, y):
            found.append(Tip(x, y, 0, 0))
    return found


def _crosses(grid: Grid, axis: int, across: float, along: float) -> bool:
    rows = grid.near(axis, across, 0.5)
    return bool(np.any((rows[:, 1] < along + 0.7) & (rows[:, 2] > along - 0.7) & (rows[:, 2] - rows[:, 1] > 3)))
