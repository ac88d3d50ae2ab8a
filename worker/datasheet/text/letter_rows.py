"""Reads tables that give letters one value each from left to right: "Dimensions | Z | G" over "Value | 2.90 | 1.10"."""

from __future__ import annotations

import re
from dataclasses import replace

from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.text import quantities
from worker.datasheet.text.quantities import INCH_MM
from worker.datasheet.text.table_entry import TableEntry
from worker.datasheet.text.table_heads import SYMBOL
from worker.datasheet.thresholds.page import LETTERS_HEAD_GAP, LETTERS_LEAST, LETTERS_ROW_HIGH, LETTERS_VALUE_PT

FIRST = 300  # number of the first such table of a page
_HEAD = re.compile(r"^(?:dim(?:ension)?s?|sym(?:bol)?s?|letters?|item|ref)[.:]*$", re.IGNORECASE)
_VALUE = re.compile(r"^(?:values?|mm|millimet\w*|size|inch(?:es)?)\b", re.IGNORECASE)
_MM = re.compile(r"\bmm\b|millimet", re.IGNORECASE)
_INCH = re.compile(r"\binch(?:es)?\b", re.IGNORECASE)


def read(words: list[Word], known: list[Box]) -> tuple[list[TableEntry], list[Box]]:
    """Entries and boxes of every such table outside the `known` ones; only tables that name a unit count."""
    level = [w for w in words if w.turn == 0 and not any(b.holds_point(w.box.cx, w.box.cy) for b in known)]
    entries: list[TableEntry] = []
    boxes: list[Box] = []
    for head in (w for w in level if _HEAD.match(w.text)):
        letters = _letters(head, level)
        label = _label(head, level) if len(letters) >= LETTERS_LEAST else None
        if label is None:
            continue
        box = around([head.box, label.box, *(w.box for w in letters)])
        factor = _unit([w.text for w in level if box.holds_point(w.box.cx, w.box.cy)])
        found = [_entry(w, label, letters, level, factor, FIRST + len(boxes)) for w in letters] if factor else []
        listed = [e for e in found if e is not None]
        if listed and len(listed) == len(letters):
            entries += listed
            boxes.append(around([box, *(e.quantity.box for e in listed)]))
    return entries, boxes


def _letters(head: Word, words: list[Word]) -> list[Word]:
    """The letters right of a head, each once, on one line that is its own or one of its cell."""
    reach = LETTERS_ROW_HIGH * head.box.height
    right = [
        w for w in words if w.box.x0 > head.box.x1 and abs(w.box.cy - head.box.cy) < reach and SYMBOL.match(w.text)
    ]
    if not right:
        return []
    first = min(right, key=lambda w: w.box.x0)
    found = [w for w in right if abs(w.box.cy - first.box.cy) < 0.5 * first.box.height]
    return found if len({w.text for w in found}) == len(found) else []


def _label(head: Word, words: list[Word]) -> Word | None:
    """The word under the head that begins the row of values."""
    room = LETTERS_HEAD_GAP * head.box.height
    below = [
        w
        for w in words
        if 0 < w.box.y0 - head.box.y1 < room and abs(w.box.cx - head.box.cx) < head.box.width and _VALUE.match(w.text)
    ]
    return min(below, key=lambda w: w.box.y0, default=None)


def _unit(texts: list[str]) -> float | None:
    """Millimetres in the unit that the words of a table name; None where they name none."""
    if any(_MM.search(t) for t in texts):
        return 1.0
    return INCH_MM if any(_INCH.search(t) for t in texts) else None


def _entry(
    letter: Word, label: Word, letters: list[Word], words: list[Word], factor: float, table: int
) -> TableEntry | None:
    """The value under a letter with its limits, in millimetres where two of one length are given."""
    row = [w for w in words if abs(w.box.cy - label.box.cy) < 0.5 * label.box.height and w.box.x0 > label.box.x1]
    own = [w for w in row if min(letters, key=lambda one: abs(one.box.cx - w.box.cx)) is letter]
    if not own or max(abs(w.box.cx - letter.box.cx) for w in own) > LETTERS_VALUE_PT:
        return None
    text = " ".join(w.text for w in sorted(own, key=lambda w: w.box.x0))
    cell = Word(text, around([w.box for w in own]), 0, min(w.confidence for w in own))
    read = quantities.parse(cell)
    if read is None or read.kind != "length":
        return None
    quantity = replace(
        read if read.mm else read.scaled(factor), printed=f"{letter.text} {text}", box=around([letter.box, cell.box]),
        count=None, size=letter.across, symbol=letter.text, mm=True,
    )  # fmt: skip
    return TableEntry(letter.text, "", quantity, table)
