"""Finds the tables of a page by their rules: cells, also those that span several columns or rows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.geometry.primitives import Box, around
from worker.datasheet.thresholds.pins import (
    BORDER_PT,
    HEAD_PT,
    MOST_CELLS,
    MOST_RULES,
    NARROWEST_PT,
    ROW_PT,
    RULE_LEAST,
    RULE_SKEW,
    RULE_SNAP,
    RULE_TOUCH,
)

Rule = tuple[float, float, float]  # where it lies, and from where to where it goes


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with the rows and columns that it spans, ends excluded."""

    box: Box
    rows: tuple[int, int]
    columns: tuple[int, int]


@dataclass(frozen=True, slots=True)
class RuledTable:
    """A table: cells from top to bottom, then from left to right."""

    box: Box
    cells: tuple[Cell, ...]
    xs: tuple[float, ...]  # of the upright rules

    @property
    def columns(self) -> int:
        """How many columns its upright rules bound."""
        return len(self.xs) - 1

    def column(self, at: int) -> list[Cell]:
        """The cells over a column, from top to bottom."""
        return [c for c in self.cells if c.columns[0] <= at < c.columns[1]]


def tables_of(lines: NDArray[np.float64]) -> list[RuledTable]:
    """Every table of two columns and two rows or more, from the strokes of a page (n x 7) in points."""
    level, upright = _rules(lines)
    if len(level) + len(upright) > MOST_RULES:
        return []
    groups: defaultdict[int, tuple[list[Rule], list[Rule]]] = defaultdict(lambda: ([], []))
    for kind, rules, names in zip((0, 1), (level, upright), _grouped(level, upright), strict=True):
        for rule, name in zip(rules, names, strict=True):
            groups[name][kind].append(rule)
    free = sorted(rule for h, v in groups.values() if not v for rule in h)
    found = [t for h, v in groups.values() if h and v and (t := _table(h, v, _going_on(h, free))) is not None]
    return sorted(found, key=lambda t: (t.box.y0, t.box.x0))


def _rules(lines: NDArray[np.float64]) -> tuple[list[Rule], list[Rule]]:
    """Level and upright rules, pieces of one joined."""
    result = []
    for along in (0, 1):
        across = 1 - along
        flat = np.abs(lines[:, across] - lines[:, across + 2]) < RULE_SKEW
        long = np.abs(lines[:, along] - lines[:, along + 2]) > RULE_SNAP
        chosen = lines[flat & long]
        pieces = [
            (float(one[across]), float(min(one[along], one[along + 2])), float(max(one[along], one[along + 2])))
            for one in chosen
        ]
        result.append([rule for rule in _joined(pieces) if rule[2] - rule[1] >= RULE_LEAST])
    return result[0], result[1]


def _joined(pieces: list[Rule]) -> list[Rule]:
    found: list[Rule] = []
    for lane in _lanes(pieces):
        at = sum(p[0] for p in lane) / len(lane)
        start, end = lane[0][1], lane[0][2]
        for _, low, high in sorted(lane, key=lambda p: p[1]):
            if low > end + RULE_SNAP:
                found.append((at, start, end))
                start, end = low, high
            end = max(end, high)
            start = min(start, low)
        found.append((at, start, end))
    return found


def _lanes(pieces: list[Rule], snap: float = RULE_SNAP) -> list[list[Rule]]:
    """Pieces that lie in one line."""
    lanes: list[list[Rule]] = []
    for piece in sorted(pieces):
        if lanes and piece[0] - lanes[-1][0][0] < snap:
            lanes[-1].append(piece)
        else:
            lanes.append([piece])
    return [sorted(lane, key=lambda p: p[1]) for lane in lanes]


