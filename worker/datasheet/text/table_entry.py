"""One entry of a dimension table, and the lines and letters that tables are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from worker.datasheet.geometry.primitives import Word, around
from worker.datasheet.text.phrases import overlap
from worker.datasheet.text.quantities import NUMBER, Quantity
from worker.datasheet.thresholds.page import PARTS_CELL_GAP, ROW_OFF_LINE

VALUE = re.compile(rf"^\(?({NUMBER})\)?(?:mm)?$")
OF_FAMILY = -1  # the number of tables that give letters for many parts
_DIGITS = frozenset("0123456789.,")
_FOOTNOTE = re.compile(r"(?<=[A-Za-z0-9])(?:\s*\(\d{1,2}\))+$|\[\d{1,2}\]$")


@dataclass(frozen=True, slots=True)
class TableEntry:
    """One row of a dimension table, in millimetres."""

    symbol: str
    description: str
    quantity: Quantity
    table: int


def rows_of(words: list[Word]) -> list[list[Word]]:
    """Words in lines from top to bottom, each from left to right."""
    rows: list[list[Word]] = []
    for word in sorted((w for w in words if w.turn == 0), key=lambda w: w.box.cy):
        for row in reversed(rows[-4:]):
            tall = max(row, key=lambda w: w.box.height).box
            size = max(tall.height, word.box.height)
            if (
                abs(tall.cy - word.box.cy) < ROW_OFF_LINE * size
                and overlap(tall.y0, tall.y1, word.box.y0, word.box.y1) > 0.5
            ):
                row.append(word)
                break
        else:
            rows.append([word])
    return [sorted(r, key=lambda w: w.box.x0) for r in rows]


def symbol_of(text: str) -> str:
    """A letter without the number of its footnote: "A(2)" is A."""
    return _FOOTNOTE.sub("", text).strip("()*.")


def cells_of(row: list[Word]) -> list[Word]:
    """The words of a row joined into cells."""
    found: list[Word] = []
    for word in row:
        last = found[-1] if found else None
        if last is not None and word.box.x0 - last.box.x1 < PARTS_CELL_GAP * max(last.box.height, word.box.height):
            parted = set(last.text) <= _DIGITS and word.text[:1] in _DIGITS  # fonts that set digits apart
            text = f"{last.text}{word.text}" if parted else f"{last.text} {word.text}"
            found[-1] = replace(
                last, text=text, box=around([last.box, word.box]), confidence=min(last.confidence, word.confidence)
            )
        else:
            found.append(word)
    return found
