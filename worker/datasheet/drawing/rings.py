"""Closed outlines made of separate strokes that meet end to end."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from worker.datasheet.geometry.primitives import ClosedOutline, Sheet
from worker.datasheet.thresholds.drawing import (
    BAR_ASPECT,
    BAR_LEAST_PT,
    BAR_POINTS,
    BAR_PT,
    CURVE_LEAST,
    CURVE_MOST,
    RING_LINES_CURVED,
    RING_LINES_MOST,
    SHAPE_JOIN_CLOSE_PT,
    SHAPE_JOIN_PT,
    SHAPE_LEAST_PT,
    SQUARE_TURN,
)

MAX_LOOSE = 40_000


def loops(sheet: Sheet) -> list[ClosedOutline]:
    """Closed outlines made of separate strokes that meet end to end, whatever else ends at their corners.

    Strokes that end beside a corner, as those of a hatch do, meet there within the larger reach and not within the smaller.
    """
    lines = _loose(sheet)
    if not 3 <= len(lines) <= MAX_LOOSE:
        return []
    return [ring for reach in (SHAPE_JOIN_PT, SHAPE_JOIN_CLOSE_PT) for ring in _joined(lines, reach)]


def _joined(lines: NDArray[np.float64], reach: float) -> list[ClosedOutline]:
    """The outlines of strokes whose ends lie within `reach` points."""
    node = _met(np.vstack([lines[:, :2], lines[:, 2:4]]), reach)
    a, b = node[: len(lines)], node[len(lines) :]
    at: dict[int, list[int]] = defaultdict(list)
    for i in np.flatnonzero(_ringed(a, b)).tolist():
        at[int(a[i])].append(i)
        at[int(b[i])].append(i)
    return _walk(lines, a, b, at)


def _met(ends: NDArray[np.float64], reach: float) -> NDArray[np.int64]:
    """Which ends meet: of the ends (n, 2) in points the number of the corner that each lies at, the same for near ones."""
    pairs = cKDTree(ends).query_pairs(reach, output_type="ndarray")
    near = coo_array((np.ones(len(pairs), dtype=np.bool_), pairs.T), shape=(len(ends), len(ends)))
    return np.asarray(connected_components(near, directed=False)[1], dtype=np.int64)


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
        if (
            3 < len(outline.points) <= BAR_POINTS
            and thick < BAR_PT
            and length > max(SHAPE_LEAST_PT, BAR_ASPECT * thick)
        ):
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
        ring, points, node, way = [start], [(float(lines[start, 0]), float(lines[start, 1]))], int(b[start]), 0.0
        while node != int(a[start]) and len(ring) < RING_LINES_MOST:
            onward = _onward(lines, a, at[node], ring[-1], node, way)
            if onward is None or onward[0] in ring:
                break
            step, forward = onward[0], int(a[onward[0]]) == node
            way = way or (onward[1] if abs(onward[1]) > CURVE_LEAST else 0.0)
            points.append((float(lines[step, 0 if forward else 2]), float(lines[step, 1 if forward else 3])))
            ring.append(step)
            node = int(b[step]) if forward else int(a[step])
        done.update(ring)
        if node == int(a[start]) and len(ring) >= 4:
            curved = len(ring) > RING_LINES_CURVED
            found.append(ClosedOutline(tuple(points), False, True, curved, (0, 0, 0), float(lines[start, 4])))
    return found


def _onward(
    lines: NDArray[np.float64], a: NDArray[np.int64], meeting: list[int], last: int, node: int, way: float
) -> tuple[int, float] | None:
    """The line that goes on from the end of another one, and by how much it turns in radians.

    Where more meet it is the one that bends on as a curve does, else the one at a right angle: extension lines go straight
    on from the corners of pads. `way` is the first turn, which all others follow.
    """
    come = _direction(lines[last], int(a[last]) != node)
    bends = [
        (i, (_direction(lines[i], int(a[i]) == node) - come + np.pi) % (2 * np.pi) - np.pi)
        for i in meeting
        if i != last
    ]
    if len(bends) == 1:
        return bends[0]
    curved = [one for one in bends if CURVE_LEAST < abs(one[1]) < CURVE_MOST]
    square = [one for one in bends if abs(abs(one[1]) - np.pi / 2) < SQUARE_TURN and one[1] * way >= 0]
    return curved[0] if len(curved) == 1 else square[0] if len(square) == 1 and not curved else None


def _direction(line: NDArray[np.float64], forward: bool) -> float:
    dx, dy = line[2] - line[0], line[3] - line[1]
    return float(np.arctan2(dy, dx) if forward else np.arctan2(-dy, -dx))
