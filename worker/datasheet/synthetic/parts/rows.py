"""Made-up parts with their pads in rows: chips, four-corner crystals, SOT and gull-wing packages."""

from __future__ import annotations

import random

from worker.datasheet.synthetic.part import Axis, Oblong, Spread, SyntheticPart
from worker.datasheet.synthetic.parts.package_builder import PackageBuilder
from worker.datasheet.synthetic.parts.shapes import (
    columns,
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

CHIPS = {
    "0402": (1.0, 0.5),
    "0603": (1.6, 0.8),
    "0805": (2.0, 1.25),
    "1206": (3.2, 1.6),
    "2010": (5.0, 2.5),
    "2512": (6.3, 3.2),
}
CORNERS = ((-1, 1), (1, 1), (1, -1), (-1, -1))


def chip(rng: random.Random, style: Style) -> SyntheticPart:
    """A resistor or capacitor of two terminals in one of the standard sizes; mm."""
    code = rng.choice(sorted(CHIPS))
    length, width = (rounded(v + pick(rng, -0.05, 0.05)) for v in CHIPS[code])
    part = PackageBuilder("chip")
    part.body(Spread.around(length, 0.1), Spread.around(width, 0.1), heights(rng, 0.3, 0.9), ("L", "W", "T"))
    w, h = even(pick(rng, 0.3, 0.4) * length + 0.2), even(width * pick(rng, 1.0, 1.25))
    across = even(length + pick(rng, 0.0, 0.3))
    at = [(-across / 2, 0.0), (across / 2, 0.0)]
    part.terminals(at, w, h, pad_shape(rng, w, h))
    part.links += [span(0, 0, 1, style), size(0, 0, "pad_w", 2, "X"), size(1, 0, "pad_h", 2, "Y")]
    end = rounded(length * 0.2)
    part.feet += [outward(0, x, y, rounded((length - end) / 2), end, width) for x, y in at]
    ends = -length / 2, -length / 2 + end
    part.dim("bottom", 0, ends, Spread.around(end, 0.05), "e", "foot_length", 2, width / 2)
    return part.build(f"CHIP-{code}", f"Chip {code}")


def crystal(rng: random.Random, style: Style) -> SyntheticPart:
    """Four pads at the corners, 1 lower left and counter-clockwise from there."""
    length, width = rng.choice(((3.2, 2.5), (2.5, 2.0), (5.0, 3.2), (2.0, 1.6), (7.0, 5.0)))
    part = PackageBuilder("crystal")
    part.body(Spread.around(length, 0.1), Spread.around(width, 0.1), heights(rng, 0.5, 1.2), ("L", "W", "H"))
    w, h = even(length * pick(rng, 0.36, 0.42)), even(width * pick(rng, 0.38, 0.44))
    cx, cy = even(length * pick(rng, 0.64, 0.72)), even(width * pick(rng, 0.64, 0.72))
    part.terminals([(sx * cx / 2, sy * cy / 2) for sx, sy in CORNERS], w, h)
    part.links += [span(0, 0, 1, style), span(1, 3, 0, style), size(0, 3, "pad_w", 4, "X"), size(1, 1, "pad_h", 4, "Y")]
    foot_w, foot_h = rounded(length * 0.3), rounded(width * 0.3)
    part.feet += [Oblong(sx * (length - foot_w) / 2, sy * (width - foot_h) / 2, foot_w, foot_h) for sx, sy in CORNERS]
    part.label([(sx * length * 0.3, sy * width * 0.27) for sx, sy in CORNERS])
    code = f"SMD-{round(length * 10)}{round(width * 10)}"
    return part.build(code, f"Crystal unit {code}, 4 pads", (-length * 0.38, width * 0.36))


def sot(rng: random.Random, style: Style) -> SyntheticPart:
    """Leads along the lower and upper sides of a small body: 3, 5 or 6 of them, 1 lower left."""
    pins = rng.choice((3, 5, 6))
    step = rng.choice((0.5, 0.65, 0.95))
    length = rounded(2 * step + pick(rng, 0.6, 1.0, 0.05))
    width = pick(rng, 1.2, 1.6, 0.05) if step > 0.6 else pick(rng, 1.1, 1.3, 0.05)
    lower = [-step, step] if pins == 3 else [-step, 0.0, step]
    upper = [0.0] if pins == 3 else [step, -step] if pins == 5 else [step, 0.0, -step]
    w, h = even(step * 0.55 if pins > 3 else step * 0.8), even(pick(rng, 0.6, 1.1))
    rows = even(width + h + pick(rng, 0.0, 0.2))
    at = [(x, rows / 2) for x in lower] + [(x, -rows / 2) for x in upper]
    part = PackageBuilder("sot")
    part.terminals(at, w, h, pad_shape(rng, w, h))
    part.link(0, (0, 0), (1, 0), "pitch", {3: 1, 5: 2, 6: 4}[pins], "E")
    if pins == 5:  # a row with its middle missing, which the lower row's pitch also fixes
        part.link(0, (4, 0), (3, 0), "row_span", symbol="E1")
    part.links += [span(1, pins - 1, 0, style), size(0, pins - 1, "pad_w", pins, "X")]
    part.links.append(size(1, len(lower) - 1, "pad_h", pins, "Y"))
    part.body(Spread.around(length, 0.1), Spread.around(width, 0.1), heights(rng, 0.6, 1.2), ("D", "E1", "A"))
    reach, lead_w = rounded(width + 2 * pick(rng, 0.4, 0.6, 0.05)), rounded(step * 0.4)
    part.leads += _gull_wings(1, at, width, reach, lead_w)
    _lead_dims(part, 1, reach, lead_w, length, (lower[0], lower[1]))
    part.label([(x + 0.45 * lead_w + 0.12, sign(y) * (width / 2 + 0.3)) for x, y in at])
    code = f"SOT-{rng.choice((23, 363, 563))}-{pins}"
    return part.build(code, f"Small outline transistor, {pins} leads", (-length / 2 + 0.25, width / 2 - 0.25))


def _gull_wings(axis: Axis, at: list[tuple[float, float]], body: float, reach: float, thick: float) -> list[Oblong]:
    """Leads along `axis` from the sides of a body `body` wide to `reach` from tip to tip."""
    middle, long = rounded((body + reach) / 4), rounded((reach - body) / 2)
    return [outward(axis, x, y, middle, long, thick) for x, y in at]


def _lead_dims(
    part: PackageBuilder, axis: Axis, reach: float, lead_w: float, along: float, at: tuple[float, float]
) -> None:
    """Overall span, pitch and lead width of leads that leave the body along `axis`; the body is `along` long across it."""
    across: Axis = 0 if axis == 1 else 1
    pins = len(part.pads)
    part.extent("top", axis, reach, 0.1, "E", "overall", at=-along / 2)
    part.pitch("top", across, at, max(1, pins - 2), reach / 2)
    part.extent("top", across, lead_w, 0.05, "b", "lead_width", pins, reach / 2, at[1])


def gull_dual(rng: random.Random, style: Style) -> SyntheticPart:
    """Two columns of gull-wing leads, 1 upper left and counter-clockwise."""
    pins = rng.choice((8, 8, 10, 14, 16, 20, 24))
    step, thin = rng.choice(((1.27, 0.60), (0.65, 0.36), (0.5, 0.28), (0.8, 0.45)))
    half = pins // 2
    width = pick(rng, 3.0, 4.4, 0.1)
    length = rounded((half - 1) * step + pick(rng, 0.6, 1.2, 0.05))
    reach = rounded(width + 2 * pick(rng, 0.9, 1.1, 0.05))
    w, h = even(pick(rng, 1.1, 1.6)), even(thin)
    ys, at = places(half, step), columns(half, step, even(reach - pick(rng, 0.2, 0.6)))
    part = PackageBuilder("gull_dual")
    part.terminals(at, w, h, pad_shape(rng, w, h))
    part.centre()
    part.links += [
        pitch(1, half - 2, half - 1, pins - 2),
        span(0, 0, pins - 1, style),
        size(0, half - 1 if style.span == "outer" else 0, "pad_w", pins, "X"),
        size(1, half, "pad_h", pins, "Y"),
    ]
    part.body(Spread.around(width, 0.1), Spread.around(length, 0.1), heights(rng, 0.9, 1.75), ("E1", "D", "A"))
    lead_w = rounded(thin * 0.65)
    part.leads += _gull_wings(0, at, width, reach, lead_w)
    _lead_dims(part, 0, reach, lead_w, length, (ys[half // 2 - 1], ys[half // 2]))
    part.label([(sign(x) * (reach / 2 + 0.35), y) for x, y in at], (0, half - 1, half, pins - 1))
    family = {1.27: "SOIC", 0.65: "TSSOP", 0.5: "VSSOP", 0.8: "SOP"}[step]
    title = f"Plastic small outline package, {pins} leads"
    return part.build(f"{family}-{pins}", title, (-width / 2 + 0.5, -length / 2 + 0.5))
