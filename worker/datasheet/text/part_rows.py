"""Reads tables with a row for each of several parts under letters: "TYPE | L (mm) | W (mm)", and picks the row asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.text import parts_beside, quantities, stacked_units
from worker.datasheet.text.part_names import fit, plain, spread
from worker.datasheet.text.quantities import INCH_MM, Quantity
from worker.datasheet.text.table_entry import TableEntry, cells_of, rows_of
from worker.datasheet.text.table_heads import INCH, LIMITS, MM
from worker.datasheet.thresholds.page import (
    PARTS_COLUMN_HIGH,
    PARTS_HEAD_HIGH,
    PARTS_HEAD_LINES,
    PARTS_LETTERS_LEAST,
    PARTS_LONE_PT,
    PARTS_NAME_LEAST,
    PARTS_ROW_GAP,
)

FIRST = 400  # number of the first such table of a page
_LETTER = re.compile(r"^([A-Z][a-z]?\d?|[a-z]\d?)(?:\(?(mm|in|inch)\)?)?$")
_VALUE = re.compile(r"[(\[（［]?[\d.,]*\d")
_DECIMAL = re.compile(r"[.,]\d")
_OF_REEL = re.compile(r"\b(?:reels?|tapes?|pcs|packing|weight)\b", re.IGNORECASE)
_CODED, _CODE = re.compile(r"case|code|size", re.IGNORECASE), re.compile(r"[A-Z]\d?")
_COUNTS = re.compile(r"circuits?|ckts?|contacts?|positions?|pos|poles?|ways?|pins?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PartRows:
    """The letters of the part asked for, and those of other rows that fit what was asked as well and differ."""

    entries: list[TableEntry]
    rivals: list[TableEntry]
    boxes: list[Box]


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of values: its letter and how far from it, the limit that it holds where it holds one, its unit in mm."""

    letter: str
    off: float
    x: float
    half: float
    limit: str
    unit: float


def read(words: list[Word], known: list[Box], package: str | None) -> PartRows:
    """The rows of a package in every such table outside the `known` ones; of a table without names its only row."""
    level = [w for w in words if w.turn == 0 and not any(b.holds_point(w.box.cx, w.box.cy) for b in known)]
    rows = rows_of(level)
    found = PartRows([], [], [])
    for at in range(len(rows)):
        for own, head in parts_beside.tables(rows, at):
            letters = _header(own, head)
            listed = letters and any(b.holds(letters[0].box) for b in found.boxes)
            if len(letters) < PARTS_LETTERS_LEAST or listed or _elsewhere(rows, at):
                continue
            _add(found, own, head, letters, package)
    return found


def _add(found: PartRows, rows: list[list[Word]], at: int, letters: list[Word], package: str | None) -> None:
    body = _body(rows, at, letters)
    columns = _columns(rows, at, letters, body)
    if len({c.letter for c in columns}) < PARTS_LETTERS_LEAST:
        return
    number, left = FIRST + len(found.boxes), min(c.x - c.half for c in columns)
    names = _names(rows, at, body, left, letters)
    chosen = [_entries(cells, columns, number) for cells in _chosen(body, names, left, package)]
    listed = [one for one in chosen if one]
    measures = any(_DECIMAL.search(e.quantity.printed) for one in listed for e in one)
    if not listed or not (names or measures):  # without either, letters over numbers of pins
        return
    first = {e.symbol: e for e in listed[0]}
    found.entries.extend(listed[0])
    found.rivals.extend(
        e
        for other in listed[1:]
        for e in other
        if e.symbol in first and not _same(e.quantity, first[e.symbol].quantity)
    )
    values = [w.box for row in body for w in row if w.box.cx > left]
    found.boxes.append(around([*(w.box for w in letters), *(w.box for w in names), *values]))


def _same(a: Quantity, b: Quantity) -> bool:
    return (a.value, a.low, a.high) == (b.value, b.low, b.high)


