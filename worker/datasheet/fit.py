"""Solves pad positions and sizes in millimetres: printed numbers are kept, the drawing fills what they leave open."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.dimensions import Reading
from worker.datasheet.scale import Scale
from worker.datasheet.shapes import ROUND, Shape

Row = dict[int, float]  # variable -> factor

PRINTED, REGULAR, SQUARE, DRAWN = 100.0, 2.0, 1.0, 0.02
AGREE_MM, AGREE_PART = 0.012, 0.004  # a printed number that fits no better than this contradicts the others


@dataclass(frozen=True, slots=True)
class Feature:
    """A line of the pattern a dimension can end at: its place on paper and what it is in variables."""

    at: float
    row: tuple[tuple[int, float], ...]
    name: str


@dataclass
class Model:
    """The unknowns of a pattern: one per distinct centre coordinate and one per distinct size."""

    centre: list[tuple[int, int]]  # per pad: variables of x and y
    size: list[tuple[int, int]]  # per pad: variables of w and h
    start: NDArray[np.float64]  # drawn value of every variable in points
    axis: list[int]  # axis of every variable (a shared size takes the axis of its first use)
    features: tuple[list[Feature], list[Feature]]

    @property
    def count(self) -> int:
        return len(self.start)


@dataclass
class Fit:
    values: NDArray[np.float64]  # mm, centre coordinates relative to an arbitrary origin
    used: list[Reading] = field(default_factory=list)
    refused: list[Reading] = field(default_factory=list)
    settled: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))  # follows from printed numbers alone
    rows: list[tuple[Reading, Row]] = field(default_factory=list)


def _clusters(values: list[float], slack: float) -> list[int]:
    """Labels 0.. of values that lie within `slack` of their neighbour in order."""
    labels = [0] * len(values)
    order = np.argsort(values)
    label = 0
    for a, b in pairwise(order):
        label += values[b] - values[a] > slack
        labels[b] = label
    return labels


def model_of(pads: list[Shape], slack: float, part: float = 0.016) -> Model:
    """Variables and features of a pattern; `slack` in points and `part` of a size say how well equal things are drawn equal."""
    start: list[float] = []
    axis: list[int] = []
    centre: list[list[int]] = [[], []]
    for a in (0, 1):
        at = [p.box.cx if a == 0 else p.box.cy for p in pads]
        small = min(p.box.width if a == 0 else p.box.height for p in pads)
        labels = _clusters(at, max(slack, min(0.06 * small, 2.4 * slack)))
        base = len(start)
        for label in range(max(labels) + 1):
            start.append(float(np.mean([v for v, k in zip(at, labels, strict=True) if k == label])))
            axis.append(a)
        centre[a] = [base + k for k in labels]
    size = _sizes(pads, max(0.8 * slack, 0.0), part, start, axis)
    centres = list(zip(centre[0], centre[1], strict=True))
    model = Model(centres, size, np.array(start), axis, ([], []))
    model.features[0].extend(_features(model, pads, 0))
    model.features[1].extend(_features(model, pads, 1))
    return model


def _sizes(pads: list[Shape], slack: float, part: float, start: list[float], axis: list[int]) -> list[tuple[int, int]]:
    """One pair of size variables per class of equal pads; a class turned a quarter shares the pair of its twin."""
    classes: list[tuple[float, float, int, int]] = []
    size: list[tuple[int, int]] = []
    for pad in pads:
        w, h = pad.box.width, pad.box.height

        coarse = 0.09 if pad.kind in ROUND and w < 15 else part  # plotters draw small discs with few steps

        def alike(a: float, b: float, near: float = coarse) -> bool:
            return abs(a - b) <= max(slack, near * b)

        for cw, ch, iw, ih in classes:
            if alike(w, cw) and alike(h, ch):
                size.append((iw, ih))
                break
            if alike(w, ch) and alike(h, cw) and abs(w / h - 1) > 0.05:
                size.append((ih, iw))
                break
        else:
            start.append(w)
            axis.append(0)
            iw = ih = len(start) - 1
            if not (pad.kind in ROUND and abs(w / h - 1) < 0.09):
                start.append(h)
                axis.append(1)
                ih = len(start) - 1
            classes.append((w, h, iw, ih))
            size.append((iw, ih))
    return size


def _features(model: Model, pads: list[Shape], axis: int) -> list[Feature]:
    found: dict[tuple[tuple[int, float], ...], Feature] = {}
    for pad, centre, size in zip(pads, model.centre, model.size, strict=True):
        c, s = centre[axis], size[axis]
        low, high = (pad.box.x0, pad.box.x1) if axis == 0 else (pad.box.y0, pad.box.y1)
        for at, row, name in (
            (low, ((c, 1.0), (s, -0.5)), "edge"),
            ((low + high) / 2, ((c, 1.0),), "centre"),
            (high, ((c, 1.0), (s, 0.5)), "edge"),
        ):
            found.setdefault(row, Feature(at, row, name))
    own = sorted({c[axis] for c in model.centre}, key=lambda i: model.start[i])
    if len(own) > 1:
        middle = (model.start[own[0]] + model.start[own[-1]]) / 2
        if not any(abs(f.at - middle) < 0.7 for f in found.values()):
            row = ((own[0], 0.5), (own[-1], 0.5))
            found[row] = Feature(float(middle), row, "middle")
    return list(found.values())


def ends_of(reading: Reading, model: Model, slack: float) -> tuple[Feature, Feature] | None:
    """The two features a span runs between, None when it does not measure this pattern."""
    features = model.features[reading.span.axis]
    places = np.array([f.at for f in features])
    i = int(np.argmin(np.abs(places - reading.span.start)))
    j = int(np.argmin(np.abs(places - reading.span.end)))
    if i == j or abs(places[i] - reading.span.start) > slack or abs(places[j] - reading.span.end) > slack:
        return None
    return features[i], features[j]


def row_of(ends: tuple[Feature, Feature]) -> Row:
    row: Row = {}
    for feature, sign in zip(ends, (-1.0, 1.0), strict=True):
        for variable, factor in feature.row:
            row[variable] = row.get(variable, 0.0) + sign * factor
    return {k: v for k, v in row.items() if v}


def _lanes(model: Model) -> list[tuple[int, list[int]]]:
    """Rows and columns of equal pads: the axis they run along and their centre variables in order."""
    found: dict[tuple[int, int, tuple[int, int]], set[int]] = {}
    for centre, size in zip(model.centre, model.size, strict=True):
        for axis in (0, 1):
            found.setdefault((axis, centre[1 - axis], size), set()).add(centre[axis])
    return [(axis, sorted(own, key=lambda i: model.start[i])) for (axis, _, _), own in found.items() if len(own) > 1]


def _quarter_steps(model: Model, scale: Scale) -> list[Row]:
    """Equal steps along x and along y of pads that are the same but turned, as on the four sides of a quad package."""
    twins = {s for s in model.size if (s[1], s[0]) in model.size}
    lanes: dict[int, tuple[int, int]] = {}
    for centre, size in zip(model.centre, model.size, strict=True):
        if size not in twins:
            continue
        for axis in (0, 1):
            own = sorted(
                {
                    c[axis]
                    for c, s in zip(model.centre, model.size, strict=True)
                    if s == size and c[1 - axis] == centre[1 - axis]
                },
                key=lambda i: model.start[i],
            )
            if len(own) > 2:
                lanes.setdefault(axis, (own[0], own[1]))
    if len(lanes) < 2:
        return []
    (a, b), (c, d) = lanes[0], lanes[1]
    first, second = (model.start[b] - model.start[a]) / scale.x, (model.start[d] - model.start[c]) / scale.y
    return [_sum({b: 1.0, a: -1.0}, {d: -1.0, c: 1.0})] if abs(first / second - 1) < 0.03 else []


def _regular(model: Model, scale: Scale) -> list[tuple[Row, float]]:
    """Equal steps and mirror symmetry as drawn, as equations that hold unless a printed number says otherwise."""
    rows = _quarter_steps(model, scale)
    steps = sorted(
        {(axis, a, b) for axis, own in _lanes(model) for a, b in pairwise(own)},
        key=lambda s: (s[0], model.start[s[2]] - model.start[s[1]]),
    )
    for (axis, a, b), (axis2, c, d) in pairwise(steps):
        first, second = model.start[b] - model.start[a], model.start[d] - model.start[c]
        if axis == axis2 and abs(first - second) < max(0.5, 0.02 * first):
            rows.append(_sum({b: 1.0, a: -1.0}, {d: -1.0, c: 1.0}))
    for axis in (0, 1):
        own = sorted({c[axis] for c in model.centre}, key=lambda i: model.start[i])
        ends, reach = model.start[own[0]] + model.start[own[-1]], model.start[own[-1]] - model.start[own[0]]
        for a, b in zip(own, reversed(own), strict=True):
            if abs(model.start[a] + model.start[b] - ends) < max(0.7, 0.012 * abs(reach)):
                rows.append(_sum(_sum({a: 1.0}, {b: 1.0}), {own[0]: -1.0, own[-1]: -1.0}))
    return [(row, 0.0) for row in rows if row]


def _sum(a: Row, b: Row) -> Row:
    total = dict(a)
    for k, v in b.items():
        total[k] = total.get(k, 0.0) + v
    return {k: v for k, v in total.items() if v}


def _square(model: Model) -> list[tuple[Row, float]]:
    pairs = {s for s in model.size if s[0] != s[1]}
    return [({w: 1.0, h: -1.0}, 0.0) for w, h in pairs if abs(model.start[w] / model.start[h] - 1) < 0.012]


def _drawn(model: Model, scale: Scale) -> list[tuple[Row, float]]:
    found: list[tuple[Row, float]] = []
    first = {a: min(c[a] for c in model.centre) for a in (0, 1)}
    centres = {c for pair in model.centre for c in pair}
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


def solve(model: Model, scale: Scale, pairs: list[tuple[Reading, Row]]) -> Fit:
    """Least squares with weights far apart; printed numbers that contradict better ones are refused one by one."""
    soft = [
        _matrix(_regular(model, scale), model.count, REGULAR),
        _matrix(_square(model), model.count, SQUARE),
        _matrix(_drawn(model, scale), model.count, DRAWN),
    ]
    kept, refused = list(pairs), []
    while True:
        hard = _matrix([(row, r.quantity.target) for r, row in kept], model.count, PRINTED)
        a = np.vstack([hard[0], *(s[0] for s in soft)])
        b = np.concatenate([hard[1], *(s[1] for s in soft)])
        values = np.linalg.lstsq(a, b, rcond=None)[0]
        worst, at = 0.0, -1
        for i, (reading, row) in enumerate(kept):
            off = abs(sum(values[k] * v for k, v in row.items()) - reading.quantity.target)
            drawn = abs(reading.span.length / scale.of(reading.span.axis) / reading.quantity.target - 1)
            if (
                off > AGREE_MM + AGREE_PART * reading.quantity.target
                and off * (1 + 3 * reading.cost + 20 * drawn) > worst
            ):
                worst, at = off * (1 + 3 * reading.cost + 20 * drawn), i
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
    rank = int((s > 1e-6).sum())
    free = vt[rank:]
    return np.asarray(np.abs(free).max(axis=0, initial=0.0) < 1e-6)
