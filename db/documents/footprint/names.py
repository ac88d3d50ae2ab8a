"""Names of land patterns by IPC-7351B, of those with holes by IPC-7251."""

from __future__ import annotations

import math
import re

from db.documents.footprint import packages
from db.documents.footprint.courtyard import nominal
from db.documents.footprint.ipc7351 import Range
from db.documents.footprint.packages import Package
from db.documents.kinds.datasheet import DatasheetResult, Level

SUFFIX: dict[Level, str] = {"A": "M", "B": "N", "C": "L"}
TENTHS, HUNDREDTHS = 10, 100  # of a millimetre, as names of IPC-7351B count
SMALL_OUTLINE = {"j_lead": "SOJ", "flat_lead": "SOTFL", "gull": "SOP", "gull_fine": "SOP"}
DIODE = re.compile(r"\bSOD|diode|rectifier|\bSM[ABC]\b|\bDO-?2\d\d", re.IGNORECASE)
TRANSISTOR = re.compile(r"\bSOT|\bSC-?\d|\bTO-?236", re.IGNORECASE)
CHIPS = {
    "resist": "RESC", "capacit": "CAPC", "induct": "INDC", "ferrite|bead": "BEADC", "varistor": "VARC", "fuse": "FUSC",
    r"\bLED": "LEDC", "diode": "DIOC",
}  # fmt: skip


def name_of(result: DatasheetResult, level: Level) -> str | None:
    """The land pattern name, e.g. SOP65P640X120-14N; None where the name needs what no drawing says."""
    height = result.body.height.max if result.body.height.max is not None else nominal(result.body.height)
    if height is None:
        return None
    if packages.has_balls(result):
        return _of_balls(result, height, level)
    if packages.has_holes(result):
        return _with_holes(result, height, level)
    package = packages.package_of(result)
    if package is None:
        return None
    tail = f"X{_hundredths(height)}"
    if package.goals in ("chip", "chip_small"):
        return _of_chip(result, f"{tail}{SUFFIX[level]}")
    if len(package.places) == 2:
        return _of_two_leads(result, package, f"{tail}{SUFFIX[level]}")
    head = _with_pitch(result, package)
    return head and f"{head}{tail}-{package.pins}{SUFFIX[level]}"


def _with_pitch(result: DatasheetResult, package: Package) -> str | None:
    """Head, pitch and spans of parts with rows of terminals."""
    sides = [s.middle if s else nominal(packages.body_side(result, i)) for i, s in enumerate(package.spans)]
    if package.pitch is None or sides[0] is None or sides[1] is None:
        return None
    both = f"{_hundredths(package.pitch)}P{_hundredths(sides[0])}X{_hundredths(sides[1])}"
    quad = package.spans[0] is not None and package.spans[1] is not None
    if quad:
        return {"no_lead": "QFN", "j_lead": "PLCC"}.get(package.goals, "QFP") + both
    if package.goals == "no_lead":
        return f"SON{both}"
    across = sides[0] if package.spans[0] is not None else sides[1]
    gull = package.goals in ("gull", "gull_fine")
    head = "SOT" if gull and TRANSISTOR.search(packages.words(result)) else SMALL_OUTLINE[package.goals]
    return f"{head}{_hundredths(package.pitch)}P{_hundredths(across)}"


def _of_two_leads(result: DatasheetResult, package: Package, tail: str) -> str | None:
    """A diode's body with leads: span over them, and the width of the body."""
    width = nominal(result.body.width)
    span = package.spans[0] or package.spans[1]
    leads = package.goals != "no_lead" and DIODE.search(packages.words(result))
    if width is None or span is None or not leads:
        return None
    return f"{'SODFL' if package.goals == 'flat_lead' else 'SOD'}{_tenths(span.middle)}{_tenths(width)}{tail}"


def _of_chip(result: DatasheetResult, tail: str) -> str | None:
    """Length and width of the body; what kind of chip it is must be said."""
    head = next((h for word, h in CHIPS.items() if re.search(word, packages.words(result), re.IGNORECASE)), None)
    length, width = nominal(result.body.length), nominal(result.body.width)
    return f"{head}{_tenths(length)}{_tenths(width)}{tail}" if head and length and width else None


def _of_balls(result: DatasheetResult, height: float, level: Level) -> str | None:
    """Balls that collapse: pins, pitch, columns and rows, body; the same at each level but for the suffix."""
    pitch, length, width = packages.pitch_of(result), nominal(result.body.length), nominal(result.body.width)
    if pitch is None or length is None or width is None:
        return None
    pads = packages.signal_pads(result)
    grid = f"{len({round(p.x, 2) for p in pads})}X{len({round(p.y, 2) for p in pads})}"
    body = f"{_hundredths(length)}X{_hundredths(width)}X{_hundredths(height)}"
    return f"BGA{len(pads)}C{_hundredths(pitch)}P{grid}_{body}{SUFFIX[level]}"


def _with_holes(result: DatasheetResult, height: float, level: Level) -> str | None:
    """Two rows of leads in holes: distance of the rows, width of a lead, pitch, length, height, pins."""
    pads = packages.signal_pads(result)
    lead, length = Range.of(packages.known(result, result.terminals.width, "b")), nominal(result.body.length)
    pitch = packages.pitch_of(result)
    rows = [sorted({round(getattr(p, axis), 2) for p in pads}) for axis in ("x", "y")]
    two = next((r for r in rows if len(r) == 2 and len(pads) >= 4), None)
    if two is None or lead is None or length is None or pitch is None:
        return None
    span = f"DIP{_hundredths(two[1] - two[0])}W{_hundredths(lead.middle)}P{_hundredths(pitch)}"
    return f"{span}L{_hundredths(length)}H{_hundredths(height)}Q{len(pads)}{level}"


def _hundredths(mm: float) -> str:
    return str(_half_up(mm * HUNDREDTHS))


def _tenths(mm: float) -> str:
    return f"{_half_up(mm * TENTHS):02d}"


def _half_up(value: float) -> int:
    return math.floor(value + 0.5 + 1e-9)
