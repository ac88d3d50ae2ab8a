"""Reads dimension tables that set their letters in a row and the limits below them, the largest over the smallest."""

from __future__ import annotations

from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.text.quantities import Quantity, number, tidy
from worker.datasheet.text.table_entry import VALUE, TableEntry, rows_of, symbol_of
from worker.datasheet.text.table_heads import INCH, LIMITS, MM, SYMBOL
from worker.datasheet.thresholds.page import (
    CELL_LINES,
    LETTERED_COLUMNS,
    LIMIT_HEADS_BELOW,
    LIMIT_ROWS,
    TABLE_DEEP,
    UNDER_LETTER,
    UNIT_DEEP,
)

_FIRST_TABLE = 100  # their numbers begin here; those of other tables are lower
_HEADS = ("UNIT", "UNITS", "DIM", "DIM.", "SYMBOL", "REF", "REF.")  # what such a row may begin with


def read(words: list[Word]) -> tuple[list[TableEntry], list[Box]]:
    """Entries of tables that set the symbols in a row and the limits below them."""
    rows = rows_of(words)
    entries: list[TableEntry] = []
    boxes: list[Box] = []
    for at, row in enumerate(rows):
        symbols = [w for w in _near_rows(rows, at, CELL_LINES) if _names(w) and not MM.match(w.text)]
        least = 3 if any(w.text.strip(".:").upper() in _HEADS for w in row[:3]) else LETTERED_COLUMNS
        if len(symbols) < least or (least > 3 and not _limits_below(rows, at, symbols)):
            continue
        found = _below(rows, at, symbols, _FIRST_TABLE + len(boxes))
        if len(found) >= 3:
            entries.extend(found)
            boxes.append(around([e.quantity.box for e in found]))
    return entries, boxes


def _names(word: Word) -> list[str]:
    """The letters over a column, which may stand for two sides: "D/E"."""
    parts = symbol_of(word.text).split("/")
    return parts if all(SYMBOL.match(part) and part.upper() not in LIMITS for part in parts) else []


def _limits_below(rows: list[list[Word]], at: int, symbols: list[Word]) -> bool:
    """Whether two limits stand at the left of the values below, as in a table without a head of its own."""
    base = rows[at][0].box
    near = [
        w for row in rows[at + 1 : at + LIMIT_ROWS] for w in row if w.box.cy < base.cy + LIMIT_HEADS_BELOW * base.height
    ]
    told = {LIMITS.get(w.text.strip(".").upper()) for w in near if w.box.x1 < symbols[0].box.x0}
    return len(told - {None}) > 1


def _near_rows(rows: list[list[Word]], at: int, heights: float) -> list[Word]:
    """Words of a row and of the lines just over and under it, where cells hold two lines."""
    base = rows[at][0].box
    return [w for row in rows[max(0, at - 2) : at + 3] for w in row if abs(w.box.cy - base.cy) < heights * base.height]


def _below(rows: list[list[Word]], at: int, symbols: list[Word], table: int) -> list[TableEntry]:
    base = rows[at][0].box
    stop = base.cy + TABLE_DEEP * base.height
    cells = [w for row in rows[at + 1 :] for w in row if base.cy < w.box.cy < stop]
    inch = [w.box.cy for w in cells if INCH.match(w.text) and w.box.cx < symbols[0].box.x0]
    mm = [w.box.cy for w in cells if MM.match(w.text) and w.box.cx < symbols[0].box.x0]
    end = min([y for y in inch if mm and y > mm[0]], default=stop)
    limit = (mm[0] + end) / 2 if end < stop and mm else (mm[0] + UNIT_DEEP * base.height if mm else stop)
    labels = [(w.box.cy, LIMITS[w.text.strip(".").upper()]) for w in cells
              if w.text.strip(".").upper() in LIMITS and w.box.cx < symbols[0].box.x0]  # fmt: skip
    found = []
    for symbol in symbols:
        own = [w for w in cells if w.box.cy < limit and VALUE.match(tidy(w.text)) and _under(w, symbol, symbols)]
        note = [
            w.text
            for w in cells + rows[at]
            if w.text.strip(".").lower() in ("max", "min") and _under(w, symbol, symbols)
        ]
        for name in _names(symbol):
            quantity = _cell(symbol, name, own, note, labels)
            if quantity is not None:
                found.append(TableEntry(name, "", quantity, table))
    return found


def _under(word: Word, symbol: Word, symbols: list[Word]) -> bool:
    nearest = min(symbols, key=lambda s: abs(s.box.cx - word.box.cx))
    return nearest is symbol and abs(word.box.cx - symbol.box.cx) < UNDER_LETTER * symbol.box.height


def _cell(
    symbol: Word, name: str, own: list[Word], note: list[str], labels: list[tuple[float, str]]
) -> Quantity | None:
    if not 1 <= len(own) <= 3:
        return None
    values = [(w, number(VALUE.match(tidy(w.text))[1])) for w in own]  # type: ignore[index]
    limits: dict[str, float] = {}
    noted = "high" if any("max" in n.lower() for n in note) else "low"
    if note and len(values) == 1:
        limits = {noted: values[0][1]}
    elif labels:
        for word, value in values:
            limits[min(labels, key=lambda lab: abs(lab[0] - word.box.cy))[1]] = value
    elif len(values) == 1:
        limits = {"value": values[0][1]}
    else:
        numbers = sorted(v for _, v in values)
        limits = {"low": numbers[0], "high": numbers[-1]} | ({"value": numbers[1]} if len(numbers) == 3 else {})
    box = around([symbol.box, *(w.box for w in own)])
    printed = " ".join([name, *note, *(w.text for w in own)])
    return Quantity(
        limits.get("value"), limits.get("low"), limits.get("high"), printed, box, 0, None, "length", "", False,
        min(w.confidence for w in own), symbol.across, name, True,
    )  # fmt: skip
