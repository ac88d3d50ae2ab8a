"""Finds the body's length, width and height: from the outline's own dimensions, and from table rows by letter and words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from worker.datasheet.body import numbers_beside, views, words
from worker.datasheet.body.found import Found, largest
from worker.datasheet.body.outline import from_drawing
from worker.datasheet.drawing.dimensions import DimensionReading, DimensionSpan
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.text import part_rows
from worker.datasheet.text.quantities import Quantity
from worker.datasheet.text.table_entry import OF_FAMILY, TableEntry
from worker.datasheet.thresholds.drawing import (
    BODY_FLAT,
    BODY_LEAST_MM,
    BODY_MOST_MM,
    BODY_OF_LEADS,
    BODY_SIDE_MM,
    LETTER_AT_LINE,
    LETTERS_LARGER,
    LETTERS_SMALLER,
)

DESCRIBED = "descriptions in the table"
JEDEC = "letters D, E and A"
PLAIN = "letters L, W and H"
SIDES = ("D", "D1", "E", "E1")
_OLD = {"A", "B", "C"}
SOMETIMES_HEIGHTS = frozenset({"C", "c"})
"""Letters of a height in some tables; in others of the width or the thickness of leads."""
_ROUND = re.compile(r"MELF|\bLL-?(?:34|41)\b|\bSOD-?80|\bDO-?(?:35|41|213)|cylind", re.IGNORECASE)
_HEIGHT = re.compile(
    r"(?:overall|total|package|body|seated|profile)?\s*height|total\s*thickness|package\s*thickness", re.IGNORECASE
)
_SIDE = re.compile(r"(?:overall|body|package|mold\w*|total|plastic)\b.*\b(?:length|width|size)", re.IGNORECASE)
_BODY_SIDE = re.compile(r"(?:body|mold\w*|plastic)\b.*\b(?:length|width|size)", re.IGNORECASE)
_NOT_BODY = re.compile(r"lead|foot|terminal|pad|contact|pin|pitch|standoff|chamfer|tip", re.IGNORECASE)


Parts = Callable[[Drawing], tuple[Drawing, Drawing]]


def _whole(drawing: Drawing) -> tuple[Drawing, Drawing]:
    return drawing, drawing


def read(
    drawings: list[Drawing], no_lead: bool, taken: set[int], parts: Parts = _whole, asked: str | None = None
) -> Found:
    """Body values from the outline pages of one package, best page first; `taken` are ids of numbers of the land pattern.

    `parts` gives the outline of the package on a page, and it without the figures of boards and reels; `asked` is the name
    of the package.
    """
    drawings = [numbers_beside.added(d) for d in drawings]
    found = words.complete(_read(drawings, no_lead, taken, parts, of_lands=False), drawings, asked or "")
    if len(found.sides) > 1:
        return found
    more = words.complete(_read(drawings, no_lead, taken, parts, of_lands=True), drawings, asked or "")
    return more if len(more.sides) > 1 else found


def _read(drawings: list[Drawing], no_lead: bool, taken: set[int], parts: Parts, *, of_lands: bool) -> Found:
    family = next((f for d in drawings if _parametric(d) and (f := views.read(d)) is not None), None)
    if family is not None:
        return family
    drawn = next((f for d in drawings if (f := _drawn(d, taken, parts, of_lands=of_lands)) is not None), None)
    entries = [e for d in drawings for e in _of_outline(d, parts)]
    if {e.symbol for d in drawings for e in d.aside} & set(SIDES) - {e.symbol for e in entries}:
        return _without_sides(drawn, entries)
    listed = _from_table(entries, no_lead) if len(entries) >= 3 or {"D", "E"} <= {e.symbol for e in entries} else None
    if listed is not None and len(listed.sides) == 2 and any(_ROUND.search(w.text) for d in drawings for w in d.lines):
        listed.height = min(listed.sides, key=largest)  # of a cylinder the diameter; a third letter is that of its caps
    if listed is None:
        return drawn or Found()
    if listed.how not in (JEDEC, DESCRIBED) and _one_way(listed.sides, drawings):
        listed.sides, listed.height = [], None
        listed.review_reasons.append("the usual letters of length and width stand for one direction here")
    return _merged(listed, drawn, no_lead)


def _of_outline(drawing: Drawing, parts: Parts) -> list[TableEntry]:
    """Rows of tables that may be those of an outline; letters of no meaning of their own may be those of lands or of tapes.

    A, B and C are those of an outline where all of them stand on the page outside its figures of boards and reels.
    """
    own, bare = parts(drawing)
    meant: dict[int, set[str]] = {}
    for e in own.entries:
        meant.setdefault(e.table, set()).add(e.symbol)
    told = {t for t, letters in meant.items() if t < part_rows.FIRST or {"L", "W"} <= letters or {"D", "E"} <= letters}
    old = {t for t, letters in meant.items() if letters >= _OLD} - told
    if old and {q.symbol for q in bare.quantities} >= _OLD:
        told |= old
    return [e for e in own.entries if e.table in told and e.table != OF_FAMILY]


def _drawn(drawing: Drawing, taken: set[int], parts: Parts, *, of_lands: bool) -> Found | None:
    """The body as it is drawn, without the figures of boards and reels.

    What the page calls such a figure may be the outline all the same: its numbers have limits then.
    """
    own, board_free = _whole(drawing) if _parametric(drawing) else parts(drawing)
    pages = [_lettered_here(d, board_free) if of_lands else d for d in (board_free, own, drawing)]
    bare, whole = (from_drawing(d, taken, of_lands=of_lands) for d in pages[:2])
    if bare is None and whole is None and own is not drawing:
        return from_drawing(pages[2], taken, of_lands=of_lands)
    if bare is None or whole is None:
        return bare or whole
    return whole if _limited(whole) > _limited(bare) else bare


def _lettered_here(drawing: Drawing, board_free: Drawing) -> Drawing:
    """The drawing without the readings of letters that stand at figures of boards and reels."""
    shown = {id(q) for q in board_free.quantities}
    kept = [r for r in drawing.readings if not r.quantity.symbol or id(r.quantity) in shown]
    return replace(drawing, readings=kept)


def _limited(found: Found) -> int:
    return sum(q.low is not None or q.high is not None for q in found.sides)


def _one_way(sides: list[Quantity], drawings: list[Drawing]) -> bool:
    """Whether the letters of both sides measure along the same axis of one view, so that one of them is no side.

    Views that stand beside each other along that axis may show different sides. Letters that have a meaning of their own may
    be shown in any view.
    """
    spans = [_at_lines(q.symbol, drawings) for q in sides if q.symbol]
    ways = [{s.axis for s in own} for own in spans]
    if len(ways) != 2 or ways[0] != ways[1] or len(ways[0]) != 1:
        return False
    return any(a.start < b.end and b.start < a.end for a in spans[0] for b in spans[1])


def _at_lines(symbol: str, drawings: list[Drawing]) -> list[DimensionSpan]:
    """The dimension lines that a letter names, one for each place where it stands."""
    nearest: dict[int, DimensionReading] = {}
    for r in (r for d in drawings for r in d.readings if r.cost < LETTER_AT_LINE and r.quantity.symbol == symbol):
        known = nearest.setdefault(id(r.quantity), r)
        if r.cost < known.cost:
            nearest[id(r.quantity)] = r
    return [r.span for r in nearest.values()]


def _without_sides(drawn: Found | None, entries: list[TableEntry]) -> Found:
    """The height alone, where a side depends on a number of pins that nobody gave."""
    if drawn is not None and not any(q.symbol for q in drawn.sides):
        return drawn
    return Found(height=next((e.quantity for e in entries if e.symbol == "A"), None), how=JEDEC)


def _parametric(drawing: Drawing) -> bool:
    """Whether letters or formulas of the drawing were read for one part of a family."""
    return any(e.table == OF_FAMILY for e in drawing.entries) or any(q.formula for q in drawing.quantities)


def _merged(listed: Found, drawn: Found | None, no_lead: bool) -> Found:
    """The table by letters, corrected by where those letters stand on the drawing."""
    if drawn is None:
        return listed
    if all(q.symbol for q in drawn.sides) and len(drawn.sides) == 2:
        if {q.symbol for q in drawn.sides} != {q.symbol for q in listed.sides}:
            ratio = sum(largest(q) for q in drawn.sides) / max(sum(largest(q) for q in listed.sides), 1e-6)
            from_aside = listed.how == JEDEC and any(q.symbol.startswith("A") for q in drawn.sides)
            smaller = LETTERS_SMALLER < ratio <= LETTERS_LARGER and not from_aside
            guessed = listed.how == PLAIN and not {q.symbol for q in listed.sides} <= {"L", "W"}
            if len(listed.sides) < 2 or guessed or (smaller and not no_lead) or (no_lead and ratio > LETTERS_LARGER):
                listed.sides, listed.how = drawn.sides, "letters on the outline drawing"
                listed.across = drawn.across
            else:
                listed.review_reasons.append("the letters at the body edges differ from the usual letters")
        else:
            listed.across = drawn.across
    if len(listed.sides) < 2 and len(drawn.sides) == 2:
        listed.sides, listed.across = drawn.sides, drawn.across
    _choose_height(listed, drawn)
    return listed


def _choose_height(listed: Found, drawn: Found) -> None:
    """The height of the table, but the one across a side view where the table's letter means something else or nothing sure."""
    letter = listed.height.symbol if listed.height is not None else ""
    unsure = (
        listed.how != DESCRIBED and letter in SOMETIMES_HEIGHTS and drawn.height is not None and drawn.height.symbol
    )
    if listed.height is None or letter in {q.symbol for q in listed.sides if q.symbol} or unsure:
        listed.height = drawn.height
    listed.height_drawn = drawn.height is not None and drawn.height.symbol == (listed.height or drawn.height).symbol


