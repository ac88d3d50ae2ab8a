"""Solves how many points a millimetre takes on paper, per axis, from spans and the numbers near them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from worker.datasheet.drawing.dimensions import DimensionReading
from worker.datasheet.thresholds.drawing import (
    LETTER_ALONE,
    LETTER_AT_LINE,
    LETTER_CLEAR,
    READING_ON_LINE,
    SCALE_AGREES,
    SCALE_ASIDE,
    SCALE_AXES_ALIKE,
    SCALE_DISAGREES,
    SCALE_IMPOSSIBLE,
    SCALE_LOOSE,
    SCALE_NO_NUMBER,
    SCALE_OFF,
    SCALE_STRETCH_MOST,
    SCALE_TIE,
    SCALE_UNPAIRED,
    SCALE_VOTE_FAR,
    SCALE_VOTE_NEAR,
    SCALE_WILD,
)


@dataclass(frozen=True, slots=True)
class Scale:
    """Points per millimetre (or per printed unit) along x and y; `votes` says how much the numbers agree, 0..1."""

    x: float
    y: float
    votes: float = 0.0

    def of(self, axis: int) -> float:
        """Points per millimetre (or per printed unit) along axis 0 (x) or 1 (y)."""
        return self.x if axis == 0 else self.y


def _weight(reading: DimensionReading) -> float:
    return float(np.exp(-reading.cost))


def _peak(ratios: np.ndarray, weights: np.ndarray, near: float | None = None) -> tuple[float, float]:
    """The ratio most readings agree on and the weight behind it."""
    best, total = 0.0, 0.0
    for centre in ratios:
        close = np.abs(ratios / centre - 1) < SCALE_AGREES
        votes = float(weights[close].sum())
        if near is not None:
            votes *= SCALE_VOTE_NEAR if abs(centre / near - 1) < SCALE_AXES_ALIKE else SCALE_VOTE_FAR
        if votes > total:
            best, total = float(np.average(ratios[close], weights=weights[close])), votes
    return best, total


def _best_per_number(readings: list[DimensionReading], axis: int, paired: set[int]) -> tuple[np.ndarray, np.ndarray]:
    chosen = [r for r in readings if r.span.axis == axis and r.quantity.target > 0]
    ratios = np.array([r.span.length / r.quantity.target for r in chosen])
    return ratios, np.array([_weight(r) * (1.0 if id(r) in paired else SCALE_ASIDE) for r in chosen])


def _paired(readings: list[DimensionReading], scale: Scale | None = None) -> set[int]:
    """The readings that give every span one number and every number one span, as near as they all can be.

    Of spans that a number stands as near to, a `scale` tells which it fits better.
    """
    row = {key: i for i, key in enumerate(dict.fromkeys(id(r.span) for r in readings))}
    col = {key: i for i, key in enumerate(dict.fromkeys(id(r.quantity) for r in readings))}
    cost = np.full((len(row), len(col)), SCALE_UNPAIRED)
    for r in readings:
        off = 0.0 if scale is None else min(abs(np.log(1e-9 + _ratio(r, scale))), 1.0 / SCALE_TIE)
        cost[row[id(r.span)], col[id(r.quantity)]] = r.cost + SCALE_TIE * off
    picked = set(zip(*(at.tolist() for at in linear_sum_assignment(cost)), strict=True))
    return {id(r) for r in readings if (row[id(r.span)], col[id(r.quantity)]) in picked}


def by_place(readings: list[DimensionReading], scale: Scale) -> list[DimensionReading]:
    """One number for each span and one span for each number, by how near they stand; the scale only breaks ties."""
    paired = _paired(readings, scale)
    return [r for r in readings if id(r) in paired]


def solve(readings: list[DimensionReading]) -> Scale | None:
    """The scale that the most readings agree with; None without any reading."""
    paired = _paired(readings)
    x, wx = _best_per_number(readings, 0, paired)
    y, wy = _best_per_number(readings, 1, paired)
    if len(x) + len(y) == 0:
        return None
    both, votes = _peak(np.concatenate([x, y]), np.concatenate([wx, wy]))
    sx, vx = _peak(x, wx, both) if len(x) else (both, 0.0)
    sy, vy = _peak(y, wy, both) if len(y) else (both, 0.0)
    if abs(np.log(sx / sy)) > SCALE_STRETCH_MOST:
        sx, sy = (sx, sx) if vx > vy else (sy, sy)
    if abs(sx / sy - 1) < 0.5 * SCALE_AGREES:
        sx = sy = (sx * vx + sy * vy) / max(vx + vy, 1e-9)
    return Scale(sx, sy, votes / max(float(wx.sum() + wy.sum()), 1e-9))


def misfit(reading: DimensionReading, scale: Scale) -> float:
    """How far the span is from its number on this scale, as a part."""
    return abs(_ratio(reading, scale) - 1)


def _ratio(reading: DimensionReading, scale: Scale) -> float:
    return reading.span.length / (reading.quantity.target * scale.of(reading.span.axis))


def assign(readings: list[DimensionReading], scale: Scale) -> list[DimensionReading]:
    """One number for each span and one span for each number: near, and agreeing with the scale where any does."""
    named = _named(readings)
    usable = [
        r
        for r in readings
        if (off := misfit(r, scale)) < SCALE_LOOSE or (off < SCALE_WILD and r.cost < READING_ON_LINE) or id(r) in named
    ]
    spans = list({id(r.span): r.span for r in usable}.values())
    numbers = list({id(r.quantity): r.quantity for r in usable}.values())
    if not spans:
        return []
    row = {id(s): i for i, s in enumerate(spans)}
    col = {id(q): i for i, q in enumerate(numbers)}
    none = SCALE_NO_NUMBER
    cost = np.full((len(spans), len(numbers) + len(spans)), none)
    cost[:, : len(numbers)] = SCALE_IMPOSSIBLE
    for r in usable:
        off = min(misfit(r, scale), SCALE_LOOSE if id(r) in named else SCALE_WILD)
        cost[row[id(r.span)], col[id(r.quantity)]] = (
            r.cost + min(off / SCALE_AGREES, 1.0) * SCALE_DISAGREES + SCALE_OFF * off
        )
    rows, cols = linear_sum_assignment(cost)
    picked = {(int(i), int(j)) for i, j in zip(rows, cols, strict=True) if cost[i, j] < none}
    return [r for r in usable if (row[id(r.span)], col[id(r.quantity)]) in picked]


def _nearest(readings: list[DimensionReading]) -> list[DimensionReading]:
    """The letters that no other letter is nearer to the line of, and that stand nearer to no other line."""
    spans: dict[int, DimensionReading] = {}
    letters: dict[int, DimensionReading] = {}
    for r in sorted(readings, key=lambda r: r.cost):
        spans.setdefault(id(r.span), r)
        letters.setdefault(id(r.quantity), r)
    return [r for r in spans.values() if r.quantity.symbol and letters[id(r.quantity)] is r]


def _named(readings: list[DimensionReading]) -> set[int]:
    """The letters at a line that has no nearer one: one drawing for parts of many sizes is to no one's scale.

    A letter stands right on it, or a little farther where neither has another choice.
    """
    spans, letters = Counter(id(r.span) for r in readings), Counter(id(r.quantity) for r in readings)
    return {
        id(r) for r in _nearest(readings)
        if r.cost < LETTER_AT_LINE or (r.cost < LETTER_ALONE and spans[id(r.span)] == letters[id(r.quantity)] == 1)
    }  # fmt: skip


def without_rivals(readings: list[DimensionReading]) -> list[DimensionReading]:
    """The readings without those that a letter excludes which stands clearly nearer to its line than all others do."""
    clear = []
    for r in _nearest(readings):
        others = [o for o in readings if o is not r and (o.span is r.span or o.quantity is r.quantity)]
        if others and all(o.cost > r.cost + LETTER_CLEAR for o in others):
            clear.append(r)
    spans, letters = ({id(r.span): r for r in clear}, {id(r.quantity): r for r in clear})
    return [r for r in readings if spans.get(id(r.span), r) is r and letters.get(id(r.quantity), r) is r]
