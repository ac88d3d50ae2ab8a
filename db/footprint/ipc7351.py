"""Computes the IPC-7351B land pattern of a package at the density levels A, B and C, and its name.

Z = Lmin + 2 JT + sqrt(CL^2 + F^2 + P^2)
G = Smax - 2 JH - sqrt(CS^2 + F^2 + P^2)
X = Wmin + 2 JS + sqrt(CW^2 + F^2 + P^2)

(IPC-7351B 3.1.2): L span over the terminals, S span between them, W terminal width, C their tolerances, F and P those
of the board and of placement, J the solder fillet goals at toe, heel and side. Goals and rounding agree with those of
IPC-7351B in kicad-footprint-generator: scripts/Packages/ipc_definitions.yaml, and for chips
scripts/SMD_chip_package_rlc-etc/ipc7351B_smd_two_terminal_chip.yaml.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from db.footprint.courtyard import nominal
from db.kinds.datasheet import DatasheetResult, IpcPattern, Level, Pad, Value

NO_LEAD = re.compile(r"no[\s-]*lead|\b\w*(?:QFN|DFN|SON|LGA|BGA|CSP)\b|leadless", re.IGNORECASE)
FABRICATION_MM, PLACEMENT_MM = 0.1, 0.05
LEVELS: tuple[Level, ...] = ("A", "B", "C")
SUFFIX = {"A": "M", "B": "N", "C": "L"}
MIN_GAP_MM = 0.2
OFF_PITCH = 0.05  # of a half pitch: the noise of reading
Kind = Literal["gull", "no_lead", "chip"]
Side = Literal["left", "right", "top", "bottom"]
Goals = dict[str, tuple[float, float, float]]

FILLETS: dict[str, Goals] = {  # toe, heel, side at levels A, B, C
    "gull": {"A": (0.55, 0.45, 0.05), "B": (0.35, 0.35, 0.03), "C": (0.15, 0.25, 0.01)},
    "gull_fine": {"A": (0.55, 0.45, 0.01), "B": (0.35, 0.35, -0.02), "C": (0.15, 0.25, -0.04)},
    "no_lead": {"A": (0.40, 0.0, -0.04), "B": (0.30, 0.0, -0.04), "C": (0.20, 0.0, -0.04)},
    "chip": {"A": (0.55, 0.0, 0.05), "B": (0.35, 0.0, 0.0), "C": (0.15, 0.0, -0.05)},
    "chip_small": {"A": (0.30, 0.0, 0.05), "B": (0.20, 0.0, 0.0), "C": (0.10, 0.0, -0.05)},
}
GRID_MM = {"gull": 0.05, "gull_fine": 0.05, "no_lead": 0.05, "chip": 0.05, "chip_small": 0.02}
FINE_PITCH_MM, SMALL_CHIP_MM = 0.625, 1.6


@dataclass(frozen=True, slots=True)
class Range:
    """A dimension with both limits in millimetres."""

    low: float
    high: float

    @property
    def tolerance(self) -> float:
        return self.high - self.low

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    @classmethod
    def of(cls, value: Value | None) -> Range | None:
        """None when nothing is stated; a lone number stands for both limits."""
        if value is None or (n := nominal(value)) is None:
            return None
        return cls(value.min if value.min is not None else n, value.max if value.max is not None else n)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a terminal is: its number, the side of the package, and its place along that side."""

    number: str
    side: Side
    along: float


@dataclass(frozen=True, slots=True)
class Package:
    """What the computation needs of a package; `spans` are over the terminals along x and y."""

    kind: Kind
    places: tuple[Place, ...]
    spans: tuple[Range | None, Range | None]
    foot: Range
    width: Range
    pitch: float | None
    thermal: Pad | None = None


@dataclass(frozen=True, slots=True)
class Land:
    """Outer and inner distance of opposite pads, and the pad width."""

    outer: float
    inner: float
    width: float


