"""Chooses the dimensions a land pattern is printed with: makers' habits in their order, each only where it says something new."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from worker.datasheet.synthetic.guard import distance, lanes, symmetric, teller
from worker.datasheet.synthetic.part import MIDDLE, Axis, Edge, Link, PadSpec
from worker.datasheet.synthetic.parts.shapes import size, span
from worker.datasheet.synthetic.style import Style

AXES: tuple[Axis, Axis] = (0, 1)
EDGES: tuple[Edge, ...] = (0, 0, -1, 1)
MOST = 26  # dimensions that one figure has room for


def plan(pads: list[PadSpec], style: Style, rng: random.Random) -> list[Link]:
    """Dimensions from which every pad follows. Raises ValueError for more than a figure can hold."""
    links = _sizes(pads, rng)
    known = teller(pads, links)
    middles = list(_middles(pads)) if rng.random() < 0.3 else []
    for link in [*_pitches(pads), *middles, *_spans(pads, style), *_offsets(pads, rng)]:
        if not known(distance(pads, link)):
            links.append(link)
            known = teller(pads, links)
    if len(links) > MOST:
        raise ValueError(f"{len(links)} dimensions are too many for one drawing")
    return links


def _kinds(pads: list[PadSpec]) -> dict[tuple[object, ...], list[int]]:
    found: dict[tuple[object, ...], list[int]] = {}
    for i, pad in enumerate(pads):
        found.setdefault(pad.kind, []).append(i)
    return found


def _sizes(pads: list[PadSpec], rng: random.Random) -> list[Link]:
    """Width and height, or the diameter, of one pad of every kind, and its holes."""
    links = []
    for own in _kinds(pads).values():
        pad, count = pads[own[0]], len(own)
        if pad.type != "np_thru_hole" and pad.shape == "circle":
            links.append(Link(0, (own[0], -1), (own[0], 1), "copper" if pad.drill else "diameter", count, symbol="X"))
        elif pad.type != "np_thru_hole":
            level = [i for i in own if pads[i].w == pad.w]
            links.append(size(0, rng.choice((level[0], level[-1])), "pad_w", count, "X"))
            links.append(size(1, rng.choice((level[0], level[-1])), "pad_h", count, "Y"))
    return links + _holes(pads)


def _holes(pads: list[PadSpec]) -> list[Link]:
    """The diameter of every kind of hole, the width and height of slots."""
    drilled: dict[tuple[str, tuple[float, float]], list[int]] = {}
    for i, pad in enumerate(pads):
        if pad.drill is not None:
            drilled.setdefault((pad.type, pad.drill), []).append(i)
    return [
        Link(axis, (own[-1], -1), (own[-1], 1), "hole" if len(set(drill)) == 1 else f"slot_{'wh'[axis]}", len(own), True, "H")
        for (_, drill), own in drilled.items() for axis in AXES[: len(set(drill))]
    ]  # fmt: skip


def _pitches(pads: list[PadSpec]) -> Iterator[Link]:
    """The steps that rows of a kind repeat, those repeated most first, each between the first two pads that have it."""
    for kind in _kinds(pads):
        pairs = [(k, *pair) for k in AXES for row in lanes(pads, kind, k) if len(row) > 2 for pair in pairwise(row)]
        steps = Counter(_apart(pads, *pair) for pair in pairs)
        for step, count in steps.most_common():
            if count > 1:
                axis, a, b = next(pair for pair in pairs if _apart(pads, *pair) == step)
                yield Link(axis, (a, 0), (b, 0), "pitch", count, symbol="E")


def _apart(pads: list[PadSpec], axis: Axis, a: int, b: int) -> float:
    return round(pads[b].at(axis) - pads[a].at(axis), 4)


def _spans(pads: list[PadSpec], style: Style) -> Iterator[Link]:
    """Between opposite pads of a kind, the outermost first; holes are told by their centres."""
    for own in _kinds(pads).values():
        look = replace(style, span="centre") if pads[own[0]].drill else style
        for axis in AXES:
            at = sorted({pads[i].at(axis) for i in own})
            for low, high in zip(at[: len(at) // 2], reversed(at), strict=False):
                yield span(axis, *_facing(pads, own, axis, low, high), look)


def _facing(pads: list[PadSpec], own: list[int], axis: Axis, low: float, high: float) -> tuple[int, int]:
    """The pads at both places that stand most in line."""
    across: Axis = 0 if axis == 1 else 1
    ends = [[i for i in own if pads[i].at(axis) == at] for at in (low, high)]
    return min(((a, b) for a in ends[0] for b in ends[1]), key=lambda p: abs(_apart(pads, across, *p)))


def _middles(pads: list[PadSpec]) -> Iterator[Link]:
    """From the centre line of a symmetric pattern to every place on one side of it."""
    for axis in AXES:
        if symmetric(pads, axis):
            for _, i in sorted({p.at(axis): i for i, p in enumerate(pads) if p.at(axis) > 0}.items()):
                yield Link(axis, (MIDDLE, 0), (i, 0), "from_middle", symbol="F")


def _offsets(pads: list[PadSpec], rng: random.Random) -> Iterator[Link]:
    """From one pad to every place along an axis, or from each place to the next one."""
    chained, edge = rng.random() < 0.4, rng.choice(EDGES)
    datum = rng.choice((0, len(pads) - 1))
    for axis in AXES:
        places = sorted({p.at(axis): i for i, p in reversed(list(enumerate(pads)))}.items())
        order = [i for _, i in places]
        pairs = list(pairwise(order)) if chained else [(datum, i) for i in order]
        for a, b in pairs:
            if pads[a].at(axis) != pads[b].at(axis):
                low, high = sorted((a, b), key=lambda i: pads[i].at(axis))
                yield Link(axis, (low, _end(pads[low], edge)), (high, _end(pads[high], edge)), "offset", symbol="F")


def _end(pad: PadSpec, edge: Edge) -> Edge:
    return 0 if pad.drill else edge
