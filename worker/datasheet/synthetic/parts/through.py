"""Made-up parts with holes: DIP, pin headers, tactile switches, and surface-mount connectors with tabs and pegs."""

from __future__ import annotations

import random

from worker.datasheet.synthetic.part import BodyDim, Link, Oblong, PadSpec, Spread, SyntheticPart
from worker.datasheet.synthetic.parts.shapes import body_dims, even, pick, pitch, places, rounded, size, span, stacked
from worker.datasheet.synthetic.style import Style


def _round(number: str, x: float, y: float, copper: float, drill: float) -> PadSpec:
    return PadSpec(number, x, y, copper, copper, "thru_hole", "circle", (drill, drill))


def _hole(pad: int, count: int) -> Link:
    return Link(0, (pad, -1), (pad, 1), "hole", count, hole=True, symbol="H")


def _copper(pad: int, count: int) -> Link:
    return Link(0, (pad, -1), (pad, 1), "copper", count, symbol="X")


def dip(rng: random.Random, _: Style) -> SyntheticPart:
    """Two columns of through-hole pins, 1 upper left and counter-clockwise."""
    pins, rows = rng.choice((8, 14, 16)), rng.choice((7.62, 10.16))
    half, step = pins // 2, 2.54
    drill, copper = pick(rng, 0.8, 1.0, 0.1), pick(rng, 1.5, 1.8, 0.1)
    ys = places(half, step)
    at = [(-rows / 2, y) for y in ys] + [(rows / 2, y) for y in reversed(ys)]
    pads = [_round(str(i + 1), x, y, copper, drill) for i, (x, y) in enumerate(at)]
    links = [
        pitch(1, half - 2, half - 1, pins - 2),
        Link(0, (0, 0), (pins - 1, 0), "rows", symbol="C"),
        _hole(half, pins),
        _copper(pins - 1, pins),
    ]
    sides = Spread.around(6.35, 0.25), Spread.around(rounded(half * step - pick(rng, 0.2, 0.8, 0.1)), 0.2)
    height = Spread(max=pick(rng, 3.6, 5.3, 0.1))
    leads = [
        Oblong((-1 if x < 0 else 1) * rounded((6.35 + rows) / 4), y, rounded((rows - 6.35) / 2), 1.2) for x, y in at
    ]
    dims = body_dims(sides, height, ("E1", "D", "A"))
    dims.append(BodyDim("top", 1, ys[0], ys[1], Spread(nom=step), "e", "pitch", pins - 2, -rows / 2, "BSC"))
    labels = [
        (str(i + 1), (1 if x > 0 else -1) * (rows / 2 + 0.8), y)
        for i, (x, y) in enumerate(at)
        if i in (0, half - 1, half, pins - 1)
    ]
    return SyntheticPart(
        "dip",
        f"PDIP-{pins}",
        f"Plastic dual in-line package, {pins} pins",
        sides,
        height,
        pads,
        links,
        leads,
        dims=dims,
        labels=labels,
        pin1=(-2.4, ys[0]),
        through=True,
    )


def header(rng: random.Random, _: Style) -> SyntheticPart:
    """One or two rows of pins; pin 1 left, a second row numbered across."""
    columns, rows = rng.choice((3, 4, 5, 6, 8)), rng.choice((1, 2))
    step = rng.choice((2.54, 2.0, 1.27))
    drill = rounded(step * 0.4)
    copper = even(step * 0.66)
    xs, ys = places(columns, step), places(rows, step)
    pads = [_round(str(c * rows + r + 1), x, y, copper, drill) for c, x in enumerate(xs) for r, y in enumerate(ys)]
    links = [pitch(0, 0, rows, columns - 1), _hole(len(pads) - 1, len(pads)), _copper(0, len(pads))]
    if rows == 2:
        links.append(Link(1, (len(pads) - 2, 0), (len(pads) - 1, 0), "row_span", symbol="C"))
    sides = Spread(nom=rounded(columns * step)), Spread(nom=rounded(rows * step - 0.06))
    height = Spread(nom=pick(rng, 8.0, 11.5, 0.1))
    pin = rounded(step * 0.25)
    feet = [Oblong(p.x, p.y, pin, pin) for p in pads]
    dims = body_dims(sides, height, ("A", "B", "H"))
    dims.append(
        BodyDim("top", 0, xs[0], xs[1], Spread(nom=step), "P", "pitch", columns - 1, sides[1].target / 2, "TYP")
    )
    return SyntheticPart(
        "header",
        f"HDR-{rows}X{columns}",
        f"Pin header, {rows} x {columns}, pitch {step} mm",
        sides,
        height,
        pads,
        links,
        feet,
        dims=dims,
        labels=[("1", xs[0] - step * 0.8, ys[0])],
        through=True,
    )


