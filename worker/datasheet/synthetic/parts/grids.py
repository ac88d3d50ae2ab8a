"""Made-up parts with pads on four sides, around an exposed pad or in a grid: QFN, DFN, QFP and BGA."""

from __future__ import annotations

import random

from worker.datasheet.synthetic.part import Axis, Link, Oblong, PadSpec, Spread, SyntheticPart
from worker.datasheet.synthetic.parts.package_builder import PackageBuilder
from worker.datasheet.synthetic.parts.shapes import (
    even,
    heights,
    outward,
    pad_shape,
    pick,
    pitch,
    places,
    rounded,
    sign,
    size,
    span,
)
from worker.datasheet.synthetic.style import Style

ROWS = "ABCDEFGHJKLMNPRT"


def ring(per_side: int, step: float, cx: float, cy: float) -> list[tuple[float, float, bool]]:
    """Places counter-clockwise from the upper left: x, y and whether the pad lies along x."""
    at = places(per_side, step)
    left = [(-cx / 2, v, True) for v in at]
    lower = [(v, cy / 2, False) for v in at]
    right = [(cx / 2, -v, True) for v in at]
    upper = [(-v, -cy / 2, False) for v in at]
    return left + lower + right + upper


def _ring_links(n: int, style: Style) -> list[Link]:
    """Pads of the four sides: 0..n-1 left downwards, then lower, right upwards, upper."""
    return [
        pitch(1, n - 2, n - 1, 4 * n - 4),
        span(0, 0, 3 * n - 1, style, "span_x"),
        span(1, 4 * n - 1, n, style, "span_y"),
        size(0, n - 1, "pad_length", 4 * n, "Y"),
        size(1, 2 * n, "pad_width", 4 * n, "X"),
    ]


def _ring_pads(
    rng: random.Random, places_: list[tuple[float, float, bool]], long: float, short: float
) -> list[PadSpec]:
    shape, radius = ("d_shape", short / 2) if rng.random() < 0.15 else pad_shape(rng, long, short)
    return [
        PadSpec(str(i + 1), x, y, long if flat else short, short if flat else long, shape=shape, radius=radius)
        for i, (x, y, flat) in enumerate(places_)
    ]


def _lies_along(pad: PadSpec) -> Axis:
    return 0 if pad.w > pad.h else 1


def _label_corners(part: PackageBuilder, n: int, side: float) -> None:
    """Numbers of the pins at the corners, outside `side` as seen from the top."""
    out = side / 2 + 0.3
    at = [(sign(p.x) * out, p.y) if _lies_along(p) == 0 else (p.x, sign(p.y) * out) for p in part.pads[: 4 * n]]
    part.label(at, (0, n - 1, n, 2 * n - 1, 2 * n, 3 * n - 1, 3 * n, 4 * n - 1))


def qfn(rng: random.Random, style: Style) -> SyntheticPart:
    """A square package without leads, pads on four sides and one in the middle; mm."""
    n, step = rng.choice(((4, 0.5), (4, 0.65), (5, 0.5), (6, 0.5), (8, 0.5), (7, 0.4), (10, 0.5)))
    side = rounded((n - 1) * step + pick(rng, 1.4, 1.8, 0.1))
    long, short = even(pick(rng, 0.6, 0.9)), even(step * 0.56)
    across = even(side + pick(rng, -0.2, 0.1))
    thermal = even(across - long - 2 * pick(rng, 0.2, 0.35) - 0.1)
    part = PackageBuilder("qfn")
    part.pads = _ring_pads(rng, ring(n, step, across, across), long, short)
    part.links = _ring_links(n, style)
    foot_l, foot_w, ep = rounded(0.4), rounded(step * 0.48), rounded(thermal - 0.1)
    part.feet += [outward(_lies_along(p), p.x, p.y, (side - foot_l) / 2, foot_l, foot_w) for p in part.pads]
    part.feet.append(Oblong(0.0, 0.0, ep, ep))
    part.exposed(thermal, thermal)
    part.body(Spread.around(side, 0.1), Spread.around(side, 0.1), heights(rng, 0.6, 1.0))
    _no_lead_dims(part, side, step, foot_l, foot_w, ep, n)
    part.vias = _vias(rng, thermal)
    _label_corners(part, n, side)
    title = f"Plastic quad flatpack, no lead, {4 * n} terminals"
    return part.build(f"QFN-{4 * n}", title, (-side / 2 + 0.4, -side / 2 + 0.4))


def _no_lead_dims(
    part: PackageBuilder, side: float, step: float, foot_l: float, foot_w: float, ep: float, n: int
) -> None:
    first, second, *_, last = places(n, step)
    edge = -side / 2
    part.extent("bottom", 0, ep, 0.1, "D2", "ep_x", at=ep / 2)
    part.extent("bottom", 1, ep, 0.1, "E2", "ep_y", at=ep / 2)
    part.pitch("bottom", 0, (first, second), 4 * n - 4, edge)
    part.extent("bottom", 0, foot_w, 0.05, "b", "lead_width", 4 * n, edge, last)
    part.dim("bottom", 1, (edge, edge + foot_l), Spread.around(foot_l, 0.1), "L", "foot_length", 4 * n, edge)


def _vias(rng: random.Random, thermal: float) -> list[tuple[float, float, float]]:
    if rng.random() < 0.5 or thermal < 1.2:
        return []
    step = rounded(thermal / 3)
    return [(x * step, y * step, 0.2) for x in (-1, 0, 1) for y in (-1, 0, 1)]


