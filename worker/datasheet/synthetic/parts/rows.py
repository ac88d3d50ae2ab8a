"""Made-up parts with their pads in rows: chips, four-corner crystals, SOT and gull-wing packages."""

from __future__ import annotations

import random

from worker.datasheet.synthetic.part import Axis, BodyDim, Link, Oblong, PadSpec, Spread, SyntheticPart
from worker.datasheet.synthetic.parts.shapes import (
    body_dims,
    even,
    heights,
    lead,
    pad_shape,
    pick,
    pitch,
    places,
    rounded,
    size,
    span,
    stacked,
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


def chip(rng: random.Random, style: Style) -> SyntheticPart:
    """A resistor or capacitor of two terminals in one of the standard sizes; mm."""
    code = rng.choice(sorted(CHIPS))
    length, width = (rounded(v + pick(rng, -0.05, 0.05)) for v in CHIPS[code])
    sides = Spread.around(length, 0.1), Spread.around(width, 0.1)
    height = heights(rng, 0.3, 0.9)
    w, h = even(pick(rng, 0.3, 0.4) * length + 0.2), even(width * pick(rng, 1.0, 1.25))
    across = even(length + pick(rng, 0.0, 0.3))
    shape, radius = pad_shape(rng, w, h)
    pads = [PadSpec(str(i + 1), (i - 0.5) * across, 0.0, w, h, shape=shape, radius=radius) for i in (0, 1)]
    links = [span(0, 0, 1, style), size(0, 0, "pad_w", 2, "X"), size(1, 0, "pad_h", 2, "Y")]
    end = rounded(length * 0.2)
    feet = [Oblong(rounded(s * (length - end) / 2), 0.0, end, width) for s in (-1, 1)]
    dims = body_dims(sides, height, ("L", "W", "T"))
    dims.append(
        BodyDim("bottom", 0, -length / 2, -length / 2 + end, Spread.around(end, 0.05), "e", "foot_length", 2, width / 2)
    )
    return SyntheticPart("chip", f"CHIP-{code}", f"Chip {code}", sides, height, pads, links, feet=feet, dims=dims)


def crystal(rng: random.Random, style: Style) -> SyntheticPart:
    """Four pads at the corners, 1 lower left and counter-clockwise from there."""
    length, width = rng.choice(((3.2, 2.5), (2.5, 2.0), (5.0, 3.2), (2.0, 1.6), (7.0, 5.0)))
    sides, height = (Spread.around(length, 0.1), Spread.around(width, 0.1)), heights(rng, 0.5, 1.2)
    w, h = even(length * pick(rng, 0.36, 0.42)), even(width * pick(rng, 0.38, 0.44))
    cx, cy = even(length * pick(rng, 0.64, 0.72)), even(width * pick(rng, 0.64, 0.72))
    corners = ((-1, 1), (1, 1), (1, -1), (-1, -1))
    pads = [PadSpec(str(i + 1), sx * cx / 2, sy * cy / 2, w, h) for i, (sx, sy) in enumerate(corners)]
    links = [span(0, 0, 1, style), span(1, 3, 0, style), size(0, 3, "pad_w", 4, "X"), size(1, 1, "pad_h", 4, "Y")]
    foot = Oblong(0, 0, rounded(length * 0.3), rounded(width * 0.3))
    feet = [Oblong(sx * (length - foot.w) / 2, sy * (width - foot.h) / 2, foot.w, foot.h) for sx, sy in corners]
    dims = body_dims(sides, height, ("L", "W", "H"))
    code = f"SMD-{round(length * 10)}{round(width * 10)}"
    labels = [(str(i + 1), sx * length * 0.3, sy * width * 0.27) for i, (sx, sy) in enumerate(corners)]
    return SyntheticPart(
        "crystal",
        code,
        f"Crystal unit {code}, 4 pads",
        sides,
        height,
        pads,
        links,
        feet=feet,
        dims=dims,
        labels=labels,
        pin1=(-length * 0.38, width * 0.36),
    )


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
    shape, radius = pad_shape(rng, w, h)
    pads = [PadSpec(str(i + 1), x, y, w, h, shape=shape, radius=radius) for i, (x, y) in enumerate(at)]
    step_link = Link(0, (0, 0), (1, 0), "pitch", 1 if pins == 3 else (4 if pins == 6 else 2), symbol="E")
    links = [step_link, *_wide_step(pins), span(1, pins - 1, 0, style), size(0, pins - 1, "pad_w", pins, "X")]
    links.append(size(1, len(lower) - 1, "pad_h", pins, "Y"))
    sides, height = (Spread.around(length, 0.1), Spread.around(width, 0.1)), heights(rng, 0.6, 1.2)
    reach, lead_w = rounded(width + 2 * pick(rng, 0.4, 0.6, 0.05)), rounded(step * 0.4)
    leads = [_upright(x, y, width, reach, lead_w) for x, y in at]
    dims = body_dims(sides, height, ("D", "E1", "A"))
    dims += _lead_dims(1, reach, lead_w, length, pins, (lower[0], lower[1]))
    labels = [
        (str(i + 1), x + 0.45 * lead_w + 0.12, (1 if y > 0 else -1) * (width / 2 + 0.3)) for i, (x, y) in enumerate(at)
    ]
    return SyntheticPart(
        "sot",
        f"SOT-{rng.choice((23, 363, 563))}-{pins}",
        f"Small outline transistor, {pins} leads",
        sides,
        height,
        pads,
        links,
        leads,
        dims=dims,
        labels=labels,
        pin1=(-length / 2 + 0.25, width / 2 - 0.25),
    )


def _wide_step(pins: int) -> list[Link]:
    """Five pads have a row with its middle missing, which the lower row's pitch also fixes."""
    return [Link(0, (4, 0), (3, 0), "row_span", symbol="E1")] if pins == 5 else []


def _upright(x: float, y: float, width: float, reach: float, lead_w: float) -> Oblong:
    sign = 1 if y > 0 else -1
    return Oblong(x, sign * rounded((width + reach) / 4), lead_w, rounded((reach - width) / 2))


def _lead_dims(
    axis: Axis, reach: float, lead_w: float, along: float, pins: int, at: tuple[float, float]
) -> list[BodyDim]:
    """Overall span, pitch and lead width of leads that leave the body along `axis`; the body is `along` long across it."""
    across: Axis = 0 if axis == 1 else 1
    edge = reach / 2
    step = Spread(nom=rounded(at[1] - at[0]))
    return [
        BodyDim("top", axis, -edge, edge, Spread.around(reach, 0.1), "E", "overall", at=-along / 2),
        BodyDim("top", across, at[0], at[1], step, "e", "pitch", max(1, pins - 2), edge, "BSC"),
        BodyDim(
            "top",
            across,
            at[1] - lead_w / 2,
            at[1] + lead_w / 2,
            Spread.around(lead_w, 0.05),
            "b",
            "lead_width",
            pins,
            edge,
        ),
    ]


def gull_dual(rng: random.Random, style: Style) -> SyntheticPart:
    """Two columns of gull-wing leads, 1 upper left and counter-clockwise."""
    pins = rng.choice((8, 8, 10, 14, 16, 20, 24))
    step, thin = rng.choice(((1.27, 0.60), (0.65, 0.36), (0.5, 0.28), (0.8, 0.45)))
    half = pins // 2
    width = pick(rng, 3.0, 4.4, 0.1)
    length = rounded((half - 1) * step + pick(rng, 0.6, 1.2, 0.05))
    reach = rounded(width + 2 * pick(rng, 0.9, 1.1, 0.05))
    w, h = even(pick(rng, 1.1, 1.6)), even(thin)
    across = even(reach - pick(rng, 0.2, 0.6))
    ys = places(half, step)
    at = [(-across / 2, y) for y in ys] + [(across / 2, y) for y in reversed(ys)]
    shape, radius = pad_shape(rng, w, h)
    pads = stacked(PadSpec(str(i + 1), x, y, w, h, shape=shape, radius=radius) for i, (x, y) in enumerate(at))
    links = [
        pitch(1, half - 2, half - 1, pins - 2),
        span(0, 0, pins - 1, style),
        size(0, half - 1 if style.span == "outer" else 0, "pad_w", pins, "X"),
        size(1, half, "pad_h", pins, "Y"),
    ]
    sides, height = (Spread.around(width, 0.1), Spread.around(length, 0.1)), heights(rng, 0.9, 1.75)
    lead_w = rounded(thin * 0.65)
    leads = [lead(*((-reach / 2, -width / 2) if x < 0 else (width / 2, reach / 2)), y, lead_w) for x, y in at]
    dims = body_dims(sides, height, ("E1", "D", "A"))
    dims += _lead_dims(0, reach, lead_w, length, pins, (ys[half // 2 - 1], ys[half // 2]))
    family = {1.27: "SOIC", 0.65: "TSSOP", 0.5: "VSSOP", 0.8: "SOP"}[step]
    ends = {0, half - 1, half, pins - 1}
    labels = [(str(i + 1), (1 if x > 0 else -1) * (reach / 2 + 0.35), y) for i, (x, y) in enumerate(at) if i in ends]
    return SyntheticPart(
        "gull_dual",
        f"{family}-{pins}",
        f"Plastic small outline package, {pins} leads",
        sides,
        height,
        pads,
        links,
        leads,
        dims=dims,
        labels=labels,
        pin1=(-width / 2 + 0.5, -length / 2 + 0.5),
    )
