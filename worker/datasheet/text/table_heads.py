"""Header rows of dimension tables: which columns hold which limit, in which unit, and where a table ends beside another."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from worker.datasheet.geometry.primitives import Word, around
from worker.datasheet.text.quantities import INCH_MM, MILS
from worker.datasheet.thresholds.page import COLUMN_WIDE_PT, HEAD_ROWS, HEAD_SYMBOLS, LETTER_OVER

SYMBOL = re.compile(
    r"^(?:[A-Za-zØθφϕΦ∅]{1,2}|[A-Za-z]{1,3}\d{1,2}|[A-Za-z]\d[A-Za-z]|[A-Za-z]{2,4}_[A-Za-z]+|[a-z]{3}|aaa|bbb|ccc|ddd)$"
)
LIMITS = {"MIN": "low", "MINIMUM": "low", "MIM": "low", "NOM": "value", "NOMINAL": "value", "TYP": "value",
         "TYPICAL": "value", "BSC": "value", "MAX": "high", "MAXIMUM": "high"}  # fmt: skip
MM = re.compile(r"^\(?(?:mm|mil+i?m\w*|metric)\)?[.:*]*$", re.IGNORECASE)
INCH = re.compile(r"^\(?(?:in\.?|[Ii]nch|INCH|[Ii]nche?s|INCHE?S)\)?[.:*]*$")
_MIL = re.compile(r"^\(?(?:mils?|MILS?)\)?[.:*]*$")
_NAMES = re.compile(
    r"^(?:DIM(?:ENSION)?S?|SYM(?:BOL)?S?|REF(?:ERENCE)?|LETTER|PARAMETER|ITEM|CODE)[.:]*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class TableColumn:
    limit: str  # low, value, high
    unit: float  # in mm
    x: float
    half: float


def _mended(row: list[Word]) -> list[Word]:
    """The words of a header row, halves of a limit joined that the text layer sets apart: "MI" "N"."""
    found: list[Word] = []
    for word in row:
        last = found[-1] if found else None
        if last and last.text.upper() not in LIMITS and (last.text + word.text).strip(".:,()").upper() in LIMITS:
            found[-1] = Word(last.text + word.text, around([last.box, word.box]), 0, word.confidence, word.size)
        else:
            found.append(word)
    return found


def heads_of(row: list[Word]) -> list[tuple[Word, str]]:
    """The words of a row that head a column of limits (MIN, NOM, MAX), each with the limit it names."""
    found = []
    for word in _mended(row):
        for part in re.split(r"[\s/]+", word.text):
            limit = LIMITS.get(part.strip(".:,()").upper())
            if limit:
                found.append((word, limit))
                break
    return found


def side_by_side(rows: list[list[Word]], at: int) -> list[list[tuple[Word, str]]]:
    """The limits of a header row, apart for each table in it: a table begins anew where symbols or their head stand."""
    below = [w for row in rows[at + 1 : at + 1 + HEAD_ROWS] for w in row if SYMBOL.match(w.text)]
    names = [w for w in rows[at] if _NAMES.match(w.text)]
    groups: list[list[tuple[Word, str]]] = []
    for head in heads_of(rows[at]):
        after = groups[-1][-1][0].box.x1 if groups else None
        between = [w for w in (*names, *below) if after is not None and after < w.box.cx < head[0].box.x0]
        if after is None or len(between) >= HEAD_SYMBOLS or any(w in names for w in between):
            groups.append([])
        groups[-1].append(head)
    return groups


def lettered(rows: list[list[Word]], at: int, heads: list[tuple[Word, str]]) -> bool:
    """Whether each limit of a header row stands under a letter of its own, over the values of many parts."""
    over = [
        w for row in rows[max(0, at - HEAD_ROWS) : at] for w in row if SYMBOL.match(w.text) and not MM.match(w.text)
    ]
    letters = [
        w.text for head, _ in heads for w in over
        if abs(w.box.cx - head.box.cx) < w.box.height and head.box.cy - w.box.cy < LETTER_OVER * w.box.height
    ]  # fmt: skip
    return len(letters) == len(set(letters)) == len(heads)


def columns_of(rows: list[list[Word]], at: int, heads: list[tuple[Word, str]]) -> list[TableColumn]:
    """Value columns under the heads of a row, with the unit printed over them."""
    tops = [w for row in rows[max(0, at - 3) : at + 1] for w in row]
    units = _units(tops)
    xs = [w.box.cx for w, _ in heads]
    columns = []
    for group in _groups(heads):
        over = around([w.box for w, _ in group])
        near = min(units, key=lambda u: abs(u[0].box.cx - over.cx) + abs(u[0].box.cy - over.cy), default=None)
        for word, limit in group:
            gaps = [abs(word.box.cx - other) for other in xs if other != word.box.cx]
            columns.append(TableColumn(limit, near[1] if near else 1.0, word.box.cx, min([*gaps, COLUMN_WIDE_PT]) / 2))
    return columns


_ORDER = {"low": 0, "value": 1, "high": 2}


def _groups(heads: list[tuple[Word, str]]) -> list[list[tuple[Word, str]]]:
    """Columns of one unit: a limit that comes again begins the columns of the next.

    Where that makes groups of different sizes, one head was not read, and a smaller limit behind a larger one begins the next.
    """
    found = _parted(heads, lambda group, limit: any(limit == known for _, known in group))
    if len({len(group) for group in found}) < 2:
        return found
    return _parted(heads, lambda group, limit: _ORDER[limit] <= _ORDER[group[-1][1]])


def _parted(
    heads: list[tuple[Word, str]], begins: Callable[[list[tuple[Word, str]], str], bool]
) -> list[list[tuple[Word, str]]]:
    groups: list[list[tuple[Word, str]]] = []
    for word, limit in heads:
        if not groups or begins(groups[-1], limit):
            groups.append([])
        groups[-1].append((word, limit))
    return groups


def _units(words: list[Word]) -> list[tuple[Word, float]]:
    """Words that name a unit, with it in mm; the "in" of "dimensions in mm" is none."""
    kinds = ((MM, 1.0), (INCH, INCH_MM), (_MIL, INCH_MM / MILS))
    found = [(w, unit) for w in words for pattern, unit in kinds if pattern.match(w.text)]
    return [(w, unit) for w, unit in found if not (w.text == "in" and any(_follows(w, o) for o, _ in found))]


def _follows(word: Word, other: Word) -> bool:
    gap = other.box.x0 - word.box.x1
    return 0 < gap < 2 * word.box.height and abs(other.box.cy - word.box.cy) < word.box.height
