"""The unknowns of a land pattern: one per distinct coordinate and size, and the lines of the pattern that dimensions end at."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.drawing.dimensions import DimensionReading
from worker.datasheet.drawing.shapes import ROUND, Shape
from worker.datasheet.thresholds.land import (
    D_MIDDLE,
    DISC_ALIKE,
    DISC_SMALL_PT,
    EDGE_SAME_PT,
    MIDDLE_APART_PT,
    NEARER,
    PLACE_PART,
    PLACE_SLACKS,
    SIZE_SLACKS,
    SIZES_ALIKE,
    THICK_PEN_PT,
    TURNED_RATIO,
)

Row = dict[int, float]  # variable -> factor


@dataclass(frozen=True, slots=True)
class Feature:
    """A line of the pattern a dimension can end at: its place on paper and what it is in variables."""

    at: float
    row: tuple[tuple[int, float], ...]
    reach: tuple[tuple[float, float], ...]  # how far across the axis the pads reach that have it
    loose: float = 0.0  # points that a dimension may end farther from it


@dataclass
class Model:
    """The unknowns of a pattern: one per distinct centre coordinate and one per distinct size."""

    centre: list[tuple[int, int]]  # per pad: variables of x and y
    size: list[tuple[int, int]]  # per pad: variables of w and h
    start: NDArray[np.float64]  # drawn value of every variable in points
    axis: list[int]  # axis of every variable (a shared size takes the axis of its first use)
    features: tuple[list[Feature], list[Feature]]
    lines: set[int] = field(default_factory=set)  # variables of lines of the part that several dimensions end at
    slack: float = 0.0  # how far in points a dimension may end from the feature it means

    @property
    def count(self) -> int:
        """How many unknowns there are."""
        return len(self.start)


def _clusters(values: list[float], slack: float) -> list[int]:
    """Labels 0.. of values that lie within `slack` of their neighbour in order."""
    labels = [0] * len(values)
    order = np.argsort(values)
    label = 0
    for a, b in pairwise(order):
        label += values[b] - values[a] > slack
        labels[b] = label
    return labels


def model_of(pads: list[Shape], slack: float, part: float = SIZES_ALIKE[0]) -> Model:
    """Variables and features of a pattern; `slack` in points and `part` of a size say how well equal things are drawn equal."""
    start: list[float] = []
    axis: list[int] = []
    centre: list[list[int]] = [[], []]
    for a in (0, 1):
        at = [p.box.cx if a == 0 else p.box.cy for p in pads]
        small = min(p.box.width if a == 0 else p.box.height for p in pads)
        labels = _clusters(at, max(slack, min(PLACE_PART * small, PLACE_SLACKS * slack)))
        base = len(start)
        for label in range(max(labels) + 1):
            start.append(float(np.mean([v for v, k in zip(at, labels, strict=True) if k == label])))
            axis.append(a)
        centre[a] = [base + k for k in labels]
    size = _sizes(pads, max(SIZE_SLACKS * slack, 0.0), part, start, axis)
    centres = list(zip(centre[0], centre[1], strict=True))
    model = Model(centres, size, np.array(start), axis, ([], []))
    model.features[0].extend(_features(model, pads, 0))
    model.features[1].extend(_features(model, pads, 1))
    return model


def _sizes(pads: list[Shape], slack: float, part: float, start: list[float], axis: list[int]) -> list[tuple[int, int]]:
    """One pair of size variables per class of equal pads; a class turned a quarter shares the pair of the upright one."""
    classes: list[tuple[float, float, int, int]] = []
    size: list[tuple[int, int]] = []
    for pad in pads:
        w, h = pad.box.width, pad.box.height

        coarse = (
            DISC_ALIKE if pad.kind in ROUND and w < DISC_SMALL_PT else part
        )  # plotters draw small discs with few steps

        def alike(a: float, b: float, near: float = coarse) -> bool:
            return abs(a - b) <= max(slack, near * b)

        for cw, ch, iw, ih in classes:
            if alike(w, cw) and alike(h, ch):
                size.append((iw, ih))
                break
            if alike(w, ch) and alike(h, cw) and abs(w / h - 1) > TURNED_RATIO:
                size.append((ih, iw))
                break
        else:
            start.append(w)
            axis.append(0)
            iw = ih = len(start) - 1
            if not (pad.kind in ROUND and abs(w / h - 1) < DISC_ALIKE):
                start.append(h)
                axis.append(1)
                ih = len(start) - 1
            classes.append((w, h, iw, ih))
            size.append((iw, ih))
    return size


def _features(model: Model, pads: list[Shape], axis: int) -> list[Feature]:
    places: dict[tuple[tuple[int, float], ...], float] = {}
    loose: dict[tuple[tuple[int, float], ...], float] = {}
    reach: dict[tuple[tuple[int, float], ...], list[tuple[float, float]]] = {}
    for pad, centre, size in zip(pads, model.centre, model.size, strict=True):
        c, s, box = centre[axis], size[axis], pad.box
        low, high, *across = (box.x0, box.x1, box.y0, box.y1) if axis == 0 else (box.y0, box.y1, box.x0, box.x1)
        for at, row in (
            (low, ((c, 1.0), (s, -0.5))), ((low + high) / 2, ((c, 1.0),)), (high, ((c, 1.0), (s, 0.5)))
        ):  # fmt: skip
            places.setdefault(row, at)
            reach.setdefault(row, []).append((across[0], across[1]))
            if len(row) > 1 and pad.pen > THICK_PEN_PT:  # a dimension may run to the outer side of a thick line
                loose[row] = pad.pen / 2
        if (
            pad.kind == "d_shape" and high - low > across[1] - across[0]
        ):  # its middle may be that of the part before its round end
            loose[((c, 1.0),)] = D_MIDDLE * pad.radius
    found = [Feature(at, row, tuple(reach[row]), loose.get(row, 0.0)) for row, at in places.items()]
    own = sorted({c[axis] for c in model.centre}, key=lambda i: model.start[i])
    if len(own) > 1:
        middle = float(model.start[own[0]] + model.start[own[-1]]) / 2
        if not any(abs(f.at - middle) < MIDDLE_APART_PT for f in found):
            found.append(Feature(middle, ((own[0], 0.5), (own[-1], 0.5)), ()))
    return found


def add_lines(model: Model, readings: list[DimensionReading], slack: float) -> None:
    """Makes unknowns of the lines that two or more dimensions of the pattern share beside its pads: a face, a centre line."""
    for axis in (0, 1):
        loose: list[tuple[float, Feature]] = []
        for span in {id(r.span): r.span for r in readings if r.span.axis == axis}.values():
            for here, there in ((span.start, span.end), (span.end, span.start)):
                if _feature_at(model, axis, here, slack) is None and (f := _feature_at(model, axis, there, slack)):
                    loose.append((here, f))
        labels = _clusters([at for at, _ in loose], slack) if loose else []
        for label in set(labels):
            own = [one for one, k in zip(loose, labels, strict=True) if k == label]
            if len({f.row for _, f in own}) > 1:
                _add_line(model, axis, float(np.mean([at for at, _ in own])))


def _feature_at(model: Model, axis: int, at: float, slack: float) -> Feature | None:
    near = [f for f in model.features[axis] if abs(f.at - at) <= slack + f.loose]
    return min(near, key=lambda f: abs(f.at - at), default=None)


def _add_line(model: Model, axis: int, at: float) -> None:
    model.lines.add(model.count)
    model.features[axis].append(Feature(at, ((model.count, 1.0),), ()))
    model.start = np.append(model.start, at)
    model.axis.append(axis)


def ends_of(
    reading: DimensionReading, model: Model, slack: float, same_place: float = EDGE_SAME_PT
) -> tuple[Feature, Feature] | None:
    """The two features a span runs between, None when it does not measure this pattern.

    Of features at one place the two edges of one pad go first, then those of the pads nearest the dimension line.
    """
    span = reading.span
    starts, ends = (
        [(f, abs(f.at - at)) for f in model.features[span.axis] if abs(f.at - at) <= slack + f.loose]
        for at in (span.start, span.end)
    )
    best: tuple[float, Feature, Feature] | None = None
    for first, off in starts:
        for second, off2 in ends:
            if first is second:
                continue
            apart = 0.0 if len(row_of((first, second))) == 1 else same_place
            cost = off + off2 + apart + NEARER * (_away(first, span.at) + _away(second, span.at))
            if best is None or cost < best[0]:
                best = (cost, first, second)
    return best[1:] if best is not None else None


def _away(feature: Feature, at: float) -> float:
    """How far the nearest pad with a feature stands from a dimension line, across the measured axis."""
    return min((max(low - at, at - high, 0.0) for low, high in feature.reach), default=0.0)


def row_of(ends: tuple[Feature, Feature]) -> Row:
    """The equation of a dimension: its second end less its first, as a factor for each variable."""
    row: Row = {}
    for feature, sign in zip(ends, (-1.0, 1.0), strict=True):
        for variable, factor in feature.row:
            row[variable] = row.get(variable, 0.0) + sign * factor
    return {k: v for k, v in row.items() if v}