def dfn(rng: random.Random, style: Style) -> SyntheticPart:
    """Two rows of terminals over and under an exposed pad, 1 lower left and counter-clockwise."""
    pins, step = rng.choice(((6, 0.65), (8, 0.5), (8, 0.65), (10, 0.5), (12, 0.5)))
    half = pins // 2
    x_side, y_side = rounded((half - 1) * step + pick(rng, 0.5, 1.0, 0.1)), rng.choice((2.0, 3.0, 4.0))
    w, h = even(step * 0.56), even(pick(rng, 0.55, 0.8))
    rows = even(y_side + pick(rng, -0.2, 0.1))
    ep_w, ep_h = even(max(0.6, x_side - 0.6)), even(rows - h - 2 * pick(rng, 0.2, 0.3))
    xs = places(half, step)
    at = [(x, rows / 2) for x in xs] + [(x, -rows / 2) for x in reversed(xs)]
    part = PackageBuilder("dfn")
    part.terminals(at, w, h)
    part.links += [
        pitch(0, 0, 1, pins - 2),
        span(1, pins - 1, 0, style),
        size(0, half - 1, "pad_w", pins, "X1"),
        size(1, half - 1, "pad_h", pins, "Y1"),
    ]
    part.exposed(ep_w, ep_h)
    part.body(Spread.around(x_side, 0.1), Spread.around(y_side, 0.1), heights(rng, 0.5, 0.9))
    foot_l, foot_w = 0.4, rounded(step * 0.5)
    part.feet += [outward(1, x, y, (y_side - foot_l) / 2, foot_l, foot_w) for x, y in at]
    part.feet.append(Oblong(0, 0, ep_w - 0.1, ep_h - 0.1))
    part.pitch("bottom", 0, (xs[0], xs[1]), pins - 2, y_side / 2)
    ends = y_side / 2 - foot_l, y_side / 2
    part.dim("bottom", 1, ends, Spread.around(foot_l, 0.05), "L", "foot_length", pins, x_side / 2)
    part.label([(x, sign(y) * (y_side / 2 + 0.3)) for x, y in at])
    title = f"Plastic dual flat, no lead, {pins} terminals"
    return part.build(f"DFN-{pins}", title, (-x_side / 2 + 0.3, y_side / 2 - 0.3))


def qfp(rng: random.Random, style: Style) -> SyntheticPart:
    """A square package with leads on four sides; mm."""
    n, step = rng.choice(((8, 0.8), (11, 0.8), (12, 0.5), (16, 0.5)))
    side = rounded((n - 1) * step + pick(rng, 1.4, 1.6, 0.1))
    reach = rounded(side + 2.0)
    long, short = even(pick(rng, 1.2, 1.6)), even(step * 0.58)
    across = even(reach - pick(rng, 0.3, 0.6))
    part = PackageBuilder("qfp")
    part.pads = _ring_pads(rng, ring(n, step, across, across), long, short)
    part.links = _ring_links(n, style)
    height = Spread(max=pick(rng, 1.2, 1.6, 0.1))
    part.body(Spread.around(side, 0.1), Spread.around(side, 0.1), height, ("D1", "E1", "A"))
    middle, lead_l, lead_w = (side + reach) / 4, (reach - side) / 2, rounded(step * 0.4)
    part.leads += [outward(_lies_along(p), p.x, p.y, middle, lead_l, lead_w) for p in part.pads]
    part.extent("top", 0, reach, 0.2, "D", "overall_x", at=side / 2)
    part.extent("top", 1, reach, 0.2, "E", "overall_y", at=-side / 2)
    first, second, *_ = places(n, step)
    part.pitch("top", 0, (first, second), 4 * n - 4, reach / 2)
    _label_corners(part, n, reach)
    title = f"Low profile quad flat package, {4 * n} leads"
    return part.build(f"LQFP-{4 * n}", title, (-side / 2 + 0.7, -side / 2 + 0.7))


def bga(rng: random.Random, _: Style) -> SyntheticPart:
    """A full grid of round pads, A1 upper left as seen from the top."""
    columns, rows = rng.choice(((3, 3), (4, 4), (5, 5), (6, 6), (4, 5), (8, 8)))
    step = rng.choice((0.4, 0.5, 0.65, 0.8))
    diameter = even(step * 0.5)
    x_side, y_side = (rounded(k * step + pick(rng, 0.05, 0.4)) for k in (columns, rows))
    xs, ys = places(columns, step), places(rows, step)
    part, last = PackageBuilder("bga"), rows * columns - 1
    part.pads = [
        PadSpec(f"{ROWS[r]}{c + 1}", x, y, diameter, diameter, shape="circle")
        for r, y in enumerate(ys)
        for c, x in enumerate(xs)
    ]
    part.link(0, (0, 0), (1, 0), "pitch_x", columns - 1, "E")
    part.link(1, (last - columns, 0), (last, 0), "pitch_y", rows - 1, "E1")
    part.link(0, (columns - 1, -1), (columns - 1, 1), "diameter", len(part.pads), "X")
    height = Spread(max=pick(rng, 0.5, 1.2, 0.05))
    part.body(Spread.around(x_side, 0.05), Spread.around(y_side, 0.05), height)
    part.feet += [Oblong(p.x, p.y, diameter, diameter) for p in part.pads]
    part.pitch("bottom", 0, (xs[0], xs[1]), columns - 1, -y_side / 2, "TYP")
    part.label([(x, -y_side / 2 - 0.25) for x in xs])
    part.labels += [(ROWS[r], -x_side / 2 - 0.25, y) for r, y in enumerate(ys)]
    title = f"Ball grid array, {len(part.pads)} balls"
    return part.build(f"BGA-{len(part.pads)}", title, (-x_side / 2 + 0.2, -y_side / 2 + 0.2), round_feet=True)
