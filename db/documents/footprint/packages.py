"""What a result says of the package behind it, as far as IPC-7351B's formulas need it: class, terminals, spans."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from db.documents.footprint.courtyard import nominal
from db.documents.footprint.ipc7351 import FINE_PITCH_MM, NO_LEAD, SMALL_CHIP_MM, Goals, Range
from db.documents.kinds.datasheet import DatasheetResult, Pad, Value

HOLES = re.compile(r"\b[A-Z]*DIPs?\b|\bDIL\b|\bSIP\b|through[\s-]*hole|\bPTH\b|\bTO-?(?:92|220|247)\b", re.IGNORECASE)
J_LEAD = re.compile(r"\bSOJ|PLCC|\bJ[\s-]?lead", re.IGNORECASE)
FLAT_LEAD = re.compile(
    r"\bSOT-?(?:490|553|563|66[356]|723|923|1123)\b|\bSC-?89\b|\bSOD-?\d+FL?\b|\bSOD-?[579]23\b|flat\s*lead",
    re.IGNORECASE,
)
QUAD = re.compile(r"Q[A-Z]*(?:FN|FP)|PLCC")
REACHES = re.compile(r"(?:E|H|HE|D|HD|Z)")
LEAST_REACH_MM, MOST_REACH_MM = 0.3, 4.0  # of both leads together beyond the body
OFF_PITCH = 0.05  # of a half pitch: the noise of reading
LEAST_STEP_MM = 0.2  # pads closer than that are in two rows
AT_EDGE_MM = 0.05  # pads this close to the outermost are in its row
MOST_PINS = 400  # a larger number in a package's name counts something else
Side = Literal["left", "right", "top", "bottom"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a terminal is: its number, the side of the package, and its place along that side."""

    number: str
    side: Side
    along: float


@dataclass(frozen=True, slots=True)
class Package:
    """What the computation needs of a package; `spans` are over the terminals along x and y."""

    goals: Goals
    places: tuple[Place, ...]
    spans: tuple[Range | None, Range | None]
    foot: Range
    width: Range
    pitch: float | None
    thermal: Pad | None = None

    @property
    def pins(self) -> int:
        """Terminals, the thermal pad included."""
        return len(self.places) + (1 if self.thermal else 0)


def words(result: DatasheetResult) -> str:
    """Everything that names the package: what was asked for, the land pattern's title, the variants."""
    title = result.land_pattern.title if result.land_pattern else ""
    return f"{result.package or ''} {title or ''} " + " ".join(v.name for v in result.variants if v.chosen)


def signal_pads(result: DatasheetResult) -> list[Pad]:
    """The pads that carry a pin; none without a land pattern."""
    return [p for p in result.land_pattern.pads if p.role == "signal"] if result.land_pattern else []


def has_holes(result: DatasheetResult) -> bool:
    """Whether leads go through the board: by the pads, else by the words of the package."""
    pads = signal_pads(result)
    return any(p.type == "thru_hole" for p in pads) or (not pads and bool(HOLES.search(words(result))))


def has_balls(result: DatasheetResult) -> bool:
    """Whether all pads are round and on the surface, four at least: a ball grid."""
    pads = signal_pads(result)
    return len(pads) >= 4 and all(p.type == "smd" and p.shape == "circle" for p in pads)


def goals_of(result: DatasheetResult) -> Goals | None:
    """The class of the terminals; None for holes and balls."""
    pads, told = signal_pads(result), words(result)
    if has_holes(result) or any(p.type != "smd" or p.shape == "circle" for p in pads):
        return None
    if J_LEAD.search(told):
        return "j_lead"
    if FLAT_LEAD.search(told):
        return "flat_lead"
    if NO_LEAD.search(told):
        return "no_lead"
    if len(pads) == 2 and _reach(result, 0 if abs(pads[0].x) > abs(pads[0].y) else 1) is None:
        length = nominal(result.body.length)
        return "chip_small" if length is not None and length < SMALL_CHIP_MM else "chip"
    pitch = pitch_of(result)
    return "gull_fine" if pitch is not None and pitch <= FINE_PITCH_MM else "gull"


def package_of(result: DatasheetResult) -> Package | None:
    """The package behind a result, None when it has holes or balls or when a value is missing."""
    goals = goals_of(result)
    if goals is None:
        return None
    found = signal_pads(result)
    pitch = pitch_of(result)
    places = _places(found, pitch) if found else _by_convention(result, pitch)
    foot = Range.of(known(result, result.terminals.foot_length, "L", "foot_length"))
    width = Range.of(known(result, result.terminals.width, "b", "B"))
    if goals in ("chip", "chip_small"):
        width = width or Range.of(result.body.width)
    if not places or foot is None or width is None:
        return None
    needed = (any(p.side in ("left", "right") for p in places), any(p.side in ("top", "bottom") for p in places))
    spans = tuple(_span(result, goals, axis) if need else None for axis, need in enumerate(needed))
    if any(need and span is None for need, span in zip(needed, spans, strict=True)):
        return None
    thermal = next((p for p in result.land_pattern.pads if p.role == "thermal"), None) if result.land_pattern else None
    return Package(goals, tuple(places), (spans[0], spans[1]), foot, width, pitch, thermal)


