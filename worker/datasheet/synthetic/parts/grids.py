"""Made-up parts with pads on four sides, around an exposed pad or in a grid: QFN, DFN, QFP and BGA."""

from __future__ import annotations

import random

from worker.datasheet.synthetic.part import BodyDim, Link, Oblong, PadSpec, Spread, SyntheticPart
from worker.datasheet.synthetic.parts.shapes import (
    body_dims,
    even,
    heights,
    pad_shape,
    pick,
    pitch,
    places,
    rounded,
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


def qfn(rng: random.Random, style: Style) -> SyntheticPart:
    """A square package without leads, pads on four sides and one in the middle; mm."""
    n, step = rng.choice(((4, 0.5), (4, 0.65), (5, 0.5), (6, 0.5), (8, 0.5), (7, 0.4), (10, 0.5)))
    side = rounded((n - 1) * step + pick(rng, 1.4, 1.8, 0.1))
    long, short = even(pick(rng, 0.6, 0.9)), even(step * 0.56)
    across = even(side + pick(rng, -0.2, 0.1))
    thermal = even(across - long - 2 * pick(rng, 0.2, 0.35) - 0.1)
    pads = _ring_pads(rng, ring(n, step, across, across), long, short)
    pads.append(PadSpec(str(4 * n + 1), 0.0, 0.0, thermal, thermal, role="exposed"))
    links = [*_ring_links(n, style), size(0, 4 * n, "ep_w", 1, "W2"), size(1, 4 * n, "ep_h", 1, "T2")]
    sides, height = (Spread.around(side, 0.1), Spread.around(side, 0.1)), heights(rng, 0.6, 1.0)
    foot_l, foot_w = rounded(0.4), rounded(step * 0.48)
    feet = [_foot(p, side, foot_l, foot_w) for p in pads[:-1]]
    ep = rounded(thermal - 0.1)
    feet.append(Oblong(0.0, 0.0, ep, ep))
    dims = body_dims(sides, height) + _no_lead_dims(side, step, foot_l, foot_w, ep, n)
    return SyntheticPart(
        "qfn",
        f"QFN-{4 * n}",
        f"Plastic quad flatpack, no lead, {4 * n} terminals",
        sides,
        height,
        pads,
        links,
        feet=feet,
        dims=dims,
        pin1=(-side / 2 + 0.4, -side / 2 + 0.4),
        vias=_vias(rng, thermal),
        labels=_ring_labels(pads, n, side),
    )


def _foot(pad: PadSpec, side: float, long: float, short: float) -> Oblong:
    edge = (side - long) / 2
    if pad.w > pad.h:
        return Oblong(edge if pad.x > 0 else -edge, pad.y, long, short)
    return Oblong(pad.x, edge if pad.y > 0 else -edge, short, long)


def _no_lead_dims(side: float, step: float, foot_l: float, foot_w: float, ep: float, n: int) -> list[BodyDim]:
    top = places(n, step)
    return [
        BodyDim("bottom", 0, -ep / 2, ep / 2, Spread.around(ep, 0.1), "D2", "ep_x", at=ep / 2),
        BodyDim("bottom", 1, -ep / 2, ep / 2, Spread.around(ep, 0.1), "E2", "ep_y", at=ep / 2),
        BodyDim("bottom", 0, top[0], top[1], Spread(nom=step), "e", "pitch", 4 * n - 4, -side / 2, "BSC"),
        BodyDim(
            "bottom",
            0,
            top[-1] - foot_w / 2,
            top[-1] + foot_w / 2,
            Spread.around(foot_w, 0.05),
            "b",
            "lead_width",
            4 * n,
            -side / 2,
        ),
        BodyDim(
            "bottom", 1, -side / 2, -side / 2 + foot_l, Spread.around(foot_l, 0.1), "L", "foot_length", 4 * n, -side / 2
        ),
    ]


def _vias(rng: random.Random, thermal: float) -> list[tuple[float, float, float]]:
    if rng.random() < 0.5 or thermal < 1.2:
        return []
    step = rounded(thermal / 3)
    return [(x * step, y * step, 0.2) for x in (-1, 0, 1) for y in (-1, 0, 1)]


def _ring_labels(pads: list[PadSpec], n: int, side: float) -> list[tuple[str, float, float]]:
    """Numbers of the pins at the corners, outside the body as seen from the top."""
    found = []
    for i in (0, n - 1, n, 2 * n - 1, 2 * n, 3 * n - 1, 3 * n, 4 * n - 1):
        p, out = pads[i], side / 2 + 0.3
        x, y = (out if p.x > 0 else -out, p.y) if p.w > p.h else (p.x, out if p.y > 0 else -out)
        found.append((p.number, x, y))
    return found


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
    pads = [PadSpec(str(i + 1), x, y, w, h) for i, (x, y) in enumerate(at)]
    pads.append(PadSpec(str(pins + 1), 0.0, 0.0, ep_w, ep_h, role="exposed"))
    links = [
        pitch(0, 0, 1, pins - 2),
        span(1, pins - 1, 0, style),
        size(0, half - 1, "pad_w", pins, "X1"),
        size(1, half - 1, "pad_h", pins, "Y1"),
        size(0, pins, "ep_w", 1, "W2"),
        size(1, pins, "ep_h", 1, "T2"),
    ]
    sides, height = (Spread.around(x_side, 0.1), Spread.around(y_side, 0.1)), heights(rng, 0.5, 0.9)
    foot_l, foot_w = 0.4, rounded(step * 0.5)
    feet = [Oblong(x, (1 if y > 0 else -1) * (y_side - foot_l) / 2, foot_w, foot_l) for x, y in at] + [
        Oblong(0, 0, ep_w - 0.1, ep_h - 0.1)
    ]
    dims = body_dims(sides, height)
    dims.append(BodyDim("bottom", 0, xs[0], xs[1], Spread(nom=step), "e", "pitch", pins - 2, y_side / 2, "BSC"))
    dims.append(
        BodyDim(
            "bottom",
            1,
            y_side / 2 - foot_l,
            y_side / 2,
            Spread.around(foot_l, 0.05),
            "L",
            "foot_length",
            pins,
            x_side / 2,
        )
    )
    labels = [(str(i + 1), x, (1 if y > 0 else -1) * (y_side / 2 + 0.3)) for i, (x, y) in enumerate(at)]
    return SyntheticPart(
        "dfn",
        f"DFN-{pins}",
        f"Plastic dual flat, no lead, {pins} terminals",
        sides,
        height,
        pads,
        links,
        feet=feet,
        dims=dims,
        pin1=(-x_side / 2 + 0.3, y_side / 2 - 0.3),
        labels=labels,
    )


def qfp(rng: random.Random, style: Style) -> SyntheticPart:
    """A square package with leads on four sides; mm."""
    n, step = rng.choice(((8, 0.8), (11, 0.8), (12, 0.5), (16, 0.5)))
    side = rounded((n - 1) * step + pick(rng, 1.4, 1.6, 0.1))
    reach = rounded(side + 2.0)
    long, short = even(pick(rng, 1.2, 1.6)), even(step * 0.58)
    across = even(reach - pick(rng, 0.3, 0.6))
    at = ring(n, step, across, across)
    pads = _ring_pads(rng, at, long, short)
    sides, height = (Spread.around(side, 0.1), Spread.around(side, 0.1)), Spread(max=pick(rng, 1.2, 1.6, 0.1))
    lead_w = rounded(step * 0.4)
    leads = [_reach(p, side, reach, lead_w) for p in pads]
    dims = body_dims(sides, height, ("D1", "E1", "A"))
    dims.append(BodyDim("top", 0, -reach / 2, reach / 2, Spread.around(reach, 0.2), "D", "overall_x", at=side / 2))
    dims.append(BodyDim("top", 1, -reach / 2, reach / 2, Spread.around(reach, 0.2), "E", "overall_y", at=-side / 2))
    first = places(n, step)
    dims.append(BodyDim("top", 0, first[0], first[1], Spread(nom=step), "e", "pitch", 4 * n - 4, reach / 2, "BSC"))
    labels = _ring_labels(pads, n, reach)
    return SyntheticPart(
        "qfp",
        f"LQFP-{4 * n}",
        f"Low profile quad flat package, {4 * n} leads",
        sides,
        height,
        pads,
        _ring_links(n, style),
        leads,
        dims=dims,
        pin1=(-side / 2 + 0.7, -side / 2 + 0.7),
        labels=labels,
    )


def _reach(pad: PadSpec, side: float, reach: float, width: float) -> Oblong:
    middle, long = (side + reach) / 4, (reach - side) / 2
    if pad.w > pad.h:
        return Oblong(middle if pad.x > 0 else -middle, pad.y, long, width)
    return Oblong(pad.x, middle if pad.y > 0 else -middle, width, long)


def bga(rng: random.Random, _: Style) -> SyntheticPart:
    """A full grid of round pads, A1 upper left as seen from the top."""
    columns, rows = rng.choice(((3, 3), (4, 4), (5, 5), (6, 6), (4, 5), (8, 8)))
    step = rng.choice((0.4, 0.5, 0.65, 0.8))
    diameter = even(step * 0.5)
    x_side, y_side = (rounded(k * step + pick(rng, 0.05, 0.4)) for k in (columns, rows))
    pads = [
        PadSpec(f"{ROWS[r]}{c + 1}", x, y, diameter, diameter, shape="circle")
        for r, y in enumerate(places(rows, step))
        for c, x in enumerate(places(columns, step))
    ]
    last = rows * columns - 1
    links = [
        Link(0, (0, 0), (1, 0), "pitch_x", columns - 1, symbol="E"),
        Link(1, (last - columns, 0), (last, 0), "pitch_y", rows - 1, symbol="E1"),
        Link(0, (columns - 1, -1), (columns - 1, 1), "diameter", len(pads), symbol="X"),
    ]
    sides, height = (Spread.around(x_side, 0.05), Spread.around(y_side, 0.05)), Spread(max=pick(rng, 0.5, 1.2, 0.05))
    feet = [Oblong(p.x, p.y, diameter, diameter) for p in pads]
    dims = body_dims(sides, height)
    dims.append(
        BodyDim("bottom", 0, pads[0].x, pads[1].x, Spread(nom=step), "e", "pitch", columns - 1, -y_side / 2, "TYP")
    )
    labels = [(str(c + 1), x, -y_side / 2 - 0.25) for c, x in enumerate(places(columns, step))]
    labels += [(ROWS[r], -x_side / 2 - 0.25, y) for r, y in enumerate(places(rows, step))]
    return SyntheticPart(
        "bga",
        f"BGA-{len(pads)}",
        f"Ball grid array, {len(pads)} balls",
        sides,
        height,
        pads,
        links,
        feet=feet,
        dims=dims,
        round_feet=True,
        pin1=(-x_side / 2 + 0.2, -y_side / 2 + 0.2),
        labels=labels,
    )