def switch(rng: random.Random, _: Style) -> SyntheticPart:
    """A tactile switch: four holes at the corners, 1 and 2 in the upper row."""
    side = rng.choice((6.0, 6.2, 12.0))
    cx, cy = rounded(side + pick(rng, 0.3, 0.6, 0.1)), rounded(side * 0.75)
    drill, copper = pick(rng, 0.9, 1.2, 0.1), pick(rng, 1.7, 2.2, 0.1)
    corners = ((-1, -1), (1, -1), (-1, 1), (1, 1))
    pads = [_round(str(i + 1), sx * cx / 2, sy * cy / 2, copper, drill) for i, (sx, sy) in enumerate(corners)]
    links = [
        Link(0, (0, 0), (1, 0), "columns", symbol="C1"),
        Link(1, (1, 0), (3, 0), "rows", symbol="C"),
        _hole(2, 4),
        _copper(3, 4),
    ]
    sides, height = (Spread.around(side, 0.1), Spread.around(side, 0.1)), Spread.around(pick(rng, 3.5, 7.0, 0.1), 0.2)
    leads = [Oblong(sx * (side + 0.3) / 2, sy * cy / 2, 0.3, 0.7) for sx, sy in corners]
    labels = [(str(i + 1), sx * (cx / 2 + 0.6), sy * cy / 2) for i, (sx, sy) in enumerate(corners)]
    return SyntheticPart(
        "switch",
        f"TACT-{round(side)}MM",
        f"Tactile switch {side:g} x {side:g} mm",
        sides,
        height,
        pads,
        links,
        leads,
        dims=body_dims(sides, height, ("A", "B", "H")),
        labels=labels,
        through=True,
    )


def connector(rng: random.Random, style: Style) -> SyntheticPart:
    """A row of pads, two solder tabs beyond it and sometimes two pegs without copper or slots."""
    pins, step = rng.choice((2, 3, 4, 5, 6, 8)), rng.choice((1.0, 1.25, 1.5, 2.0))
    w, h = even(step * 0.5), even(pick(rng, 1.6, 3.0, 0.1))
    tab_w, tab_h = even(pick(rng, 1.2, 1.6, 0.1)), even(pick(rng, 2.0, 3.4, 0.1))
    drop = even(h / 2 + tab_h / 2 + pick(rng, 0.8, 2.0, 0.1))
    reach = even((pins - 1) * step + 2 * pick(rng, 2.0, 2.6, 0.1) + tab_w)
    pads = [PadSpec(str(i + 1), x, 0.0, w, h) for i, x in enumerate(places(pins, step))]
    pads += [PadSpec("MP", s * reach / 2, drop, tab_w, tab_h, role="mechanical") for s in (-1, 1)]
    links = [
        pitch(0, 0, 1, pins - 1),
        size(0, pins - 1, "pad_w", pins, "X"),
        size(1, pins - 1, "pad_h", pins, "Y"),
        span(0, pins, pins + 1, style, "tabs"),
        size(0, pins, "tab_w", 2, "X2"),
        size(1, pins + 1, "tab_h", 2, "Y2"),
        Link(1, (0, 0), (pins, 0), "drop", symbol="C"),
    ]
    if rng.random() < 0.5:
        pads, links = _with_pegs(rng, pads, links, step * (pins - 1), drop)
    pads = stacked(pads)
    length, width = rounded(reach + pick(rng, 0.4, 1.0, 0.1)), rounded(drop + pick(rng, 2.0, 3.0, 0.1))
    sides, height = (Spread(nom=length), Spread(nom=width)), Spread(nom=pick(rng, 3.0, 6.0, 0.1))
    leads = [Oblong(x, -width / 2 - 0.4, rounded(step * 0.3), 0.8) for x in places(pins, step)]
    dims = body_dims(sides, height, ("B", "C", "H"))
    dims.append(
        BodyDim(
            "top",
            0,
            places(pins, step)[0],
            places(pins, step)[-1],
            Spread(nom=rounded((pins - 1) * step)),
            "A",
            "row",
            1,
            -width / 2 - 0.8,
        )
    )
    return SyntheticPart(
        "connector",
        f"CONN-{pins}P",
        f"Wire to board header, {pins} circuits, pitch {step} mm",
        sides,
        height,
        pads,
        links,
        leads,
        dims=dims,
        labels=[("1", places(pins, step)[0], -width / 2 - 1.2)],
    )


def _with_pegs(
    rng: random.Random, pads: list[PadSpec], links: list[Link], row: float, drop: float
) -> tuple[list[PadSpec], list[Link]]:
    """Two holes without copper for plastic pegs, on the line of the tabs."""
    first, apart, drill = len(pads), even(max(1.2, row * 0.6)), pick(rng, 0.7, 1.1, 0.1)
    pegs = [
        PadSpec("", s * apart / 2, drop, drill, drill, "np_thru_hole", "circle", (drill, drill), role="locating_peg")
        for s in (-1, 1)
    ]
    more = [
        Link(0, (first, 0), (first + 1, 0), "pegs", symbol="D"),
        Link(0, (first + 1, -1), (first + 1, 1), "hole", 2, hole=True, symbol="H"),
    ]
    return pads + pegs, links + more