def _grouped(level: list[Rule], upright: list[Rule]) -> tuple[list[int], list[int]]:
    """A number for each rule, the same for those that meet, directly or over others."""
    parent = list(range(len(level) + len(upright)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    if level and upright:
        h, v = np.array(level), np.array(upright)
        meets = (
            (h[:, None, 1] - RULE_TOUCH <= v[None, :, 0]) & (v[None, :, 0] <= h[:, None, 2] + RULE_TOUCH)
            & (v[None, :, 1] - RULE_TOUCH <= h[:, None, 0]) & (h[:, None, 0] <= v[None, :, 2] + RULE_TOUCH)
        )  # fmt: skip
        for i, j in np.argwhere(meets).tolist():
            parent[root(i)] = root(len(level) + j)
    names = [root(i) for i in range(len(parent))]
    return names[: len(level)], names[len(level) :]


def _going_on(head: list[Rule], free: list[Rule]) -> list[Rule]:
    """The level rules under a head that begin where it does, of a table whose columns are parted in its head alone."""
    found: list[Rule] = []
    last = max(head)
    if last[0] - min(head)[0] > HEAD_PT:
        return []
    for rule in free:
        if 0 < rule[0] - last[0] < ROW_PT and abs(rule[1] - last[1]) < RULE_TOUCH:
            found.append(rule)
            last = rule
    return found


def _table(head: list[Rule], upright: list[Rule], more: list[Rule]) -> RuledTable | None:
    level = [*head, *more]
    upright = [*upright, *_borders(level, upright)]
    xs, ys = _places(upright), _places(level)
    if len(xs) < 3 or len(ys) < 3 or (len(xs) - 1) * (len(ys) - 1) > MOST_CELLS:
        return None
    walls = np.array([[_covers(upright, x, (a + b) / 2) for x in xs] for a, b in pairwise(ys)])
    floors = np.array([[_covers(level, y, (a + b) / 2) for a, b in pairwise(xs)] for y in ys])
    cells = _cells(_drawn_on(walls) if more else walls, floors, xs, ys)
    return RuledTable(Box(xs[0], ys[0], xs[-1], ys[-1]), tuple(cells), tuple(xs))


def _borders(level: list[Rule], upright: list[Rule]) -> list[Rule]:
    """The left and the right border of a table that draws none."""
    top, bottom = min(r[0] for r in level), max(r[0] for r in level)
    left, right = min(r[1] for r in level), max(r[2] for r in level)
    drawn = [r[0] for r in upright]
    wanted = [x for x, end in ((left, min(drawn)), (right, max(drawn))) if abs(end - x) > BORDER_PT]
    return [(x, top, bottom) for x in wanted]


def _drawn_on(walls: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The walls of a head through the rows under it."""
    walls = walls.copy()
    for i in range(1, len(walls)):
        if not walls[i, 1:-1].any():
            walls[i] |= walls[i - 1]
    return walls


def _places(rules: list[Rule]) -> list[float]:
    return [sum(r[0] for r in lane) / len(lane) for lane in _lanes(rules, NARROWEST_PT)]


def _covers(rules: list[Rule], at: float, middle: float) -> bool:
    return any(abs(r[0] - at) < NARROWEST_PT and r[1] <= middle <= r[2] for r in rules)


def _cells(walls: NDArray[np.bool_], floors: NDArray[np.bool_], xs: list[float], ys: list[float]) -> list[Cell]:
    """Places of the grid that no rule parts become one cell."""
    rows, columns = len(ys) - 1, len(xs) - 1
    name = np.arange(rows * columns).reshape(rows, columns)
    for i in range(rows):
        for j in range(columns):
            if j + 1 < columns and not walls[i, j + 1]:
                name[name == name[i, j + 1]] = name[i, j]
            if i + 1 < rows and not floors[i + 1, j]:
                name[name == name[i + 1, j]] = name[i, j]
    found = []
    for one in dict.fromkeys(name.ravel().tolist()):
        at_rows, at_columns = np.nonzero(name == one)
        r, c = (int(at_rows.min()), int(at_rows.max()) + 1), (int(at_columns.min()), int(at_columns.max()) + 1)
        found.append(Cell(around([Box(xs[c[0]], ys[r[0]], xs[c[1]], ys[r[1]])]), r, c))
    return sorted(found, key=lambda cell: (cell.rows, cell.columns))
