"""Reads dimension tables whose rows are symbol, minimum, nominal, maximum, and those of `column_tables`."""

from __future__ import annotations

import math
import re

from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.text import column_tables
from worker.datasheet.text.quantities import NUMBER, Quantity, number, tidy
from worker.datasheet.text.table_entry import VALUE, TableEntry, rows_of, symbol_of
from worker.datasheet.text.table_heads import SYMBOL, TableColumn, columns_of, heads_of, lettered, side_by_side
from worker.datasheet.thresholds.page import (
    ROW_GAP,
    ROW_HEIGHT_LEAST_PT,
    ROW_PITCH,
    ROWS_IN_LINE,
    SPANS_COLUMNS,
    SPANS_MIDDLE,
    SUBSCRIPT_BEFORE,
    SUBSCRIPT_BEHIND,
    SUBSCRIPT_HIGH,
    SUBSCRIPT_LOWER,
    SYMBOL_LEVEL,
    SYMBOL_NEAR_PT,
    SYMBOL_REACH_PT,
    SYMBOLS_APART_PT,
    TABLE_RIGHT_PT,
)

_TAG = re.compile(r"\b(BSC|REF|TYP|BASIC|MAX|MIN|NOM)\b", re.IGNORECASE)
_ONE = {"BSC": "value", "BASIC": "value", "REF": "value", "TYP": "value", "NOM": "value", "MAX": "high", "MIN": "low"}
_COUNT = re.compile(r"^(?:N|ND|NE|n)$")  # of pins; the only letters of package drawings that are no lengths
_COUNTED = re.compile(r"\b(?:number|no\.?|count)\s*of\s*(?:pins|leads|terminals|balls|contacts)\b", re.IGNORECASE)


def subscripts_joined(words: list[Word]) -> list[Word]:
    """Letters with their smaller lower right letters or digits as one word: "H" "E" reads HE."""
    result = list(words)
    small = [w for w in words if len(w.text) <= 2 and w.text.isalnum() and w.turn == 0]
    for sub in small:
        for i, base in enumerate(result):
            if base is sub or base.turn != 0 or len(base.text) > 2 or not base.text.isalpha():
                continue
            if (base.confidence < 1.0) != (sub.confidence < 1.0):  # a stroke taken for a letter, beside a printed one
                continue
            b, s = base.box, sub.box
            lower = s.cy > b.cy + SUBSCRIPT_LOWER * b.height and s.y0 < b.y1
            if (
                lower
                and s.height < SUBSCRIPT_HIGH * b.height + 0.5
                and -SUBSCRIPT_BEFORE * b.height < s.x0 - b.x1 < SUBSCRIPT_BEHIND * b.height
            ):
                result[i] = Word(base.text + sub.text, around([b, s]), 0, base.confidence, base.size)
                result = [w for w in result if w is not sub]
                break
    return result


def _entry(cells: list[Word], words: list[Word], columns: list[TableColumn], table: int) -> TableEntry | None:
    """The entry of one row of value cells; its symbol is the nearest symbol-like word on its left."""
    left = min(c.x - c.half for c in columns)
    tall = max(cells, key=lambda w: w.box.height).box
    head = [
        w
        for w in words
        if w.box.x1 <= left + 2
        and w.box.x1 > left - SYMBOL_REACH_PT
        and abs(w.box.cy - tall.cy) < SYMBOL_LEVEL * tall.height
    ]
    head.sort(key=lambda w: w.box.x0)
    symbols = [w for w in head if SYMBOL.match(symbol_of(w.text))]
    values = [(w, m) for w in cells if (m := VALUE.match(tidy(w.text).rstrip("*")))]
    if not symbols or not values:
        return None
    symbol = symbols[-1] if symbols[-1].box.x0 > left - SYMBOL_NEAR_PT else symbols[0]
    tag = _TAG.search(" ".join(w.text for w in cells))
    one = _ONE.get(tag[1].upper()) if tag else None
    picked = _pick([(w, number(m[1])) for w, m in values], columns, one)
    if picked is None:
        return None
    box = around([w.box for w in [symbol, *cells]])
    printed = " ".join(w.text for w in [symbol, *cells])
    quantity = Quantity(
        picked.get("value"), picked.get("low"), picked.get("high"), printed, box, 0, None, "length",
        tag[1].upper() if tag else "", False, min(w.confidence for w, _ in values), symbol.across,
        symbol_of(symbol.text), True,
    )  # fmt: skip
    description = " ".join(w.text for w in head if w is not symbol)
    return TableEntry(symbol_of(symbol.text), description, quantity, table)


