"""Says which pads of a made-up land pattern follow from its printed dimensions, by the rank of the equations they form.

A reader may use what the drawing shows without a number: pads in line share a coordinate, equal pads share a size, a symmetric
pattern is symmetric, and a pitch printed for several places holds along the whole row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.synthetic.part import MIDDLE, Axis, Link, PadSpec

Terms = dict[str, float]
NEAR_MM = 1e-6


@dataclass
class Known:
    """What follows: whether all places do, and for every pad whether its two sizes and its hole do."""

    places: bool
    width: list[bool]
    height: list[bool]
    hole: list[bool]


@dataclass
class _System:
    rows: list[Terms] = field(default_factory=list)

    def solver(self, names: list[str]) -> NDArray[np.float64]:
        """An orthonormal basis of the rows' span."""
        index = {n: i for i, n in enumerate(names)}
        matrix = np.zeros((len(self.rows), len(names)))
        for i, row in enumerate(self.rows):
            for name, factor in row.items():
                matrix[i, index[name]] += factor
        _, values, vectors = np.linalg.svd(matrix, full_matrices=False)
        return vectors[values > 1e-9]


def follows(pads: list[PadSpec], links: list[Link]) -> Known:
    """Which values the links determine."""
    known = teller(pads, links)
    origin = pads[0]
    places = all(known(_difference(_place(p, a), _place(origin, a))) for p in pads for a in (0, 1))
    holes = defaultdict(set)
    for link in links:
        if link.hole:
            holes[pads[link.a[0]].drill, pads[link.a[0]].type].add(link.axis)
    return Known(
        places,
        [known(_size(p, 0)) for p in pads],
        [known(_size(p, 1)) for p in pads],
        [len(holes[p.drill, p.type]) >= len(set(p.drill or ())) for p in pads],
    )


def teller(pads: list[PadSpec], links: list[Link]) -> Callable[[Terms], bool]:
    """Says of a sum of places and sizes whether it follows from the links."""
    system = _System()
    for link in links:
        if not link.hole:
            system.rows.append(distance(pads, link))
        if link.what.startswith("pitch") and link.count > 1:
            system.rows.extend(_steps(pads, link))
    for axis in (0, 1):
        system.rows.extend(_symmetry(pads, axis))
    wanted = [_place(p, a) for p in pads for a in (0, 1)] + [_size(p, a) for p in pads for a in (0, 1)]
    names = sorted({n for row in [*system.rows, *wanted] for n in row})
    basis = system.solver(names)

    def known(terms: Terms) -> bool:
        vector = np.array([terms.get(n, 0.0) for n in names])
        return bool(np.linalg.norm(vector - basis.T @ (basis @ vector)) < 1e-6)

    return known


def distance(pads: list[PadSpec], link: Link) -> Terms:
    """What a link measures; a symmetric pattern has its middle at zero."""
    a, b = ({} if i == MIDDLE else _end(pads[i], link.axis, edge) for i, edge in (link.a, link.b))
    return _difference(b, a)


def _place(pad: PadSpec, axis: Axis) -> Terms:
    return {_name(axis, pad.at(axis)): 1.0}


def _name(axis: Axis, at: float) -> str:
    return f"{'xy'[axis]}{at:+.4f}"


def _size(pad: PadSpec, axis: Axis) -> Terms:
    """Pads of one kind share their long and their short side, however they are turned; a square's sides are two numbers."""
    own = pad.w if axis == 0 else pad.h
    side = "xy"[axis] if abs(pad.w - pad.h) < NEAR_MM and pad.shape != "circle" else ""
    return {f"{pad.kind} {own:.4f}{side}": 1.0}


def _end(pad: PadSpec, axis: Axis, edge: int) -> Terms:
    terms = dict(_place(pad, axis))
    for name, factor in _size(pad, axis).items():
        terms[name] = terms.get(name, 0.0) + edge * factor / 2
    return terms


def _difference(a: Terms, b: Terms) -> Terms:
    terms = defaultdict(float, a)
    for name, factor in b.items():
        terms[name] -= factor
    return dict(terms)


def symmetric(pads: list[PadSpec], axis: Axis) -> bool:
    """Whether the pads mirror onto pads of their kind along the axis, around its middle."""
    kinds = defaultdict(set)
    for p in pads:
        kinds[p.at(axis)].add(p.kind)
    return all(kinds[at] == kinds.get(-at + 0.0) for at in list(kinds))


def _symmetry(pads: list[PadSpec], axis: Axis) -> list[Terms]:
    """Equations v = -v' of a symmetric pattern."""
    if not symmetric(pads, axis):
        return []
    at = {p.at(axis) for p in pads}
    return [{_name(axis, v): 1.0, _name(axis, -v + 0.0): 1.0} for v in at if v >= 0]


def lanes(pads: list[PadSpec], kind: tuple[object, ...], axis: Axis) -> list[list[int]]:
    """Rows of pads of one kind along an axis, each in order."""
    across: Axis = 0 if axis == 1 else 1
    rows: dict[float, list[int]] = defaultdict(list)
    for i, p in enumerate(pads):
        if p.kind == kind:
            rows[p.at(across)].append(i)
    return [sorted(row, key=lambda i: pads[i].at(axis)) for _, row in sorted(rows.items())]


def _steps(pads: list[PadSpec], pitch: Link) -> list[Terms]:
    """Every neighbouring pair in rows of pads of the pitch's kind that stands as far apart, along both axes."""
    first, second = pads[pitch.a[0]], pads[pitch.b[0]]
    step = abs(second.at(pitch.axis) - first.at(pitch.axis))
    base = _difference(_place(second, pitch.axis), _place(first, pitch.axis))
    both: tuple[Axis, ...] = (pitch.axis,) if pitch.what in ("pitch_x", "pitch_y") else (0, 1)
    return [
        _difference(_difference(_place(pads[high], axis), _place(pads[low], axis)), base)
        for axis in both for row in lanes(pads, first.kind, axis) for low, high in pairwise(row)
        if abs(pads[high].at(axis) - pads[low].at(axis) - step) < NEAR_MM
    ]  # fmt: skip