def land(span: Range, foot: Range, width: Range, goals: str, level: Level) -> Land:
    """Z, G and X of one pair of rows. The inner gap is never under the smallest one that can be made."""
    toe, heel, side = FILLETS[goals][level]
    fixed = FABRICATION_MM**2 + PLACEMENT_MM**2
    between = span.tolerance + 2 * foot.tolerance  # worst case; the statistical tolerance is smaller
    likely = math.sqrt(span.tolerance**2 + 2 * foot.tolerance**2)
    inner_max = span.high - 2 * foot.low - (between - likely) / 2
    outer = span.low + 2 * toe + math.sqrt(span.tolerance**2 + fixed)
    inner = inner_max - 2 * heel - math.sqrt(likely**2 + fixed)
    wide = width.low + 2 * side + math.sqrt(width.tolerance**2 + fixed)
    grid = GRID_MM[goals]
    return Land(_to(outer, grid), max(_to(inner, grid), MIN_GAP_MM), _to(wide, grid))


def _to(value: float, grid: float) -> float:
    return round(round(value / grid) * grid, 4)


def patterns(result: DatasheetResult) -> list[IpcPattern]:
    """The computed pattern at each level; empty when the package is of another kind or a value it needs is not stated."""
    package = package_of(result)
    if package is None:
        return []
    note = "thermal pad as the vendor recommends" if package.thermal else ""
    return [
        IpcPattern(level=level, name=name_of(result, level), pads=pads_of(package, level), note=note)
        for level in LEVELS
    ]


def pads_of(package: Package, level: Level) -> list[Pad]:
    """The pads of one level in the frame of the terminals."""
    goals, spans = _goals(package), package.spans
    rows = {i: land(s, package.foot, package.width, goals, level) for i, s in enumerate(spans) if s is not None}
    pads = []
    for place in package.places:
        flat = place.side in ("left", "right")
        row = rows[0 if flat else 1]
        off = (row.outer + row.inner) / 4 * (-1 if place.side in ("left", "top") else 1)
        long = round((row.outer - row.inner) / 2, 4)
        x, y = (off, place.along) if flat else (place.along, off)
        w, h = (long, row.width) if flat else (row.width, long)
        pads.append(Pad(number=place.number, x=round(x, 4), y=round(y, 4), w=w, h=h, status="derived", confidence=0.9))
    return pads + ([package.thermal] if package.thermal else [])


def _goals(package: Package) -> str:
    if package.kind == "gull":
        return "gull_fine" if package.pitch is not None and package.pitch <= FINE_PITCH_MM else "gull"
    span = package.spans[0] or package.spans[1]
    return "chip_small" if package.kind == "chip" and span is not None and span.middle < SMALL_CHIP_MM else package.kind


# --- what the result says about the package -----------------------------------------------------------------------


def package_of(result: DatasheetResult) -> Package | None:
    """The package behind a result, None when it has holes or balls or when a value is missing."""
    found = result.land_pattern.pads if result.land_pattern else []
    signal = [p for p in found if p.role == "signal"]
    if any(p.type != "smd" or p.shape == "circle" for p in signal):
        return None
    kind: Kind = "chip" if len(signal) == 2 else "no_lead" if NO_LEAD.search(_words(result)) else "gull"
    pitch = nominal(result.terminals.pitch) or _pitch(result, signal)
    places = _places(signal, pitch) if signal else _by_convention(result, pitch)
    foot = Range.of(_known(result, result.terminals.foot_length, "L", "foot_length"))
    width = Range.of(_known(result, result.terminals.width, "b", "B"))
    if kind == "chip":
        width = width or Range.of(result.body.width)
    if not places or foot is None or width is None:
        return None
    needed = (any(p.side in ("left", "right") for p in places), any(p.side in ("top", "bottom") for p in places))
    spans = tuple(_span(result, kind, axis) if need else None for axis, need in enumerate(needed))
    if any(need and span is None for need, span in zip(needed, spans, strict=True)):
        return None
    thermal = next((p for p in found if p.role == "thermal"), None)
    return Package(kind, tuple(places), (spans[0], spans[1]), foot, width, pitch, thermal)


def _words(result: DatasheetResult) -> str:
    title = result.land_pattern.title if result.land_pattern else ""
    return f"{result.package or ''} {title or ''} " + " ".join(v.name for v in result.variants if v.chosen)