def _pick(values: list[tuple[Word, float]], columns: list[TableColumn], one: str | None) -> dict[str, float] | None:
    """Limits of a row from where its numbers stand; a number between two columns spans both and is nominal."""
    result: dict[float, dict[str, float]] = {}
    for word, value in values:
        x = word.box.cx
        near = min(columns, key=lambda c: abs(c.x - x))
        same = [c.x for c in columns if c.unit == near.unit]
        between = len(same) > 1 and abs(x - near.x) > SPANS_COLUMNS * near.half and min(same) < x < max(same)
        middle = abs(x - (min(same) + max(same)) / 2) < SPANS_MIDDLE * near.half
        limit = one or ("value" if between or (middle and len(same) % 2 == 0) else near.limit)
        result.setdefault(near.unit, {}).setdefault(limit, value)
    unit = min(result, key=lambda u: u != 1.0, default=None)
    if unit is not None and result[unit].get("low", 0.0) > result[unit].get("high", math.inf):
        return None  # numbers of two columns
    return {k: round(v * unit, 4) for k, v in result[unit].items()} if unit is not None else None


def read_rows(words: list[Word]) -> tuple[list[TableEntry], list[Box]]:
    """Entries of every table with limit columns, and the boxes of those tables."""
    rows = rows_of(words)
    entries: list[TableEntry] = []
    boxes: list[Box] = []
    for at in range(len(rows)):
        table = len(boxes)
        edge = -math.inf
        for heads in side_by_side(rows, at):
            own = [w for w in words if w.box.x0 > edge]
            edge = heads[-1][0].box.x1
            if len({limit for _, limit in heads}) < 2 or any(b.holds(heads[0][0].box) for b in boxes):
                continue
            if lettered(rows, at, heads):
                continue
            found = _table(own, around([w.box for w, _ in heads]), columns_of(rows, at, heads), table)
            if len(found) >= 2:
                entries.extend(found)
                boxes.append(around([w.box for w, _ in heads] + [e.quantity.box for e in found]))
    return entries, boxes


def _table(words: list[Word], head: Box, columns: list[TableColumn], table: int) -> list[TableEntry]:
    left = min(c.x - c.half for c in columns)
    right = max(c.x + c.half for c in columns) + TABLE_RIGHT_PT
    cells = [w for w in words if w.turn == 0 and left - 1 <= w.box.cx <= right and w.box.cy > head.y1]
    found: list[TableEntry] = []
    last, pitch = head.cy, ROW_PITCH * max(head.height, ROW_HEIGHT_LEAST_PT)
    for row in rows_of(cells):
        y = max(row, key=lambda w: w.box.height).box.cy
        if y - last > ROW_GAP * pitch or (found and len(heads_of(row)) >= 2 and _is_head(row)):
            break
        entry = _entry(row, words, columns, table)
        if entry is not None and not _astray(entry, found):
            found.append(entry)
            last = y
    return found


def _astray(entry: TableEntry, found: list[TableEntry]) -> bool:
    """Whether a row begins far from where all others of the table do: its letter is that of something beside the table."""
    begun = [e.quantity.box.x0 for e in found]
    return len(begun) >= ROWS_IN_LINE and max(begun) - min(begun) < SYMBOLS_APART_PT < min(
        abs(entry.quantity.box.x0 - x) for x in begun
    )


def _is_head(row: list[Word]) -> bool:
    return not any(VALUE.match(tidy(w.text)) for w in row)


def split(words: list[Word]) -> list[Word]:
    """Words read from pixels may hold spaces; each part gets its share of the box."""
    result: list[Word] = []
    for word in words:
        parts = word.text.split()
        if len(parts) < 2 or word.turn != 0:
            result.append(word)
            continue
        step, at, box = word.box.width / len(word.text), 0, word.box
        for part in parts:
            at = word.text.index(part, at)
            place = Box(box.x0 + at * step, box.y0, box.x0 + (at + len(part)) * step, box.y1)
            result.append(Word(part, place, 0, word.confidence, word.size))
            at += len(part)
    return result


def read(words: list[Word]) -> tuple[list[TableEntry], list[Box]]:
    """Every entry of every dimension table on a page and the boxes of the tables."""
    joined = subscripts_joined(split(words))
    rows, row_boxes = read_rows(joined)
    columns, column_boxes = column_tables.read(joined)
    return [e for e in rows + columns if not _counts_pins(e)], row_boxes + column_boxes


def _counts_pins(entry: TableEntry) -> bool:
    """Whether a row gives a number of pins and no length."""
    whole = all(part.isdigit() for part in re.findall(NUMBER, entry.quantity.printed))
    return whole and bool(_COUNT.match(entry.symbol) or _COUNTED.search(entry.description))
