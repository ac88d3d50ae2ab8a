"""What a dimension table says of the leads, and how the body lies among the pads."""

from __future__ import annotations

import re
from typing import Literal

from db.documents.footprint.courtyard import nominal
from db.documents.kinds.datasheet import Body, LandPattern, Terminals, Value
from worker.datasheet.body.found import largest
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.result import assemble
from worker.datasheet.text.table_entry import OF_FAMILY, TableEntry
from worker.datasheet.thresholds.result import LIES_CLEARLY, ROW_ROOM, SQUARE, UNCONFIRMED

Axis = Literal["x", "y"]
Side = Literal["length", "width"]
Rows = dict[str, tuple[TableEntry, Drawing]]

_LEAD = r"(?:lead|terminal|contact|pin|foot)"
_NAMED = {
    "pitch": (("e", "e1"), re.compile(r"\bpitch\b", re.IGNORECASE)),
    "width": (("b", "bp"), re.compile(rf"\b{_LEAD}s?\s*width", re.IGNORECASE)),
    "foot_length": (("L", "Lp", "L1"), re.compile(r"\b(?:foot|terminal|contact)\s*length", re.IGNORECASE)),
    "thickness": (("c",), re.compile(rf"\b{_LEAD}s?\s*thickness", re.IGNORECASE)),
    "standoff": (("A1",), re.compile(r"\bstand\s*-?\s*off", re.IGNORECASE)),
}
_OUTSIDE = re.compile(r"\boutside\b", re.IGNORECASE)
_WITH_LEADS = {"E": ("E1",), "D": ("D1",), "HE": ("E", "D"), "HD": ("D",), "H": ("E", "B"), "Eh": ("E",)}
LYING: dict[Axis, Side] = {"x": "length", "y": "width"}
UPRIGHT: dict[Axis, Side] = {"x": "width", "y": "length"}


def read(outlines: list[Drawing], land: LandPattern | None) -> Terminals:
    """The leads by letter, in tables that name the body by JEDEC's letters, or by description."""
    rows = {symbol: row for symbol, row in _rows(outlines).items() if not _OUTSIDE.search(row[0].description)}
    if "e" not in rows:
        rows.pop("e1", None)  # alone it is the distance of the outer leads
    jedec = {"A", "D", "E"} <= rows.keys()
    values = {name: _value(rows, letters if jedec else (), words) for name, (letters, words) in _NAMED.items()}
    signal = [p for p in land.pads if p.role == "signal" and p.type != "np_thru_hole"] if land else []
    return Terminals(count=len(signal) or None, **values)


def overall(outlines: list[Drawing], body: Body, land: LandPattern | None) -> dict[Axis, Value]:
    """The reach over the leads along the axis of the land pattern that the leads point along."""
    found = _over_leads(_rows(outlines), body)
    axis = _lead_axis(land) if land else None
    return {axis: found[0]} if found and axis else {}


def body_in_land_frame(outlines: list[Drawing], body: Body, land: LandPattern | None) -> dict[Axis, Side]:
    """Which side of the body lies along x and which along y: by the side that leads reach over, else by the pads' extent."""
    sides = [nominal(body.length), nominal(body.width)]
    if land is None or not land.pads or sides[0] is None or sides[1] is None:
        return {}
    if sides[0] < SQUARE * sides[1]:
        return LYING
    found, axis = _over_leads(_rows(outlines), body), _lead_axis(land)
    if found and axis:
        return LYING if (found[1] == "length") == (axis == "x") else UPRIGHT
    return _by_extent(land, sides[0], sides[1])


def exposed_pad(outlines: list[Drawing], body: Body, frame: dict[Axis, Side]) -> dict[Axis, Value]:
    """The pad under the body by JEDEC's letters: D2 lies along the side D, E2 along E."""
    rows = _rows(outlines)
    sides = {axis: body.length if side == "length" else body.width for axis, side in (frame or LYING).items()}
    found = {axis: rows.get(f"{value.symbol}2") for axis, value in sides.items() if value.symbol in ("D", "E")}
    return {axis: assemble.value_of(r[0].quantity, r[1], confidence=UNCONFIRMED) for axis, r in found.items() if r}


def _by_extent(land: LandPattern, length: float, width: float) -> dict[Axis, Side]:
    wide = max(p.x + (p.w or 0) / 2 for p in land.pads) - min(p.x - (p.w or 0) / 2 for p in land.pads)
    high = max(p.y + (p.h or 0) / 2 for p in land.pads) - min(p.y - (p.h or 0) / 2 for p in land.pads)
    axis = _lead_axis(land)
    along = high if axis == "x" else wide
    if axis and length > ROW_ROOM * along > width:
        return UPRIGHT if axis == "x" else LYING  # a row of pads is no longer than its side
    lying, upright = abs(wide - length) + abs(high - width), abs(wide - width) + abs(high - length)
    if upright > LIES_CLEARLY * lying:
        return LYING
    return UPRIGHT if lying > LIES_CLEARLY * upright else {}


def _rows(outlines: list[Drawing]) -> Rows:
    rows: Rows = {}
    for page in outlines:
        for entry in page.entries:
            if entry.table != OF_FAMILY:
                rows.setdefault(entry.symbol, (entry, page))
    return rows


def _value(rows: Rows, letters: tuple[str, ...], words: re.Pattern[str]) -> Value:
    described = [one for one in rows.values() if words.search(one[0].description)]
    lettered = [rows[letter] for letter in letters if letter in rows and rows[letter][0].quantity.limit != "REF"]
    chosen = sorted(described or lettered, key=lambda one: largest(one[0].quantity))  # e, not e1
    return next((assemble.value_of(e.quantity, page, confidence=UNCONFIRMED) for e, page in chosen), Value())


def _over_leads(rows: Rows, body: Body) -> tuple[Value, Side] | None:
    """The printed reach over the leads, and the side of the body it is the reach of."""
    sides: tuple[tuple[Side, Value], ...] = (("length", body.length), ("width", body.width))
    for side, own in sides:
        for letter, inner in _WITH_LEADS.items():
            if letter in rows and own.symbol is not None and own.symbol in inner and own.symbol in rows:
                entry, page = rows[letter]
                if largest(entry.quantity) > largest(rows[own.symbol][0].quantity):
                    return assemble.value_of(entry.quantity, page, confidence=UNCONFIRMED), side
    return None


def _lead_axis(land: LandPattern) -> Axis | None:
    """The axis across two rows of pads; None for one row or pads on four sides."""
    signal = [p for p in land.pads if p.role == "signal"]
    columns, rows = {round(p.x, 2) for p in signal}, {round(p.y, 2) for p in signal}
    if (len(columns) == 2) == (len(rows) == 2):
        return None
    return "x" if len(columns) == 2 else "y"
