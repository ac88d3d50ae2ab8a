"""Made-up parts with holes: DIP, pin headers, tactile switches, and surface-mount connectors with tabs and pegs."""

from __future__ import annotations

import random

from worker.datasheet.synthetic.part import Link, Oblong, PadSpec, Spread, SyntheticPart
from worker.datasheet.synthetic.parts.package_builder import PackageBuilder
from worker.datasheet.synthetic.parts.shapes import (
    columns,
    even,
    outward,
    pick,
    pitch,
    places,
    rounded,
    sign,
    size,
    span,
)
from worker.datasheet.synthetic.style import Style

CORNERS = ((-1, -1), (1, -1), (-1, 1), (1, 1))


def dip(rng: random.Random, _: Style) -> SyntheticPart:
    """Two columns of through-hole pins, 1 upper left and counter-clockwise."""
    pins, rows = rng.choice((8, 14, 16)), rng.choice((7.62, 10.16))
    half, step, width = pins // 2, 2.54, 6.35
    drill, copper = pick(rng, 0.8, 1.0, 0.1), pick(rng, 1.5, 1.8, 0.1)
    ys, at = places(half, step), columns(half, step, rows)
    part = PackageBuilder("dip")
    part.holes(at, copper, drill)
    part.links.append(pitch(1, half - 2, half - 1, pins - 2))
    part.link(0, (0, 0), (pins - 1, 0), "rows", symbol="C")
    part.drilled(half, pins - 1, pins)
    length = rounded(half * step - pick(rng, 0.2, 0.8, 0.1))
    height = Spread(max=pick(rng, 3.6, 5.3, 0.1))
    part.body(Spread.around(width, 0.25), Spread.around(length, 0.2), height, ("E1", "D", "A"))
    part.leads += [outward(0, x, y, rounded((width + rows) / 4), rounded((rows - width) / 2), 1.2) for x, y in at]
    part.pitch("top", 1, (ys[0], ys[1]), pins - 2, -rows / 2)
    part.label([(sign(x) * (rows / 2 + 0.8), y) for x, y in at], (0, half - 1, half, pins - 1))
    return part.build(f"PDIP-{pins}", f"Plastic dual in-line package, {pins} pins", (-2.4, ys[0]), through=True)


def header(rng: random.Random, _: Style) -> SyntheticPart:
    """One or two rows of pins; pin 1 left, a second row numbered across."""
    columns_, rows = rng.choice((3, 4, 5, 6, 8)), rng.choice((1, 2))
    step = rng.choice((2.54, 2.0, 1.27))
    xs, ys = places(columns_, step), places(rows, step)
    part, pins = PackageBuilder("header"), columns_ * rows
    part.holes([(x, y) for x in xs for y in ys], even(step * 0.66), rounded(step * 0.4))
    part.links.append(pitch(0, 0, rows, columns_ - 1))
    part.drilled(pins - 1, 0, pins)
    if rows == 2:
        part.link(1, (pins - 2, 0), (pins - 1, 0), "row_span", symbol="C")
    x, y, height = rounded(columns_ * step), rounded(rows * step - 0.06), pick(rng, 8.0, 11.5, 0.1)
    part.body(Spread(nom=x), Spread(nom=y), Spread(nom=height), ("A", "B", "H"))
    pin = rounded(step * 0.25)
    part.leads += [Oblong(p.x, p.y, pin, pin) for p in part.pads]
    part.pitch("top", 0, (xs[0], xs[1]), columns_ - 1, y / 2, "TYP", "P")
    part.label([(xs[0] - step * 0.8, ys[0])])
    title = f"Pin header, {rows} x {columns_}, pitch {step} mm"
    return part.build(f"HDR-{rows}X{columns_}", title, through=True)


