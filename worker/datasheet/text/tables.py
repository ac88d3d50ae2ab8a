"""Reads dimension tables: rows of symbol, minimum, nominal, maximum, or columns of symbols with maximum over minimum."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.text.phrases import overlap
from worker.datasheet.text.quantities import NUMBER, Quantity, number, tidy
from worker.datasheet.text.table_heads import INCH, LIMITS, MM, SYMBOL, TableColumn, columns_of, heads_of, side_by_side
from worker.datasheet.thresholds.page import LETTERED_COLUMNS, ROW_GAP

_VALUE = re.compile(rf"^\(?({NUMBER})\)?(?:mm)?$")
_FOOTNOTE = re.compile(r"(?<=[A-Za-z0-9])\s*\(\d\)$|\[\d\]$")
_TAG = re.compile(r"\b(BSC|REF|TYP|BASIC|MAX|MIN|NOM)\b", re.IGNORECASE)
_ONE = {"BSC": "value", "BASIC": "value", "REF": "value", "TYP": "value", "NOM": "value", "MAX": "high", "MIN": "low"}
_HEADS = ("UNIT", "UNITS", "DIM", "DIM.", "SYMBOL", "REF", "REF.")  # of tables that set the letters in a row
OF_FAMILY = -1  # the number of tables that give letters for many parts
_COUNT = re.compile(r"^(?:N|ND|NE|n)$")  # of pins; the only letters of package drawings that are no lengths
_COUNTED = re.compile(r"\b(?:number|no\.?|count)\s*of\s*(?:pins|leads|terminals|balls|contacts)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TableEntry:
    """One row of a dimension table, in millimetres."""

    symbol: str
    description: str
    quantity: Quantity
    table: int


def _rows(words: list[Word]) -> list[list[Word]]:
    """Words in lines from top to bottom, each from left to right."""
    rows: list[list[Word]] = []
    for word in sorted((w for w in words if w.turn == 0), key=lambda w: w.box.cy):
        for row in reversed(rows[-4:]):
            tall = max(row, key=lambda w: w.box.height).box
            size = max(tall.height, word.box.height)
            if abs(tall.cy - word.box.cy) < 0.4 * size and overlap(tall.y0, tall.y1, word.box.y0, word.box.y1) > 0.5:
                row.append(word)
                break
        else:
            rows.append([word])
    return [sorted(r, key=lambda w: w.box.x0) for r in rows]


def subscripts_joined(words: list[Word]) -> list[Word]:
    """Letters with their smaller lower right letters or digits as one word: "H" "E" reads HE."""
    result = list(words)
    small = [w for w in words if len(w.text) <= 2 and w.text.isalnum() and w.turn == 0]
    for sub in small:
        for i, base in enumerate(result):
            if base is sub or base.turn != 0 or len(base.text) > 2 or not base.text.isalpha():
                continue
            b, s = base.box, sub.box
            lower = s.cy > b.cy + 0.12 * b.height and s.y0 < b.y1
            if lower and s.height < 0.95 * b.height + 0.5 and -0.2 * b.height < s.x0 - b.x1 < 0.35 * b.height:
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
        if w.box.x1 <= left + 2 and w.box.x1 > left - 420 and abs(w.box.cy - tall.cy) < 0.45 * tall.height
    ]
    head.sort(key=lambda w: w.box.x0)
    symbols = [w for w in head if SYMBOL.match(symbol_of(w.text))]
    values = [(w, m) for w in cells if (m := _VALUE.match(tidy(w.text).rstrip("*")))]
    if not symbols or not values:
        return None
    symbol = symbols[-1] if symbols[-1].box.x0 > left - 140 else symbols[0]
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


def symbol_of(text: str) -> str:
    """A letter without the number of its footnote: "A(2)" is A."""
    return _FOOTNOTE.sub("", text).strip("()*.")


def _pick(values: list[tuple[Word, float]], columns: list[TableColumn], one: str | None) -> dict[str, float] | None:
    """Limits of a row from where its numbers stand; a number between two columns spans both and is nominal."""
    result: dict[float, dict[str, float]] = {}
    for word, value in values:
        x = word.box.cx
        near = min(columns, key=lambda c: abs(c.x - x))
        same = [c.x for c in columns if c.unit == near.unit]
        between = len(same) > 1 and abs(x - near.x) > 0.55 * near.half and min(same) < x < max(same)
        middle = abs(x - (min(same) + max(same)) / 2) < 0.3 * near.half
        limit = one or ("value" if between or (middle and len(same) % 2 == 0) else near.limit)
        result.setdefault(near.unit, {}).setdefault(limit, value)
    unit = min(result, key=lambda u: u != 1.0, default=None)
    return {k: round(v * unit, 4) for k, v in result[unit].items()} if unit is not None else None


def read_rows(words: list[Word]) -> tuple[list[TableEntry], list[Box]]:
    """Entries of every table with limit columns, and the boxes of those tables."""
    rows = _rows(words)
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
            found = _table(own, around([w.box for w, _ in heads]), columns_of(rows, at, heads), table)
            if len(found) >= 2:
                entries.extend(found)
                boxes.append(around([w.box for w, _ in heads] + [e.quantity.box for e in found]))
    return entries, boxes


def _table(words: list[Word], head: Box, columns: list[TableColumn], table: int) -> list[TableEntry]:
    left = min(c.x - c.half for c in columns)
    right = max(c.x + c.half for c in columns) + 6
    cells = [w for w in words if w.turn == 0 and left - 1 <= w.box.cx <= right and w.box.cy > head.y1]
    found: list[TableEntry] = []
    last, pitch = head.cy, 2.2 * max(head.height, 5.0)
    for row in _rows(cells):
        y = max(row, key=lambda w: w.box.height).box.cy
        if y - last > ROW_GAP * pitch or (found and len(heads_of(row)) >= 2 and _is_head(row)):
            break
        entry = _entry(row, words, columns, table)
        if entry is not None:
            found.append(entry)
            last = y
    return found


def _is_head(row: list[Word]) -> bool:
    return not any(_VALUE.match(tidy(w.text)) for w in row)


def read_columns(words: list[Word]) -> tuple[list[TableEntry], list[Box]]:
    """Entries of tables that set the symbols in a row and the limits below them."""
    rows = _rows(words)
    entries: list[TableEntry] = []
    boxes: list[Box] = []
    for at, row in enumerate(rows):
        symbols = [w for w in _near_rows(rows, at, 1.6) if _names(w) and not MM.match(w.text)]
        least = 3 if any(w.text.strip(".:").upper() in _HEADS for w in row[:3]) else LETTERED_COLUMNS
        if len(symbols) < least or (least > 3 and not _limits_below(rows, at, symbols)):
            continue
        found = _below(rows, at, symbols, 100 + len(boxes))
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
    near = [w for row in rows[at + 1 : at + 6] for w in row if w.box.cy < base.cy + 8 * base.height]
    told = {LIMITS.get(w.text.strip(".").upper()) for w in near if w.box.x1 < symbols[0].box.x0}
    return len(told - {None}) > 1


def _near_rows(rows: list[list[Word]], at: int, heights: float) -> list[Word]:
    """Words of a row and of the lines just over and under it, where cells hold two lines."""
    base = rows[at][0].box
    return [w for row in rows[max(0, at - 2) : at + 3] for w in row if abs(w.box.cy - base.cy) < heights * base.height]


def _below(rows: list[list[Word]], at: int, symbols: list[Word], table: int) -> list[TableEntry]:
    base = rows[at][0].box
    stop = base.cy + 12 * base.height
    cells = [w for row in rows[at + 1 :] for w in row if base.cy < w.box.cy < stop]
    inch = [w.box.cy for w in cells if INCH.match(w.text) and w.box.cx < symbols[0].box.x0]
    mm = [w.box.cy for w in cells if MM.match(w.text) and w.box.cx < symbols[0].box.x0]
    end = min([y for y in inch if mm and y > mm[0]], default=stop)
    limit = (mm[0] + end) / 2 if end < stop and mm else (mm[0] + 4 * base.height if mm else stop)
    labels = [(w.box.cy, LIMITS[w.text.strip(".").upper()]) for w in cells
              if w.text.strip(".").upper() in LIMITS and w.box.cx < symbols[0].box.x0]  # fmt: skip
    found = []
    for symbol in symbols:
        own = [w for w in cells if w.box.cy < limit and _VALUE.match(tidy(w.text)) and _under(w, symbol, symbols)]
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
    return nearest is symbol and abs(word.box.cx - symbol.box.cx) < 3 * symbol.box.height


def _cell(
    symbol: Word, name: str, own: list[Word], note: list[str], labels: list[tuple[float, str]]
) -> Quantity | None:
    if not 1 <= len(own) <= 3:
        return None
    values = [(w, number(_VALUE.match(tidy(w.text))[1])) for w in own]  # type: ignore[index]
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
    columns, column_boxes = read_columns(joined)
    return [e for e in rows + columns if not _counts_pins(e)], row_boxes + column_boxes


def _counts_pins(entry: TableEntry) -> bool:
    """Whether a row gives a number of pins and no length."""
    whole = all(part.isdigit() for part in re.findall(NUMBER, entry.quantity.printed))
    return whole and bool(_COUNT.match(entry.symbol) or _COUNTED.search(entry.description))
