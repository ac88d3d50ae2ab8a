"""Ruled lines that part a page: frames around figures and the lines between them, never the lines of a drawing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.thresholds.figures import RULE_JOINT_PT, RULE_PART, RULE_REACH_PT, RULE_SPAN_PT

Rule = tuple[int, float, float, float]  # axis, place across it, low and high end along it, in points


def rules_of(drawing: Drawing) -> list[Rule]:
    """Long level and upright lines that end on other such lines at both ends, or meet nothing but such lines.

    None of them is one that a dimension ends at.
    """
    long: list[Rule] = [
        (axis, float(at), float(low), float(high)) for axis in (0, 1) for at, low, high in _long(drawing, axis)
    ]
    long = [rule for rule in long if not _dimensioned(rule, drawing)]
    met = {rule: _met(rule, drawing) for rule in long}
    while True:
        kept = [rule for rule in long if _held(rule, long) or (_on_rules(met[rule], long) and not _crossed(rule, long))]
        if len(kept) == len(long):
            return kept
        long = kept


def crossed(rules: list[Rule], axis: int, at: float, low: float, high: float) -> bool:
    """Whether a line along `axis` runs over a rule across it."""
    return any(r[0] != axis and low < r[1] < high and r[2] < at < r[3] for r in rules)


def parted(rules: list[Rule], a: Box, b: Box) -> bool:
    """Whether a rule runs between two boxes."""
    for axis, at, low, high in rules:
        first, second = ((a.cy, b.cy), (a.cx, b.cx)) if axis == 0 else ((a.cx, b.cx), (a.cy, b.cy))
        crossing = min(first) < at < max(first)
        if crossing and low - RULE_JOINT_PT <= sum(second) / 2 <= high + RULE_JOINT_PT:
            return True
    return False


def _long(drawing: Drawing, axis: int) -> NDArray[np.float64]:
    """Lines longer than a part of the page, pieces of one line joined: rows of place, low, high."""
    side = drawing.sheet.width if axis == 0 else drawing.sheet.height
    rows = drawing.grid.rows[axis]
    if not len(rows):
        return rows
    joined: list[list[float]] = []
    for at, low, high in rows[np.lexsort((rows[:, 1], np.round(rows[:, 0] / RULE_JOINT_PT)))]:
        last = joined[-1] if joined else None
        if last and abs(last[0] - at) < RULE_JOINT_PT and low < last[2] + RULE_JOINT_PT:
            last[2] = max(last[2], high)
        else:
            joined.append([at, low, high])
    found = np.array(joined)
    return np.asarray(found[found[:, 2] - found[:, 1] > RULE_PART * side])


def _held(rule: Rule, rules: list[Rule]) -> bool:
    """Whether both ends lie on rules across it."""
    axis, at, low, high = rule
    across = [r for r in rules if r[0] != axis and r[2] - RULE_JOINT_PT <= at <= r[3] + RULE_JOINT_PT]
    return all(any(abs(r[1] - end) <= RULE_JOINT_PT for r in across) for end in (low, high))


def _met(rule: Rule, drawing: Drawing) -> NDArray[np.float64]:
    """The strokes (n, 4) that meet a line and are neither a part of it nor as short as it is thick."""
    axis, at, low, high = rule
    lines = drawing.sheet.lines[:, :4]
    across, along = np.sort(lines[:, [1 - axis, 3 - axis]], axis=1), np.sort(lines[:, [axis, 2 + axis]], axis=1)
    near = (across[:, 0] < at + RULE_JOINT_PT) & (across[:, 1] > at - RULE_JOINT_PT)
    beside = (along[:, 0] < high + RULE_JOINT_PT) & (along[:, 1] > low - RULE_JOINT_PT)
    itself = (across[:, 0] > at - RULE_JOINT_PT) & (across[:, 1] < at + RULE_JOINT_PT)
    return np.asarray(lines[near & beside & ~itself])


def _on_rules(strokes: NDArray[np.float64], rules: list[Rule]) -> bool:
    """Whether every stroke is a part of a rule."""
    left = np.ones(len(strokes), bool)
    for axis, at, low, high in rules:
        along = (strokes[:, [axis, 2 + axis]] > low - RULE_JOINT_PT) & (
            strokes[:, [axis, 2 + axis]] < high + RULE_JOINT_PT
        )
        across = np.abs(strokes[:, [1 - axis, 3 - axis]] - at) < RULE_JOINT_PT
        left &= ~(along.all(axis=1) & across.all(axis=1))
    return not bool(left.any())


def _crossed(rule: Rule, rules: list[Rule]) -> bool:
    """Whether another line runs through the inside of a rule: the centre lines of a drawing do, rules end on each other."""
    axis, at, low, high = rule
    across = [r for r in rules if r[0] != axis and low + RULE_JOINT_PT < r[1] < high - RULE_JOINT_PT]
    return any(r[2] < at - RULE_JOINT_PT and r[3] > at + RULE_JOINT_PT for r in across)


def _dimensioned(rule: Rule, drawing: Drawing) -> bool:
    """Whether a dimension is measured from this line: it is an edge of a part then."""
    axis, at, low, high = rule
    for span in drawing.spans:
        ends = abs(span.start - at) < RULE_SPAN_PT or abs(span.end - at) < RULE_SPAN_PT
        if span.axis != axis and ends and low - RULE_REACH_PT <= span.at <= high + RULE_REACH_PT:
            return True
    return False
