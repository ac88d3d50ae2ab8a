"""Places the body over the pads and computes the courtyard and the silkscreen lines around both."""

from __future__ import annotations

import math
from dataclasses import dataclass

from db.documents.kinds.datasheet import Courtyard, DatasheetResult, Pad, Value

GRID_MM = 0.01
USUAL_EXCESS_MM = 0.25  # of most packages at level B of IPC-7351B
SILK_MM, SILK_OFF_MM, SILK_GAP_MM = 0.12, 0.11, 0.2
SHORTEST_MM = 0.2
MARK_OFF_MM, MARK_MM, MARK_GAP_MM = 0.45, 0.2, 0.15  # the mark of pin 1: from its pad, half its size, from other pads


@dataclass(frozen=True, slots=True)
class Rect:
    x0: float
    y0: float
    x1: float
    y1: float

    def grown(self, by: float) -> Rect:
        """Larger by so many millimetres on every side."""
        return Rect(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)

    def meets(self, other: Rect) -> bool:
        """Whether both have an area in common; touching edges are none."""
        return self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1


def nominal(value: Value) -> float | None:
    """The one number a drawing is made to: nominal, else the middle of both limits, else the one limit there is."""
    if value.nom is not None:
        return value.nom
    known = [v for v in (value.min, value.max) if v is not None]
    return sum(known) / len(known) if known else None


def copper(pad: Pad) -> Rect | None:
    """The area a pad takes, its hole where no copper is stated; None when neither is known."""
    w, h = (pad.w, pad.h) if pad.w is not None and pad.h is not None else pad.drill or (None, None)
    if w is None or h is None:
        return None
    turn = math.radians(pad.rotation)
    half_x = (abs(w * math.cos(turn)) + abs(h * math.sin(turn))) / 2
    half_y = (abs(w * math.sin(turn)) + abs(h * math.cos(turn))) / 2
    return Rect(pad.x - half_x, pad.y - half_y, pad.x + half_x, pad.y + half_y)


def body_rect(result: DatasheetResult) -> Rect | None:
    """The body around the origin of the pads, turned as the result says, else as it lies best between the pads."""
    sides = nominal(result.body.length), nominal(result.body.width)
    if sides[0] is None or sides[1] is None or min(sides[0], sides[1]) <= 0:
        return None
    flat, upright = _middle(sides[0], sides[1]), _middle(sides[1], sides[0])
    told = result.body_in_land_frame.get("x")
    if told is not None:
        return flat if told == "length" else upright
    pads = result.land_pattern.pads if result.land_pattern else []
    return min((flat, upright), key=lambda r: sum(_edge_distance(p, r) for p in pads))


def _middle(w: float, h: float) -> Rect:
    return Rect(-w / 2, -h / 2, w / 2, h / 2)


def _edge_distance(pad: Pad, body: Rect) -> float:
    """How far a pad's middle is from the body's edge: terminals sit at edges."""
    dx, dy = abs(pad.x) - body.x1, abs(pad.y) - body.y1
    return math.hypot(max(dx, 0), max(dy, 0)) if dx > 0 or dy > 0 else -max(dx, dy)


def courtyard(pads: list[Pad], body: Rect | None, excess: float = USUAL_EXCESS_MM) -> Courtyard | None:
    """Pads and body with an excess in millimetres, rounded outwards to the grid."""
    areas = [a for p in pads if (a := copper(p)) is not None] + ([body] if body else [])
    if not areas:
        return None
    return Courtyard(
        x0=_out(min(a.x0 for a in areas) - excess, math.floor), y0=_out(min(a.y0 for a in areas) - excess, math.floor),
        x1=_out(max(a.x1 for a in areas) + excess, math.ceil), y1=_out(max(a.y1 for a in areas) + excess, math.ceil),
    )  # fmt: skip


def _out(value: float, rounded: object) -> float:
    to_grid = math.floor if rounded is math.floor else math.ceil
    return round(to_grid(round(value / GRID_MM, 6)) * GRID_MM, 4)


def silk_lines(body: Rect, pads: list[Pad]) -> list[tuple[float, float, float, float]]:
    """The body's edges, a little outside, without the parts that would lie on or near copper."""
    r = body.grown(SILK_OFF_MM)
    keep_out = [a.grown(SILK_GAP_MM + SILK_MM / 2) for p in pads if (a := copper(p)) is not None]
    lines: list[tuple[float, float, float, float]] = []
    for y in (r.y0, r.y1):
        free = _free(r.x0, r.x1, [(k.x0, k.x1) for k in keep_out if k.y0 < y < k.y1])
        lines.extend((a, y, b, y) for a, b in free)
    for x in (r.x0, r.x1):
        free = _free(r.y0, r.y1, [(k.y0, k.y1) for k in keep_out if k.x0 < x < k.x1])
        lines.extend((x, a, x, b) for a, b in free)
    return [(round(a, 4), round(b, 4), round(c, 4), round(d, 4)) for a, b, c, d in lines]


def _free(low: float, high: float, blocked: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The stretches of low..high that no blocked interval covers."""
    found, at = [], low
    for a, b in sorted(blocked):
        if a - at >= SHORTEST_MM:
            found.append((at, min(a, high)))
        at = max(at, b)
    if high - at >= SHORTEST_MM:
        found.append((at, high))
    return found


def pin1_mark(pads: list[Pad]) -> tuple[float, float] | None:
    """A free place beside the first pad, as far from the middle as possible."""
    first = next((p for p in pads if p.number in ("1", "A1")), None)
    area = copper(first) if first is not None else None
    if first is None or area is None:
        return None
    sides = (
        (area.x0 - MARK_OFF_MM, first.y),
        (area.x1 + MARK_OFF_MM, first.y),
        (first.x, area.y0 - MARK_OFF_MM),
        (first.x, area.y1 + MARK_OFF_MM),
    )
    others = [a.grown(MARK_GAP_MM) for p in pads if (a := copper(p)) is not None]
    free = [s for s in sides if not any(_around(s).meets(o) for o in others)]
    return max(free, key=lambda s: math.hypot(*s), default=None)


def _around(point: tuple[float, float]) -> Rect:
    return Rect(*point, *point).grown(MARK_MM)
