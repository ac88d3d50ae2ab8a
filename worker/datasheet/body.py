"""Finds the body's length, width and height: from the outline's own dimensions, and from table rows by letter and words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.dimensions import Reading, Span
from worker.datasheet.drawing import Drawing
from worker.datasheet.marks import Box
from worker.datasheet.quantities import Quantity
from worker.datasheet.scale import misfit, solve
from worker.datasheet.tables import Entry

EDGE_PT, RASTER_EDGE_PT = 1.4, 2.5
_HEIGHT = re.compile(
    r"(?:overall|total|package|body|seated|profile)?\s*height|total\s*thickness|package\s*thickness", re.IGNORECASE
)
_SIDE = re.compile(r"(?:overall|body|package|mold\w*|total|plastic)\b.*\b(?:length|width|size)", re.IGNORECASE)
_BODY_SIDE = re.compile(r"(?:body|mold\w*|plastic)\b.*\b(?:length|width|size)", re.IGNORECASE)
_NOT_BODY = re.compile(r"lead|foot|terminal|pad|contact|pin|pitch|standoff|chamfer|tip", re.IGNORECASE)


@dataclass
class Found:
    """The three body values as printed, the span of leads where the drawing gives it, and doubts about them."""

    sides: list[Quantity] = field(default_factory=list)
    height: Quantity | None = None
    overall: dict[str, Quantity] = field(default_factory=dict)
    how: str = ""
    doubts: list[str] = field(default_factory=list)
    across: tuple[Quantity | None, Quantity | None] = (None, None)  # along x and y of the top view


def largest(q: Quantity) -> float:
    return max(v for v in (q.low, q.value, q.high) if v is not None)


def read(drawings: list[Drawing], no_lead: bool, taken: set[int]) -> Found:
    """Body values from the outline pages of one package, best page first; `taken` are ids of numbers of the land pattern."""
    drawn = next((f for d in drawings if (f := _from_drawing(d, taken)) is not None), None)
    entries = [e for d in drawings for e in d.entries]
    listed = _from_table(entries, no_lead) if len(entries) >= 3 else None
    if listed is None:
        return drawn or Found()
    return _merged(listed, drawn, no_lead)


def _merged(listed: Found, drawn: Found | None, no_lead: bool) -> Found:
    """The table by letters, corrected by where those letters stand on the drawing."""
    if drawn is None:
        return listed
    if all(q.symbol for q in drawn.sides) and len(drawn.sides) == 2:
        if {q.symbol for q in drawn.sides} != {q.symbol for q in listed.sides}:
            ratio = sum(largest(q) for q in drawn.sides) / max(sum(largest(q) for q in listed.sides), 1e-6)
            smaller = 0.55 < ratio <= 1.001
            if len(listed.sides) < 2 or (smaller and not no_lead) or (no_lead and ratio > 1.001):
                listed.sides, listed.how = drawn.sides, "letters on the outline drawing"
                listed.across = drawn.across
            else:
                listed.doubts.append("the letters at the body edges differ from the usual letters")
        else:
            listed.across = drawn.across
    if len(listed.sides) < 2 and len(drawn.sides) == 2:
        listed.sides, listed.across = drawn.sides, drawn.across
    if listed.height is None:
        listed.height = drawn.height
    return listed


# --- from the table -----------------------------------------------------------------------------------------------


def _plausible(q: Quantity) -> bool:
    return 0.2 < largest(q) < 150


def _from_table(entries: list[Entry], no_lead: bool) -> Found | None:
    first = [e for e in entries if e.table == entries[0].table] or entries
    rows: dict[str, Entry] = {}
    for entry in first + entries:
        rows.setdefault(entry.symbol, entry)
    found = _described(list(rows.values()))
    if found is None or len(found.sides) < 2 or found.height is None:
        lettered = _lettered(rows, no_lead)
        if lettered is not None:
            if found is not None and len(found.sides) == 2:
                lettered.sides = found.sides
            if found is not None and found.height is not None:
                lettered.height = found.height
            found = lettered
    return found


def _described(rows: list[Entry]) -> Found | None:
    """Rows whose description says what they are."""
    heights = [
        e
        for e in rows
        if _HEIGHT.search(e.description) and not re.search(r"stand|lead|foot|ball", e.description, re.IGNORECASE)
    ]
    sides = [e for e in rows if _SIDE.search(e.description) and not _NOT_BODY.search(e.description)]
    if not heights and not sides:
        return None
    found = Found(how="descriptions in the table")
    if heights:
        found.height = max(heights, key=lambda e: largest(e.quantity)).quantity
    lengths = [e for e in sides if "length" in e.description.lower()]
    widths = [e for e in sides if "width" in e.description.lower()]
    for group in (lengths, widths):
        if group:
            inner = [e for e in group if _BODY_SIDE.search(e.description)]
            found.sides.append((inner or group)[0].quantity)
    return found


def _lettered(rows: dict[str, Entry], no_lead: bool) -> Found | None:
    """JEDEC letters (A height, D and E sides), or the older A, B, C, told apart by their values."""

    def get(*names: str) -> list[Quantity]:
        return [rows[n].quantity for n in names if n in rows and _plausible(rows[n].quantity)]

    height = get("A")
    d, e = get("D", "D1"), get("E", "E1")
    jedec = d and e and (not height or largest(height[0]) < 1.05 * min(largest(d[0]), largest(e[0])))
    if jedec and largest(d[0]) > 0.35 and largest(e[0]) > 0.35:
        found = Found(
            [_body_side(d, no_lead), _body_side(e, no_lead)], height[0] if height else None, how="letters D, E and A"
        )
        if not height and (second := get("A2", "H", "h", "T", "C", "c")):
            found.height = second[0]
        return found
    a, b, c = get("A"), get("B"), get("C")
    if a and b and c and largest(c[0]) < 1.05 * min(largest(a[0]), largest(b[0])):
        return Found([a[0], b[0]], c[0], how="letters A, B and C")
    length, width, tall = get("L", "A", "D"), get("W", "B", "E"), get("H", "T", "C", "A")
    if length and width and tall and len({id(q) for q in (length[0], width[0], tall[0])}) == 3:
        return Found([length[0], width[0]], tall[0], how="letters L, W and H", doubts=["the letters are not standard"])
    return None


def _body_side(options: list[Quantity], no_lead: bool) -> Quantity:
    """Of D and D1 (E and E1) the body: the smaller one, unless it is no side at all or the exposed pad of a leadless part."""
    if len(options) == 1 or no_lead:
        return options[0]
    smaller, larger = sorted(options, key=largest)
    return smaller if largest(smaller) > 0.45 * largest(larger) else larger


# --- from the drawing ---------------------------------------------------------------------------------------------


def _from_drawing(drawing: Drawing, taken: set[int]) -> Found | None:
    """The largest box whose four sides are drawn and whose two extents are dimensioned: the body seen from the top."""
    free = [r for r in drawing.readings if id(r.quantity) not in taken or r.quantity.symbol]
    lengths = [r for r in free if r.quantity.kind == "length" and r.cost < 2.2 and r.quantity.count in (None, 1)]
    across = _likeliest([r for r in lengths if r.span.axis == 0])
    along = _likeliest([r for r in lengths if r.span.axis == 1])
    best: tuple[float, Box, Reading, Reading] | None = None
    for x in across:
        for y in along:
            box = Box(x.span.start, y.span.start, x.span.end, y.span.end)
            if min(box.width, box.height) < 8 or not _square_scale(x, y) or not _reachable(x.span, y.span, box):
                continue
            drawn = _sides_drawn(box, drawing)
            score = largest(x.quantity) * largest(y.quantity) * 0.75 ** (x.cost + y.cost) * drawn
            if drawn > 0.6 and (best is None or score > best[0]):
                best = (score, box, x, y)
    if best is None:
        return None
    _, box, x, y = best
    found = Found([x.quantity, y.quantity], how="dimensions of the outline drawing", across=(x.quantity, y.quantity))
    found.height = _height(drawing, box, x, y, lengths)
    return found


def _likeliest(readings: list[Reading]) -> list[Reading]:
    """For every span the two readings nearest to it."""
    by_span: dict[int, list[Reading]] = {}
    for r in readings:
        by_span.setdefault(id(r.span), []).append(r)
    return [r for own in by_span.values() for r in sorted(own, key=lambda r: r.cost)[:2]][:120]


def _reachable(x: Span, y: Span, box: Box) -> bool:
    """Whether both dimension lines stand beside or in the box they would measure."""
    reach = 1.2 * max(box.width, box.height) + 60
    return box.y0 - reach < x.at < box.y1 + reach and box.x0 - reach < y.at < box.x1 + reach


def _sides_drawn(box: Box, drawing: Drawing) -> float:
    """The least well drawn side of a box: the part of it that strokes cover."""
    slack = RASTER_EDGE_PT if drawing.sheet.raster else EDGE_PT
    sides = [
        _covered(drawing.grid.near(axis, at, slack), low, high)
        for axis, ats, low, high in ((0, (box.y0, box.y1), box.x0, box.x1), (1, (box.x0, box.x1), box.y0, box.y1)) for at in ats
    ]  # fmt: skip
    return min(sorted(sides)[1], sum(sides) / 4)


def _covered(rows: NDArray[np.float64], low: float, high: float) -> float:
    total, reach = 0.0, low
    for a, b in sorted((max(r[1], low), min(r[2], high)) for r in rows):
        if b > max(a, reach):
            total += b - max(a, reach)
            reach = b
    return total / max(high - low, 1e-6)


def _square_scale(x: Reading, y: Reading) -> bool:
    """Both numbers give about the same scale, or the drawing is stretched by no more than a third."""
    a, b = x.span.length / x.quantity.target, y.span.length / y.quantity.target
    return 0.72 < a / b < 1.4


def _height(drawing: Drawing, b: Box, x: Reading, y: Reading, lengths: list[Reading]) -> Quantity | None:
    """The largest uncounted number across a side view that is in line with the body's top view."""
    scale = solve([r for r in lengths if r.cost < 1.0])
    views = [s.box for s in drawing.shapes if _twin(s.box, b)]
    best: tuple[float, Reading] | None = None
    for r in lengths:
        q, span = r.quantity, r.span
        if (
            r is x
            or r is y
            or q.count not in (None, 1)
            or (q.symbol and q.symbol in (x.quantity.symbol, y.quantity.symbol))
        ):
            continue
        if (
            not _beside(span, b)
            or any(_inside(span, v) for v in views)
            or largest(q) > 2.5 * max(largest(x.quantity), largest(y.quantity))
        ):
            continue
        off = 0.0 if scale is None else min(misfit(r, scale), 1.0)
        value = largest(q) * (0.75**r.cost) * (1 - 0.5 * off)
        if best is None or value > best[0]:
            best = (value, r)
    return best[1].quantity if best else None