def known(result: DatasheetResult, value: Value, *symbols: str) -> Value | None:
    """A value the reader named, else the row of the dimension table with that letter."""
    if nominal(value) is not None:
        return value
    rows = {d.value.symbol or d.measures: d.value for d in result.dimensions}
    return next((rows[s] for s in symbols if s in rows), None)


def pitch_of(result: DatasheetResult) -> float | None:
    """As it is stated, else the least step between pads that follow each other."""
    stated = nominal(result.terminals.pitch) or (nominal(result.land_pattern.pitch) if result.land_pattern else None)
    if stated is not None:
        return stated
    steps = [round(max(abs(a.x - b.x), abs(a.y - b.y)), 4) for a, b in pairwise(signal_pads(result))]
    return min((s for s in steps if s > LEAST_STEP_MM), default=None)


def _places(signal: list[Pad], pitch: float | None) -> list[Place]:
    """Side and place of each terminal, as the vendor's pads lie."""
    far_x, far_y = max(abs(p.x) for p in signal), max(abs(p.y) for p in signal)
    one_row, one_column = far_y < AT_EDGE_MM, far_x < AT_EDGE_MM
    found = []
    for pad in signal:
        long_x = (pad.w or 0) > (pad.h or 0) + 1e-6
        at_side = abs(pad.x) > far_x - AT_EDGE_MM and (long_x or abs(pad.y) < far_y - AT_EDGE_MM)
        if one_row or (at_side and not one_column):
            found.append(Place(pad.number, "left" if pad.x < 0 else "right", _on_pitch(pad.y, pitch)))
        else:
            found.append(Place(pad.number, "top" if pad.y < 0 else "bottom", _on_pitch(pad.x, pitch)))
    return found


def _on_pitch(along: float, pitch: float | None) -> float:
    """The place a terminal has on the grid of half pitches, when it is read within a few percent of it."""
    if pitch is None:
        return along
    steps = along / (pitch / 2)
    return round(round(steps) * pitch / 2, 4) if abs(steps - round(steps)) < OFF_PITCH else along


def _by_convention(result: DatasheetResult, pitch: float | None) -> list[Place]:
    """Terminals counter-clockwise from the upper left, for packages without a drawn land pattern."""
    count = result.terminals.count or _count_in(result.package or "")
    if count is None or pitch is None:
        return []
    quad = bool(QUAD.search((result.package or "").upper()))
    sides: tuple[Side, ...] = ("left", "bottom", "right", "top") if quad else ("left", "right")
    if count % len(sides) or count > MOST_PINS:
        return []
    each = count // len(sides)
    places = []
    for i in range(count):
        side, step = sides[i // each], i % each - (each - 1) / 2
        sign = 1 if side in ("left", "bottom") else -1
        places.append(Place(str(i + 1), side, round(sign * step * pitch, 4)))
    return places


def _count_in(package: str) -> int | None:
    found = re.findall(r"(?<![\d.])(\d{1,3})(?![\d.])", package)
    return int(found[-1]) if found else None


def _span(result: DatasheetResult, goals: Goals, axis: int) -> Range | None:
    """Over the terminals: the body's side without leads, else the reach over the leads."""
    return Range.of(body_side(result, axis)) if goals in ("no_lead", "chip", "chip_small") else _reach(result, axis)


def _reach(result: DatasheetResult, axis: int) -> Range | None:
    """Over the leads along an axis: as it is stated, else the row of the table that is a little larger than the body."""
    stated = Range.of(result.overall.get("x" if axis == 0 else "y"))
    if stated is not None:
        return stated
    low = nominal(body_side(result, axis)) or 0.0
    rows = [Range.of(d.value) for d in result.dimensions if REACHES.fullmatch(d.value.symbol or d.measures)]
    reaches = [r for r in rows if r is not None and low + LEAST_REACH_MM < r.middle < low + MOST_REACH_MM]
    return min(reaches, key=lambda r: r.middle, default=None)


def body_side(result: DatasheetResult, axis: int) -> Value:
    """The body value along an axis of the land pattern; dual parts lie with their length along the rows."""
    told = result.body_in_land_frame.get("x" if axis == 0 else "y")
    if told is not None:
        return result.body.length if told == "length" else result.body.width
    pads = result.land_pattern.pads if result.land_pattern else []
    wide = max((p.x for p in pads), default=0.0) >= max((p.y for p in pads), default=0.0)
    if len(pads) == 2:
        return result.body.length if wide == (axis == 0) else result.body.width
    return result.body.width