def _header(rows: list[list[Word]], at: int) -> list[Word]:
    """The letters of a header from left to right, whose cells may set them a line higher or lower."""
    found = _letters(rows[at])
    if not found:
        return []
    low = found[0].box.cy + PARTS_HEAD_LINES * found[0].box.height
    for row in rows[at + 1 :]:
        more = _letters(row)
        if row[0].box.cy > low or {w.text for w in more} & {w.text for w in found}:
            break
        found += more
    return sorted(found, key=lambda w: w.box.x0)


def _elsewhere(rows: list[list[Word]], at: int) -> bool:
    """Whether a header has a column of numbers of circuits, as tables of families that are read elsewhere, or speaks of reels."""
    box = rows[at][0].box
    near = [w for row in rows for w in row if abs(w.box.cy - box.cy) < PARTS_HEAD_LINES * box.height]
    return any(_COUNTS.fullmatch(w.text.strip(".:")) or _OF_REEL.search(w.text) for w in near)


def _letters(row: list[Word]) -> list[Word]:
    """The letters of a header row, each once; a row with numbers is none."""
    found = [w for w in row if _LETTER.match(w.text.strip("()*"))]
    if any(re.search(r"\d[.,]\d", w.text) for w in row) or len({w.text for w in found}) < len(found):
        return []
    return found


def _body(rows: list[list[Word]], at: int, letters: list[Word]) -> list[list[Word]]:
    """The rows of values below a header as cells, from its first to a wide gap or to a row without any."""
    high = max(w.box.height for w in letters)
    left = _left(rows, at, letters)
    found: list[list[Word]] = []
    last, pitch = max(w.box.cy for w in letters), PARTS_HEAD_HIGH * high
    for row in rows[at + 1 :]:
        y = row[0].box.cy
        if y - last > pitch:
            break
        values = [w for w in row if w.box.cx > left and _VALUE.match(w.text)]
        if len(values) < PARTS_LETTERS_LEAST:
            last = y if abs(row[0].box.x0 - rows[at][0].box.x0) < high else last  # one of several names of a cell
            continue
        found.append(cells_of(row))
        last, pitch = y, PARTS_ROW_GAP * high
    return stacked_units.joined(found)


def _left(rows: list[list[Word]], at: int, letters: list[Word]) -> float:
    """Where the values of the first letter may begin: a little before it, or before the limits that stand under it."""
    first, high = letters[0].box, letters[0].box.height
    room = PARTS_LONE_PT if len(letters) < 2 else (letters[1].box.cx - first.cx) / 2
    limits = [
        w.box.x0
        for row in rows[at:]
        for w in row
        if w.text.strip(".").upper() in LIMITS
        and first.cx - room < w.box.cx
        and 0 < w.box.cy - first.cy < PARTS_HEAD_HIGH * high
    ]
    return min([first.x0, *limits]) - PARTS_COLUMN_HIGH * high


def _columns(rows: list[list[Word]], at: int, letters: list[Word], body: list[list[Word]]) -> list[_Column]:
    """The columns of values with the letter over each, from the places of the cells."""
    if not body:
        return []
    top, bottom = letters[0].box, body[0][0].box
    head = [
        w for row in rows[max(0, at - 2) :] for w in row if top.cy - PARTS_HEAD_HIGH * top.height < w.box.cy < bottom.y0
    ]
    most = max(([c for c in row if quantities.parse(c)] for row in body), key=len)
    left = _left(rows, at, letters)
    middles = [c.box.cx for c in most if c.box.cx > left]
    gaps = [b - a for a, b in pairwise(middles)]
    found = []
    for i, x in enumerate(middles):
        half = min([*gaps[max(i - 1, 0) : i + 1], PARTS_LONE_PT]) / 2
        letter = min(letters, key=lambda w: abs(w.box.cx - x))
        name = _LETTER.match(letter.text.strip("()*"))
        limits = [
            LIMITS[w.text.strip(".").upper()]
            for w in head
            if w.text.strip(".").upper() in LIMITS and abs(w.box.cx - x) < half
        ]
        if name is not None:
            found.append(
                _Column(name[1], abs(letter.box.cx - x), x, half, limits[0] if limits else "", _unit(x, letter, head))
            )
    return _sorted_out(found)