def _twin(a: Box, b: Box) -> bool:
    """Whether a shape is another full view of the body, upright or turned."""
    same = abs(a.width - b.width) < 0.03 * b.width + 1 and abs(a.height - b.height) < 0.03 * b.height + 1
    turned = abs(a.width - b.height) < 0.03 * b.height + 1 and abs(a.height - b.width) < 0.03 * b.width + 1
    return same or turned


def _beside(span: Span, b: Box) -> bool:
    """Whether a span measures across a view over, under, left or right of the top view."""
    middle = (span.start + span.end) / 2
    low, high = (b.y0, b.y1) if span.axis == 1 else (b.x0, b.x1)
    if abs(span.start - high) < 2 or abs(span.end - low) < 2:
        return False  # it goes on from the body's own edge: a lead or an actuator
    if span.axis == 1:
        return b.x0 - 110 < span.at < b.x1 + 110 and not b.y0 - 2 < middle < b.y1 + 2
    return b.y0 - 110 < span.at < b.y1 + 110 and not b.x0 - 2 < middle < b.x1 + 2


def _inside(span: Span, view: Box) -> bool:
    """Whether a span measures something within a full view of the body."""
    low, high = (view.y0, view.y1) if span.axis == 1 else (view.x0, view.x1)
    near = (view.x0 - 90 < span.at < view.x1 + 90) if span.axis == 1 else (view.y0 - 90 < span.at < view.y1 + 90)
    return near and low - 2 < span.start and span.end < high + 2