def _known(result: DatasheetResult, value: Value, *symbols: str) -> Value | None:
    """A value the reader named, else the row of the dimension table with that letter."""
    if nominal(value) is not None:
        return value
    rows = {d.value.symbol or d.measures: d.value for d in result.dimensions}
    return next((rows[s] for s in symbols if s in rows), None)


def _pitch(result: DatasheetResult, signal: list[Pad]) -> float | None:
    stated = nominal(result.land_pattern.pitch) if result.land_pattern else None
    if stated is not None:
        return stated
    steps = [round(max(abs(a.x - b.x), abs(a.y - b.y)), 4) for a, b in pairwise(signal)]
    return min((s for s in steps if s > 0.2), default=None)


def _places(signal: list[Pad], pitch: float | None) -> list[Place]:
    """Side and place of each terminal, as the vendor's pads lie."""
    far_x, far_y = max(abs(p.x) for p in signal), max(abs(p.y) for p in signal)
    found = []
    for pad in signal:
        long_x = (pad.w or 0) > (pad.h or 0) + 1e-6
        sides = abs(pad.x) > far_x - 0.05 and (far_y < 0.05 or long_x or abs(pad.y) < far_y - 0.05)
        if sides:
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
    quad = bool(re.search(r"Q[A-Z]*(?:FN|FP)", (result.package or "").upper()))
    sides: tuple[Side, ...] = ("left", "bottom", "right", "top") if quad else ("left", "right")
    if count % len(sides) or count > 400:
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


def _span(result: DatasheetResult, kind: Kind, axis: int) -> Range | None:
    """Over the terminals: the body's side without leads, else the overall value that is larger than the body."""
    side = _body_side(result, axis)
    if kind != "gull":
        return Range.of(side)
    stated = Range.of(result.overall.get("x" if axis == 0 else "y"))
    if stated is not None:
        return stated
    low = nominal(side) or 0.0
    rows = [
        Range.of(d.value) for d in result.dimensions if re.match(r"^(?:E|H|HE|D|HD|Z)$", d.value.symbol or d.measures)
    ]
    return min(
        (r for r in rows if r is not None and low + 0.3 < r.middle < low + 4.0), key=lambda r: r.middle, default=None
    )


def _body_side(result: DatasheetResult, axis: int) -> Value:
    """The body value along an axis of the land pattern; dual parts lie with their length along the rows."""
    told = result.body_in_land_frame.get("x" if axis == 0 else "y")
    if told is not None:
        return result.body.length if told == "length" else result.body.width
    pads = result.land_pattern.pads if result.land_pattern else []
    wide = max((p.x for p in pads), default=0.0) >= max((p.y for p in pads), default=0.0)
    if len(pads) == 2:
        return result.body.length if wide == (axis == 0) else result.body.width
    return result.body.width


# --- the name -----------------------------------------------------------------------------------------------------


def name_of(result: DatasheetResult, level: str) -> str | None:
    """The land pattern name, e.g. SOP65P640X120-14N; None for kinds whose name needs what no drawing says."""
    package = package_of(result)
    height = result.body.height.max if result.body.height.max is not None else nominal(result.body.height)
    if package is None or package.kind == "chip" or package.pitch is None or height is None:
        return None
    pins = len(package.places) + (1 if package.thermal else 0)
    tail = f"X{_hundredths(height)}-{pins}{SUFFIX[level]}"
    x, y = (s.middle if s else nominal(_body_side(result, i)) for i, s in enumerate(package.spans))
    if x is None or y is None:
        return None
    quad = package.spans[0] is not None and package.spans[1] is not None
    head = {("gull", True): "QFP", ("gull", False): "SOP", ("no_lead", True): "QFN", ("no_lead", False): "SON"}[
        (package.kind, quad)
    ]
    if head == "SOP":
        across = package.spans[0] or package.spans[1]
        prefix = "SOT" if re.match(r"SOT|SC-?\d", (result.package or "").upper()) else "SOP"
        return f"{prefix}{_hundredths(package.pitch)}P{_hundredths(across.middle if across else x)}{tail}"
    return f"{head}{_hundredths(package.pitch)}P{_hundredths(x)}X{_hundredths(y)}{tail}"


def _hundredths(mm: float) -> str:
    return str(round(mm * 100))