def _unit(x: float, letter: Word, head: list[Word]) -> float:
    """Millimetres in the unit that stands nearest over a column; millimetres where the header names none."""
    own = letter.text.lower()
    if own.endswith(("in)", "inch)")):
        return INCH_MM
    units = [(w, 1.0) for w in head if MM.match(w.text)] + [
        (w, INCH_MM) for w in head if INCH.match(w.text) and w.text != "in"
    ]
    units = [u for u in units if not u[0].text.startswith("(")] or units  # in brackets the unit of numbers in brackets
    return min(units, key=lambda u: abs(u[0].box.cx - x), default=(letter, 1.0))[1]


def _sorted_out(columns: list[_Column]) -> list[_Column]:
    """Of the columns of a letter those in millimetres; a letter over several columns without limits tells nothing."""
    found = []
    for letter in dict.fromkeys(c.letter for c in columns):
        own = [c for c in columns if c.letter == letter]
        own = [c for c in own if c.unit == 1.0] or own
        if not all(c.limit for c in own):
            own = [c for c in own if c.off < c.half]
        if len(own) == 1 or (all(c.limit for c in own) and len({c.limit for c in own}) == len(own)):
            found += own
    return found


def _chosen(body: list[list[Word]], names: list[Word], left: float, package: str | None) -> list[list[Word]]:
    """The rows of the part asked for as cells; the only row of a table that names none."""
    if not names:
        return body if len(body) == 1 else []
    if package is None:
        return []
    own = spread(names, [max(row, key=lambda w: w.box.x0 > left).box for row in body])
    rated = [max((fit(name, package) for name in of), default=0.0) for of in own]
    most = max(rated)
    return [row for row, score in zip(body, rated, strict=True) if score == most > 0]


def _names(rows: list[list[Word]], at: int, body: list[list[Word]], left: float, letters: list[Word]) -> list[Word]:
    """The cells left of the letters beside the rows of values; under a head of cases one letter may name one."""
    high = letters[0].box.height
    top, bottom = max(w.box.y1 for w in letters), body[-1][0].box.cy + PARTS_ROW_GAP * high
    beside = [[w for w in row if w.box.x1 < left + high and top < w.box.cy < bottom] for row in rows]
    level = [w for row in rows for w in row if abs(w.box.cy - rows[at][0].box.cy) < PARTS_HEAD_LINES * high]
    coded = [w.box for w in level if _CODED.fullmatch(w.text) and w.box.x1 < left + high]
    return [
        c for row in beside if row for c in cells_of(row)
        if _is_name(c) or (_CODE.fullmatch(c.text) and any(abs(c.box.cx - h.cx) < h.width for h in coded))
    ]  # fmt: skip


def _is_name(cell: Word) -> bool:
    return len(plain(cell.text)) >= PARTS_NAME_LEAST and not re.search(r"\d[.,]\d.*±|^[.,\d ]*[.,]\d", cell.text)


def _entries(cells: list[Word], columns: list[_Column], table: int) -> list[TableEntry]:
    """The values of one row by their letters."""
    found = []
    for letter in dict.fromkeys(c.letter for c in columns):
        own = [c for c in columns if c.letter == letter]
        pairs = [(c, w, q) for c in own for w in cells if abs(w.box.cx - c.x) < c.half and (q := quantities.parse(w))]
        if len(pairs) != len(own):
            continue
        box = around([w.box for _, w, _ in pairs])
        printed = f"{letter} " + " ".join(w.text for _, w, _ in pairs)
        first = _in_mm(pairs[0][2], own[0])
        if own[0].limit and len(own) > 1:
            limits = {c.limit: _in_mm(q, c).target for c, _, q in pairs}
            first = replace(first, value=limits.get("value"), low=limits.get("low"), high=limits.get("high"))
        elif own[0].limit == "low":
            first = replace(first, value=None, low=first.target)
        elif own[0].limit == "high":
            first = replace(first, value=None, high=first.target)
        found.append(
            TableEntry(letter, "", replace(first, printed=printed, box=box, symbol=letter, mm=True, count=None), table)
        )
    return found


def _in_mm(read: Quantity, column: _Column) -> Quantity:
    """A cell in millimetres, whatever the unit of its column where it prints both."""
    return read if read.mm else read.scaled(column.unit)