def switch(rng: random.Random, _: Style) -> SyntheticPart:
    """A tactile switch: four holes at the corners, 1 and 2 in the upper row."""
    side = rng.choice((6.0, 6.2, 12.0))
    cx, cy = rounded(side + pick(rng, 0.3, 0.6, 0.1)), rounded(side * 0.75)
    drill, copper = pick(rng, 0.9, 1.2, 0.1), pick(rng, 1.7, 2.2, 0.1)
    at = [(sx * cx / 2, sy * cy / 2) for sx, sy in CORNERS]
    part = PackageBuilder("switch")
    part.holes(at, copper, drill)
    part.link(0, (0, 0), (1, 0), "columns", symbol="C1")
    part.link(1, (1, 0), (3, 0), "rows", symbol="C")
    part.drilled(2, 3, 4)
    height = Spread.around(pick(rng, 3.5, 7.0, 0.1), 0.2)
    part.body(Spread.around(side, 0.1), Spread.around(side, 0.1), height, ("A", "B", "H"))
    part.leads += [outward(0, x, y, (side + 0.3) / 2, 0.3, 0.7) for x, y in at]
    part.label([(sign(x) * (cx / 2 + 0.6), y) for x, y in at])
    return part.build(f"TACT-{round(side)}MM", f"Tactile switch {side:g} x {side:g} mm", through=True)


def connector(rng: random.Random, style: Style) -> SyntheticPart:
    """A row of pads, two solder tabs beyond it and sometimes two pegs without copper or slots."""
    pins, step = rng.choice((2, 3, 4, 5, 6, 8)), rng.choice((1.0, 1.25, 1.5, 2.0))
    w, h = even(step * 0.5), even(pick(rng, 1.6, 3.0, 0.1))
    tab_w, tab_h = even(pick(rng, 1.2, 1.6, 0.1)), even(pick(rng, 2.0, 3.4, 0.1))
    drop = even(h / 2 + tab_h / 2 + pick(rng, 0.8, 2.0, 0.1))
    reach = even((pins - 1) * step + 2 * pick(rng, 2.0, 2.6, 0.1) + tab_w)
    xs = places(pins, step)
    part = PackageBuilder("connector")
    part.terminals([(x, 0.0) for x in xs], w, h)
    part.pads += [PadSpec("MP", s * reach / 2, drop, tab_w, tab_h, role="mechanical") for s in (-1, 1)]
    part.links += [
        pitch(0, 0, 1, pins - 1),
        size(0, pins - 1, "pad_w", pins, "X"),
        size(1, pins - 1, "pad_h", pins, "Y"),
        span(0, pins, pins + 1, style, "tabs"),
        size(0, pins, "tab_w", 2, "X2"),
        size(1, pins + 1, "tab_h", 2, "Y2"),
    ]
    part.link(1, (0, 0), (pins, 0), "drop", symbol="C")
    if rng.random() < 0.5:
        _pegs(part, rng, step * (pins - 1), drop)
    part.centre()
    length, width = rounded(reach + pick(rng, 0.4, 1.0, 0.1)), rounded(drop + pick(rng, 2.0, 3.0, 0.1))
    part.body(Spread(nom=length), Spread(nom=width), Spread(nom=pick(rng, 3.0, 6.0, 0.1)), ("B", "C", "H"))
    part.leads += [Oblong(x, -width / 2 - 0.4, rounded(step * 0.3), 0.8) for x in xs]
    row = Spread(nom=rounded((pins - 1) * step))
    part.dim("top", 0, (xs[0], xs[-1]), row, "A", "row", at=-width / 2 - 0.8)
    part.label([(xs[0], -width / 2 - 1.2)])
    return part.build(f"CONN-{pins}P", f"Wire to board header, {pins} circuits, pitch {step} mm")


def _pegs(part: PackageBuilder, rng: random.Random, row: float, drop: float) -> None:
    """Two holes without copper for plastic pegs, on the line of the tabs."""
    first, apart, drill = len(part.pads), even(max(1.2, row * 0.6)), pick(rng, 0.7, 1.1, 0.1)
    part.pads += [
        PadSpec("", s * apart / 2, drop, drill, drill, "np_thru_hole", "circle", (drill, drill), role="locating_peg")
        for s in (-1, 1)
    ]
    part.link(0, (first, 0), (first + 1, 0), "pegs", symbol="D")
    part.links.append(Link(0, (first + 1, -1), (first + 1, 1), "hole", 2, hole=True, symbol="H"))
