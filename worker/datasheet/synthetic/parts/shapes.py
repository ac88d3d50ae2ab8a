"""Building blocks of made-up parts: numbers on the drawing grid, rows of pads, links and outline dimensions."""

from __future__ import annotations

import random
from collections.abc import Iterable

from worker.datasheet.synthetic.part import Axis, BodyDim, Edge, Link, Oblong, PadSpec, Spread
from worker.datasheet.synthetic.style import Style

GRID_MM = 0.01


def pick(rng: random.Random, low: float, high: float, step: float = GRID_MM) -> float:
    """A number between two bounds on the grid that drawings print."""
    return round(round(rng.uniform(low, high) / step) * step, 4)


def even(value: float) -> float:
    """The nearest number whose half is still on the grid."""
    return round(round(value / (2 * GRID_MM)) * 2 * GRID_MM, 4)


def places(count: int, pitch: float) -> list[float]:
    """`count` places around 0, `pitch` apart."""
    return [round((i - (count - 1) / 2) * pitch, 4) for i in range(count)]


def span(axis: Axis, low: int, high: int, style: Style, what: str = "span") -> Link:
    """The distance of two pads as the style dimensions it: between centres, outer edges or inner edges."""
    ends: tuple[Edge, Edge] = {"centre": (0, 0), "outer": (-1, 1), "gap": (1, -1)}[style.span]  # type: ignore[assignment]
    symbol = {"centre": "C", "outer": "Z", "gap": "G"}[style.span] + ("" if axis == 1 else "1")
    return Link(axis, (low, ends[0]), (high, ends[1]), what, symbol=symbol)


def size(axis: Axis, pad: int, what: str, count: int, symbol: str) -> Link:
    """The dimension of one pad along an axis, from edge to edge."""
    return Link(axis, (pad, -1), (pad, 1), what, count, symbol=symbol)


def pitch(axis: Axis, low: int, high: int, count: int) -> Link:
    """The dimension between the middles of two pads of a row."""
    return Link(axis, (low, 0), (high, 0), "pitch", count, symbol="E")


def stacked(pads: Iterable[PadSpec]) -> list[PadSpec]:
    """Pads whose middle of centre extents is the origin."""
    known = list(pads)
    xs, ys = [p.x for p in known], [p.y for p in known]
    cx, cy = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    return [moved(p, -cx, -cy) for p in known]


def moved(pad: PadSpec, dx: float, dy: float) -> PadSpec:
    """The same pad elsewhere, by mm along x and y."""
    return PadSpec(
        pad.number,
        round(pad.x + dx, 4),
        round(pad.y + dy, 4),
        pad.w,
        pad.h,
        pad.type,
        pad.shape,
        pad.drill,
        pad.radius,
        pad.role,
    )


def pad_shape(rng: random.Random, w: float, h: float) -> tuple[str, float]:
    """Most land patterns have square corners; some have small radii."""
    if rng.random() < 0.25:
        return "roundrect", min(0.05, round(min(w, h) / 4, 2))
    return "rect", 0.0


def body_dims(
    sides: tuple[Spread, Spread], height: Spread, symbols: tuple[str, str, str] = ("D", "E", "A")
) -> list[BodyDim]:
    """Length, width and height across the top and side views."""
    x, y = sides[0].target, sides[1].target
    return [
        BodyDim("top", 0, -x / 2, x / 2, sides[0], symbols[0], "body_x", at=-y / 2),
        BodyDim("top", 1, -y / 2, y / 2, sides[1], symbols[1], "body_y", at=x / 2),
        BodyDim(
            "side",
            1,
            -height.target,
            0.0,
            height,
            symbols[2],
            "height",
            at=x / 2,
            tag="MAX" if height.nom is None else "",
        ),
    ]


def heights(rng: random.Random, low: float, high: float) -> Spread:
    """A height, about half of them with only the maximum printed."""
    top = pick(rng, low, high, 0.05)
    return Spread(max=top) if rng.random() < 0.5 else Spread.around(top, 0.05 if top < 1.5 else 0.1)


def rounded(value: float) -> float:
    """mm to 0.1 µm, so that sums print as they are meant."""
    return round(value, 4)


def sign(value: float) -> int:
    """1 above 0, else -1."""
    return 1 if value > 0 else -1


def columns(half: int, step: float, across: float) -> list[tuple[float, float]]:
    """Places of two columns, counter-clockwise from the upper left: x and y."""
    ys = places(half, step)
    return [(-across / 2, y) for y in ys] + [(across / 2, y) for y in reversed(ys)]


def outward(axis: Axis, x: float, y: float, middle: float, long: float, short: float) -> Oblong:
    """A lead or foot along `axis`, on the side of its pad at x, y: its middle is `middle` mm from the origin along `axis`."""
    if axis == 0:
        return Oblong(sign(x) * middle, y, long, short)
    return Oblong(x, sign(y) * middle, short, long)
