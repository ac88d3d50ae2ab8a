"""Solves pad positions and sizes in millimetres: printed numbers are kept, the drawing fills what they leave open."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.drawing.dimensions import DimensionReading
from worker.datasheet.drawing.scale import Scale
from worker.datasheet.land.variables import Model, Row
from worker.datasheet.thresholds.land import (
    AGREE_MM,
    AGREE_PART,
    DRAWN_ALIKE,
    FLUSH_PT,
    MIDDLE_OF_THREE,
    MIDDLES_PT,
    MIRRORED_PART,
    MIRRORED_PT,
    QUARTER_ROWS_OFF,
    QUARTER_STEP_OFF,
    RANK_LEAST,
    SQUARE_ALIKE,
    STEP_ALIKE,
    STEP_ALIKE_PT,
    STEP_LEAST,
    STEP_PT,
    WEIGHT_DRAWN,
    WEIGHT_PRINTED,
    WEIGHT_REGULAR,
    WEIGHT_SQUARE,
    WORSE_BY_COST,
    WORSE_BY_SCALE,
)

Size = tuple[int, int]


@dataclass
class Fit:
    values: NDArray[np.float64]  # mm, centre coordinates relative to an arbitrary origin
    used: list[DimensionReading] = field(default_factory=list)
    refused: list[DimensionReading] = field(default_factory=list)
    settled: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))  # follows from printed numbers alone
    rows: list[tuple[DimensionReading, Row]] = field(default_factory=list)


def lanes(model: Model) -> list[tuple[int, list[int]]]:
    """Rows and columns of equal pads: the axis they run along and their centre variables in order."""
    found: dict[tuple[int, int, tuple[int, int]], set[int]] = {}
    for centre, size in zip(model.centre, model.size, strict=True):
        for axis in (0, 1):
            found.setdefault((axis, centre[1 - axis], size), set()).add(centre[axis])
    return [(axis, sorted(own, key=lambda i: model.start[i])) for (axis, _, _), own in found.items() if len(own) > 1]


def _quarter_lanes(model: Model, scale: Scale) -> dict[int, dict[int, list[int]]]:
    """Rows (axis 0) and columns (axis 1) of more than two pads that are the same but turned, as on the four sides of a quad
    package: for each axis, by the variable that tells where a lane lies, its centre variables in order.
    """
    turnable = {s for s in model.size if (s[1], s[0]) in model.size} | {
        s for pair in _turned(model, scale) for s in pair
    }
    found: dict[int, dict[int, set[int]]] = {0: {}, 1: {}}
    for centre, size in zip(model.centre, model.size, strict=True):
        for axis in (0, 1) if size in turnable else ():
            found[axis].setdefault(centre[1 - axis], set()).add(centre[axis])
    return {
        axis: {at: sorted(own, key=lambda i: model.start[i]) for at, own in lanes.items() if len(own) > 2}
        for axis, lanes in found.items()
    }


def _quarters(model: Model, scale: Scale) -> list[Row]:
    """Equal steps, and equal distances of both rows and of both columns, of a package with four like sides."""
    rows, columns = _quarter_lanes(model, scale).values()
    if not rows or not columns:
        return []
    (a, b, *_), (c, d, *_) = next(iter(rows.values())), next(iter(columns.values()))
    ratio = (model.start[b] - model.start[a]) / (model.start[d] - model.start[c])
    alike = min(abs(ratio - 1), abs(ratio * scale.y / scale.x - 1)) < QUARTER_STEP_OFF
    found = [_sum({b: 1.0, a: -1.0}, {d: -1.0, c: 1.0})] if alike else []
    if len(rows) == len(columns) == 2:
        (top, low), (left, right) = (sorted(own, key=lambda i: model.start[i]) for own in (rows, columns))
        tall, wide = model.start[low] - model.start[top], model.start[right] - model.start[left]
        if abs(tall / wide - 1) < QUARTER_ROWS_OFF:
            found.append(_sum({low: 1.0, top: -1.0}, {right: -1.0, left: 1.0}))
    return found


def _regular(model: Model, scale: Scale) -> list[tuple[Row, float]]:
    """Equal steps and mirror symmetry as drawn, as equations that hold unless a printed number says otherwise."""
    rows = _quarters(model, scale)
    steps = sorted(
        {(axis, a, b) for axis, own in lanes(model) for a, b in pairwise(own)},
        key=lambda s: (s[0], model.start[s[2]] - model.start[s[1]]),
    )
    for (axis, a, b), (axis2, c, d) in pairwise(steps):
        first, second = model.start[b] - model.start[a], model.start[d] - model.start[c]
        if axis == axis2 and abs(first - second) < max(STEP_ALIKE_PT, STEP_ALIKE * first):
            rows.append(_sum({b: 1.0, a: -1.0}, {d: -1.0, c: 1.0}))
    for axis in (0, 1):
        rows += _mirrored(model, axis)
    return [(row, 0.0) for row in rows if row]


def _even(model: Model) -> list[tuple[Row, float]]:
    """Equal steps of rows that a program drew at one step: printed numbers that say otherwise are those of something else."""
    rows: list[Row] = []
    for _, own in lanes(model):
        if len(own) >= STEP_LEAST and np.ptp(np.diff(model.start[own])) < STEP_PT:
            rows += [_sum({b: 1.0, a: -1.0}, {c: -1.0, b: 1.0}) for a, b, c in zip(own, own[1:], own[2:], strict=False)]
    return [(row, 0.0) for row in rows]


def _mirrored(model: Model, axis: int) -> list[Row]:
    """Equal pads that mirror onto each other do so around one middle, which other such pads share when they are drawn so."""
    classes: dict[Size, set[int]] = {}
    for centre, size in zip(model.centre, model.size, strict=True):
        classes.setdefault(size, set()).add(centre[axis])
    rows: list[Row] = []
    middles: list[tuple[float, int, int]] = []
    for found in classes.values():
        own = sorted(found, key=lambda i: model.start[i])
        low, high = own[0], own[-1]
        part = MIDDLE_OF_THREE if len(own) == 3 else MIRRORED_PART
        ends, slack = (
            model.start[low] + model.start[high],
            max(MIRRORED_PT, part * (model.start[high] - model.start[low])),
        )
        if all(abs(model.start[a] + model.start[b] - ends) < slack for a, b in zip(own, reversed(own), strict=True)):
            rows += [_twice(a, b, low, high) for a, b in zip(own, reversed(own), strict=True)]
            middles.append((float(ends), low, high))
    middles.sort()
    rows += [_twice(a, b, c, d) for (m, a, b), (n, c, d) in pairwise(middles) if n - m < MIDDLES_PT]
    return rows


def _twice(a: int, b: int, c: int, d: int) -> Row:
    """Twice the middle of a and b less twice that of c and d."""
    return _sum(_sum({a: 1.0}, {b: 1.0}), _sum({c: -1.0}, {d: -1.0}))


def _sum(a: Row, b: Row) -> Row:
    total = dict(a)
    for k, v in b.items():
        total[k] = total.get(k, 0.0) + v
    return {k: v for k, v in total.items() if v}


def _turned(model: Model, scale: Scale) -> list[tuple[Size, Size]]:
    """Sizes that are one size turned by a quarter: on a stretched drawing in millimetres, on one not to scale in points."""
    return [
        (a, b) for a, b in combinations(sorted(set(model.size)), 2)
        if len({*a, *b}) == 4 and any(
            all(abs(model.start[i] / model.start[j] * stretch - 1) < DRAWN_ALIKE for i, j, stretch in
                ((a[0], b[1], ratio), (a[1], b[0], 1 / ratio)))
            for ratio in (1.0, scale.y / scale.x)
        )
    ]  # fmt: skip


def _flush(model: Model) -> list[tuple[int, int]]:
    """Sizes drawn equal of pads in one row or column: both their edges stand in line."""
    pairs: set[tuple[int, int]] = set()
    for axis in (0, 1):
        lines: dict[int, set[int]] = {}
        for centre, size in zip(model.centre, model.size, strict=True):
            lines.setdefault(centre[axis], set()).add(size[axis])
        pairs |= {(a, b) for own in lines.values() for a, b in combinations(sorted(own), 2)}
    return [(a, b) for a, b in sorted(pairs) if abs(model.start[a] - model.start[b]) < FLUSH_PT]


def _square(model: Model, scale: Scale) -> list[tuple[Row, float]]:
    pairs = {s for s in model.size if s[0] != s[1]}
    rows: list[Row] = [{w: 1.0, h: -1.0} for w, h in pairs if abs(model.start[w] / model.start[h] - 1) < SQUARE_ALIKE]
    rows += [{i: 1.0, j: -1.0} for a, b in _turned(model, scale) for i, j in ((a[0], b[1]), (a[1], b[0]))]
    rows += [{i: 1.0, j: -1.0} for i, j in _flush(model)]
    return [(row, 0.0) for row in rows]


def _drawn(model: Model, scale: Scale) -> list[tuple[Row, float]]:
    found: list[tuple[Row, float]] = []
    first = {a: min(c[a] for c in model.centre) for a in (0, 1)}
    centres = {c for pair in model.centre for c in pair} | model.lines
    for i in range(model.count):
        factor = scale.of(model.axis[i])
        if i in centres:
            base = first[model.axis[i]]
            row: Row = {i: 1.0} if i == base else {i: 1.0, base: -1.0}
            found.append((row, (model.start[i] - model.start[base]) / factor if i != base else 0.0))
        else:
            found.append(({i: 1.0}, model.start[i] / factor))
    return found


def _matrix(
    rows: list[tuple[Row, float]], count: int, weight: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    a, b = np.zeros((len(rows), count)), np.zeros(len(rows))
    for i, (row, value) in enumerate(rows):
        for k, v in row.items():
            a[i, k] = v * weight
        b[i] = value * weight
    return a, b


def solve(model: Model, scale: Scale, pairs: list[tuple[DimensionReading, Row]]) -> Fit:
    """Least squares with weights far apart; printed numbers that contradict better ones are refused one by one."""
    soft = [
        _matrix(_regular(model, scale), model.count, WEIGHT_REGULAR),
        _matrix(_square(model, scale), model.count, WEIGHT_SQUARE),
        _matrix(_drawn(model, scale), model.count, WEIGHT_DRAWN),
        _matrix(_even(model), model.count, WEIGHT_PRINTED),
    ]
    kept, refused = list(pairs), []
    while True:
        hard = _matrix([(row, r.quantity.target) for r, row in kept], model.count, WEIGHT_PRINTED)
        a = np.vstack([hard[0], *(s[0] for s in soft)])
        b = np.concatenate([hard[1], *(s[1] for s in soft)])
        values = np.linalg.lstsq(a, b, rcond=None)[0]
        worst, at = 0.0, -1
        for i, (reading, row) in enumerate(kept):
            off = abs(sum(values[k] * v for k, v in row.items()) - reading.quantity.target)
            drawn = abs(reading.span.length / scale.of(reading.span.axis) / reading.quantity.target - 1)
            if (
                off > AGREE_MM + AGREE_PART * reading.quantity.target
                and off * (1 + WORSE_BY_COST * reading.cost + WORSE_BY_SCALE * drawn) > worst
            ):
                worst, at = off * (1 + WORSE_BY_COST * reading.cost + WORSE_BY_SCALE * drawn), i
        if at < 0:
            break
        refused.append(kept.pop(at)[0])
    settled = _settled(np.vstack([hard[0], *(s[0] for s in soft[:2])]), model)
    return Fit(values, [r for r, _ in kept], refused, settled, kept)


def _settled(a: NDArray[np.float64], model: Model) -> NDArray[np.bool_]:
    """Which variables follow without the drawn sizes; a centre counts when its distances to the others do."""
    rows = [a]
    for axis in (0, 1):
        first = min(c[axis] for c in model.centre)
        pin = np.zeros((1, model.count))
        pin[0, first] = 1.0
        rows.append(pin)
    _, s, vt = np.linalg.svd(np.vstack(rows), full_matrices=True)
    rank = int((s > RANK_LEAST).sum())
    free = vt[rank:]
    return np.asarray(np.abs(free).max(axis=0, initial=0.0) < RANK_LEAST)
