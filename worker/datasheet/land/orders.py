"""Orders in which the pads of a pattern are numbered: around it, along a row, in turn between two rows, row by row."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import around
from worker.datasheet.thresholds.land import CORNER_ROW, ORDER_LEVEL_PT

LEAST_PARTS = 4


def in_line(pads: list[Shape]) -> bool:
    """Whether the pads stand in a single row or column."""
    small = min(min(p.box.width, p.box.height) for p in pads)
    spread = (np.ptp([p.box.cx for p in pads]), np.ptp([p.box.cy for p in pads]))
    return bool(min(spread) < 0.5 * small)


def order(pads: list[Shape]) -> list[int]:
    """Indices of pads counter-clockwise as seen, or from left to right (top to bottom) for a single row."""
    xs, ys = np.array([p.box.cx for p in pads]), np.array([p.box.cy for p in pads])
    if in_line(pads):
        return [int(i) for i in np.argsort(xs if np.ptp(xs) > np.ptp(ys) else ys)]
    cx, cy = (xs.max() + xs.min()) / 2, (ys.max() + ys.min()) / 2
    angle = np.arctan2(-(ys - cy) / max(np.ptp(ys), 1e-6), (xs - cx) / max(np.ptp(xs), 1e-6))
    return [int(i) for i in np.argsort(angle, kind="stable")]


def _rows(pads: list[Shape]) -> bool:
    """Whether the pads stand in rows over each other, not in columns side by side or on all four sides."""
    if _on_four_sides(pads):
        return False
    xs, ys = {round(p.box.cx / 2) for p in pads}, {round(p.box.cy / 2) for p in pads}
    return len(xs) > len(ys)


def _on_four_sides(pads: list[Shape]) -> bool:
    """Whether each side of the extents has a row of pads of its own, none of which is in a corner."""
    box = around([p.box for p in pads])
    offs = [(p.box.x0 - box.x0, box.x1 - p.box.x1, p.box.y0 - box.y0, box.y1 - p.box.y1) for p in pads]
    at = [[off < ORDER_LEVEL_PT for off in own] for own in offs]
    return all(sum(own) == 1 for own in at) and all(sum(side) > 1 for side in zip(*at, strict=True))


def numbered(ring: list[int], start: int, step: int, count: int) -> list[int]:
    """Numbers of all pads when the ring is walked from place `start` in direction `step`."""
    names = [0] * count
    for k in range(len(ring)):
        names[ring[(start + step * k) % len(ring)]] = k + 1
    return names


def zigzag(pads: list[Shape]) -> list[list[int]]:
    """Both orders of two staggered rows whose pads follow each other in turn, as those of a modular jack do."""
    for along, across in (("cx", "cy"), ("cy", "cx")):
        row = sorted(range(len(pads)), key=lambda i: getattr(pads[i].box, along))
        sides = [getattr(pads[i].box, across) for i in row]
        steps = np.diff([getattr(pads[i].box, along) for i in row])
        middle = (max(sides) + min(sides)) / 2
        turns = all((a - middle) * (b - middle) < 0 for a, b in pairwise(sides))
        if len(pads) >= LEAST_PARTS and turns and steps.min() > 0.5 * steps.max():
            return [row, row[::-1]]
    return []


def first_of(pads: list[Shape], ring: list[int]) -> int:
    """Place in the ring of pin 1 by convention: left end of the lower row, or top of the left column."""
    xs, ys = [p.box.cx for p in pads], [p.box.cy for p in pads]
    if ring == sorted(ring, key=lambda i: xs[i]) and max(ys) - min(ys) < 0.5 * pads[0].box.height:
        return 0
    if ring == sorted(ring, key=lambda i: ys[i]) and max(xs) - min(xs) < 0.5 * pads[0].box.width:
        return 0
    longer = _longer_row(pads, ring)
    if longer is not None:
        return longer
    if _rows(pads):
        low = max(ys)
        row = [i for i in ring if low - ys[i] < CORNER_ROW * pads[i].box.height]
        return ring.index(min(row, key=lambda i: xs[i]))
    left = min(xs)
    column = [i for i in ring if xs[i] - left < CORNER_ROW * pads[i].box.width]
    return ring.index(min(column, key=lambda i: ys[i]))


def _longer_row(pads: list[Shape], ring: list[int]) -> int | None:
    """Place in the ring where the longer one of two rows begins: that of pin 1 in packages with fewer leads on one side."""
    for of in ("cy", "cx"):
        sides = [getattr(pads[i].box, of) for i in ring]
        first = [abs(v - min(sides)) < ORDER_LEVEL_PT for v in sides]
        count = sum(first)
        if all(
            f or abs(v - max(sides)) < ORDER_LEVEL_PT for f, v in zip(first, sides, strict=True)
        ) and 2 * count != len(ring):
            long = [f == (2 * count > len(ring)) for f in first]
            return next(k for k in range(len(ring)) if long[k] and not long[k - 1])
    return None


def grid_orders(pads: list[Shape]) -> list[list[int]]:
    """Every order of a full grid that walks all its rows, or all its columns, in one direction, as headers are numbered."""
    found = []
    for along, across in (("cx", "cy"), ("cy", "cx")):
        lines = _lines(pads, along, across)
        if len(lines) > 1 and len(lines[0]) > 1 and len({len(line) for line in lines}) == 1:
            found += [[i for line in lines[::way] for i in line[::turn]] for way in (1, -1) for turn in (1, -1)]
    return found


def _lines(pads: list[Shape], along: str, across: str) -> list[list[int]]:
    """The pads of each line along one axis, from the lowest line and the lowest place in it."""
    lines: list[list[int]] = []
    for i in sorted(range(len(pads)), key=lambda i: getattr(pads[i].box, across)):
        apart = (
            not lines or abs(getattr(pads[lines[-1][0]].box, across) - getattr(pads[i].box, across)) > ORDER_LEVEL_PT
        )
        if apart:
            lines.append([])
        lines[-1].append(i)
    return [sorted(line, key=lambda i: getattr(pads[i].box, along)) for line in lines]
