"""Reads tables that give each letter of a figure one value: "Dimensions | Value (in mm)", "DIM. | Typ."."""

from __future__ import annotations

import re
from dataclasses import replace

from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.text import phrases, quantities, stacks
from worker.datasheet.text.quantities import INCH_MM, Quantity, same_length
from worker.datasheet.text.table_entry import TableEntry, cells_of
from worker.datasheet.text.table_heads import SYMBOL
from worker.datasheet.thresholds.page import (
    LETTERS_HEAD_GAP,
    LETTERS_HEAD_WIDTHS,
    LETTERS_LEAST,
    LETTERS_OVER,
    LETTERS_ROW_GAP,
    LETTERS_VALUE_PT,
)

_HEAD = re.compile(r"^(?:dim(?:ension)?s?|sym(?:bol)?s?|letters?|item|ref)[.:]*$", re.IGNORECASE)
_MM = re.compile(r"\(?(?:mm|millimet\w*)\)?", re.IGNORECASE)
_INCH = re.compile(r"\(?(?:inch(?:es)?|in\.?)\)?", re.IGNORECASE)
FIRST = 200  # number of the first such table of a page, after those of limits


def read(words: list[Word], known: list[Box]) -> tuple[list[TableEntry], list[Box]]:
    """Entries and boxes of every such table that is none of the `known` ones; only tables that name a unit count."""
    level = [w for w in words if w.turn == 0 and not any(b.holds_point(w.box.cx, w.box.cy) for b in known)]
    entries: list[TableEntry] = []
    boxes: list[Box] = []
    for head in (w for w in level if _HEAD.match(w.text)):
        letters = _letters(head, level)
        if len(letters) < LETTERS_LEAST or any(b.holds_point(letters[0].box.cx, letters[0].box.cy) for b in boxes):
            continue
        found = _entries(head, letters, level, FIRST + len(boxes))
        if found:
            entries += found
            boxes.append(around([head.box, *(e.quantity.box for e in found)]))
    return entries, boxes


def _letters(head: Word, words: list[Word]) -> list[Word]:
    """The letters under a head, row by row, each once."""
    reach = LETTERS_HEAD_WIDTHS * head.box.width
    column = [w for w in words if w.box.y0 > head.box.cy and abs(w.box.cx - head.box.cx) < reach]
    found: list[Word] = []
    for word in sorted(column, key=lambda w: w.box.y0):
        last = found[-1] if found else head
        room = LETTERS_ROW_GAP if found else LETTERS_HEAD_GAP
        apart = word.box.y0 - last.box.y1 > room * word.box.height
        if apart or not SYMBOL.match(word.text) or word.text in [w.text for w in found]:
            break
        found.append(word)
    return found


def _entries(head: Word, letters: list[Word], words: list[Word], table: int) -> list[TableEntry]:
    """The values of a table, none where one of them was not read; of those printed in both units all but one at the most."""
    factor = _unit(head, letters, words)
    single = [e for w in letters if (e := _entry(w, words, factor, table)) is not None] if factor else []
    if len(single) == len(letters):
        return single
    both = [e for w in letters if (e := _in_both_units(w, letters, words, table)) is not None]
    return both if len(both) >= max(LETTERS_LEAST, len(letters) - 1) else []


def _in_both_units(letter: Word, letters: list[Word], words: list[Word], table: int) -> TableEntry | None:
    """The value of a cell of two lines around the letter's own, the same in millimetres and in inches."""
    half = min(abs(o.box.cy - letter.box.cy) for o in letters if o is not letter) / 2
    cell = [
        w for w in words
        if abs(w.box.cy - letter.box.cy) < half and letter.box.x1 < w.box.x0 < letter.box.x1 + LETTERS_VALUE_PT
    ]  # fmt: skip
    found = [q for q in stacks.read(phrases.join(cell)) if q.mm and q.kind == "length"]
    if len(found) != 1:
        return None
    quantity = replace(
        found[0], printed=f"{letter.text} {found[0].printed}", box=around([letter.box, found[0].box]), count=None,
        size=letter.across, symbol=letter.text,
    )  # fmt: skip
    return TableEntry(letter.text, "", quantity, table)


def _unit(head: Word, letters: list[Word], words: list[Word]) -> float | None:
    """Millimetres in the unit that the header names; None where it names none."""
    top = head.box.y0 - LETTERS_OVER * head.box.height
    over = [
        w.text
        for w in words
        if top < w.box.cy < letters[0].box.y0 and head.box.x0 - 1 < w.box.cx < head.box.x1 + LETTERS_VALUE_PT
    ]
    if any(_MM.fullmatch(text) for text in over):
        return 1.0
    return INCH_MM if any(_INCH.fullmatch(text) for text in over) else None


def _entry(letter: Word, words: list[Word], factor: float, table: int) -> TableEntry | None:
    """The one value of a row, with its limits, or that in millimetres of two which are the same length."""
    row = [w for w in words if abs(w.box.cy - letter.box.cy) < 0.5 * letter.box.height and w.box.x0 > letter.box.x1]
    near = [w for w in sorted(row, key=lambda w: w.box.x0) if w.box.x0 < letter.box.x1 + LETTERS_VALUE_PT]
    cells = [(w, q) for w in cells_of(near) if (q := quantities.parse(w)) is not None and q.kind == "length"]
    picked = _in_mm([q for _, q in cells], factor)
    if picked is None:
        return None
    box = around([letter.box, *(w.box for w, _ in cells)])
    printed = " ".join([letter.text, *(w.text for w, _ in cells)])
    quantity = replace(
        picked, printed=printed, box=box, count=None, confidence=min(w.confidence for w, _ in cells),
        size=letter.across, symbol=letter.text, mm=True,
    )  # fmt: skip
    words_between = " ".join(w.text for w in row if w.box.x1 < cells[0][0].box.x0)
    return TableEntry(letter.text, words_between, quantity, table)


def _in_mm(found: list[Quantity], factor: float) -> Quantity | None:
    """The one length of a row in millimetres; None where it has another number of them."""
    if len(found) == 2:
        small, large = sorted(found, key=lambda q: q.target)
        return large if same_length(large.target, small.target) else None
    if len(found) != 1:
        return None
    one = found[0]
    return one if one.mm else replace(one.scaled(factor), value=_rounded(one.value, factor))


def _rounded(value: float | None, factor: float) -> float | None:
    return None if value is None else round(value * factor, 4)
