"""Says which pads of a made-up land pattern follow from its printed dimensions, by the rank of the equations they form.

A reader may use what the drawing shows without a number: pads in line share a coordinate, equal pads share a size, a symmetric
pattern is symmetric, and a pitch printed for several places holds along the whole row.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.synthetic_part import Axis, Link, PadSpec

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
    system = _System()
    for link in links:
        if not link.hole:
            system.rows.append(
                _difference(_end(pads[link.b[0]], link.axis, link.b[1]), _end(pads[link.a[0]], link.axis, link.a[1]))
            )
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

    origin = pads[0]
    places = all(known(_difference(_place(p, a), _place(origin, a))) for p in pads for a in (0, 1))
    holes = {(pads[link.a[0]].drill, pads[link.a[0]].type) for link in links if link.hole}
    return Known(
        places,
        [known(_size(p, 0)) for p in pads],
        [known(_size(p, 1)) for p in pads],
        [(p.drill, p.type) in holes for p in pads],
    )


def _place(pad: PadSpec, axis: Axis) -> Terms:
    return {_name(axis, pad.x if axis == 0 else pad.y): 1.0}


def _name(axis: Axis, at: float) -> str:
    """One name for a coordinate, however its zero is signed."""
    return f"{'xy'[axis]}{round(at, 4) + 0.0:+.4f}"


def _size(pad: PadSpec, axis: Axis) -> Terms:
    """Pads of one kind share their long and their short side, however they are turned; a square's sides are two numbers."""
    own = pad.w if axis == 0 else pad.h
    side = "xy"[axis] if abs(pad.w - pad.h) < NEAR_MM and pad.shape != "circle" else ""
    return {f"{pad.type} {pad.shape} {pad.role} {own:.4f}{side}": 1.0}


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


def _symmetry(pads: list[PadSpec], axis: Axis) -> list[Terms]:
    """Equations v = -v' when the pattern mirrors onto itself along the axis, around its middle."""
    at = sorted({round(p.x if axis == 0 else p.y, 4) for p in pads})
    if any(abs(a + b) > NEAR_MM for a, b in zip(at, reversed(at), strict=True)):
        return []
    names = [_name(axis, v) for v in at]
    return [
        {low: 1.0, high: 1.0} if low != high else {low: 1.0} for low, high in zip(names, reversed(names), strict=True)
    ]


def _steps(pads: list[PadSpec], pitch: Link) -> list[Terms]:
    """Every neighbouring pair of equal pads that stands as far apart as the pitch, along both axes."""
    first, second = pads[pitch.a[0]], pads[pitch.b[0]]
    step = abs(second.edge(pitch.axis, 0) - first.edge(pitch.axis, 0))
    base = _difference(_place(second, pitch.axis), _place(first, pitch.axis))
    both: tuple[Axis, ...] = (pitch.axis,) if pitch.what in ("pitch_x", "pitch_y") else (0, 1)
    found = []
    for axis in both:
        at = sorted({round(p.edge(axis, 0), 4) for p in pads if p.role == "signal"})
        for low, high in pairwise(at):
            if abs(high - low - step) < NEAR_MM:
                found.append(_difference({_name(axis, high): 1.0, _name(axis, low): -1.0}, base))
    return found