def _plausible(q: Quantity) -> bool:
    return BODY_LEAST_MM < largest(q) < BODY_MOST_MM


def _from_table(entries: list[TableEntry], no_lead: bool) -> Found | None:
    first = [e for e in entries if e.table == entries[0].table] or entries
    rows: dict[str, TableEntry] = {}
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


def _described(rows: list[TableEntry]) -> Found | None:
    """Rows whose description says what they are."""
    heights = [
        e
        for e in rows
        if _HEIGHT.search(e.description) and not re.search(r"stand|lead|foot|ball", e.description, re.IGNORECASE)
    ]
    sides = [e for e in rows if _SIDE.search(e.description) and not _NOT_BODY.search(e.description)]
    if not heights and not sides:
        return None
    found = Found(how=DESCRIBED)
    if heights:
        found.height = max(heights, key=lambda e: largest(e.quantity)).quantity
    lengths = [e for e in sides if "length" in e.description.lower()]
    widths = [e for e in sides if "width" in e.description.lower()]
    for group in (lengths, widths):
        if group:
            inner = [e for e in group if _BODY_SIDE.search(e.description)]
            found.sides.append((inner or group)[0].quantity)
    return found


def _lettered(rows: dict[str, TableEntry], no_lead: bool) -> Found | None:
    """JEDEC letters (A height, D and E sides), or the older A, B, C, told apart by their values."""

    def get(*names: str) -> list[Quantity]:
        return [rows[n].quantity for n in names if n in rows and _plausible(rows[n].quantity)]

    height = get("A")
    d, e = get("D", "D1"), get("E", "E1")
    jedec = d and e and (not height or largest(height[0]) < BODY_FLAT * min(largest(d[0]), largest(e[0])))
    if jedec and largest(d[0]) > BODY_SIDE_MM and largest(e[0]) > BODY_SIDE_MM:
        found = Found([_body_side(d, no_lead), _body_side(e, no_lead)], height[0] if height else None, how=JEDEC)
        if not height and (second := get("A2", "H", "h", "T", "C", "c")):
            found.height = second[0]
        return found
    a, b, c = get("A"), get("B"), get("C")
    if a and b and c and largest(c[0]) < BODY_FLAT * min(largest(a[0]), largest(b[0])):
        return Found([a[0], b[0]], c[0], how="letters A, B and C")
    length, width, tall = get("L", "A", "D"), get("W", "B", "E"), get("H", "T", "C", "A")
    if length and width and tall and len({id(q) for q in (length[0], width[0], tall[0])}) == 3:
        return Found([length[0], width[0]], tall[0], how=PLAIN, review_reasons=["the letters are not standard"])
    return None


def _body_side(options: list[Quantity], no_lead: bool) -> Quantity:
    """Of D and D1 (E and E1) the body: the smaller one, unless it is no side at all or the exposed pad of a leadless part."""
    if len(options) == 1 or no_lead:
        return options[0]
    smaller, larger = sorted(options, key=largest)
    return smaller if largest(smaller) > BODY_OF_LEADS * largest(larger) else larger
