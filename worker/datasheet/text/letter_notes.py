"""Reads notes that give letters of a figure their limits: "D: Max = 1.648 mm, Min = 1.588 mm"."""

from __future__ import annotations

import re

from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.text import phrases
from worker.datasheet.text.quantities import NUMBER, Quantity, number
from worker.datasheet.text.table_entry import TableEntry
from worker.datasheet.thresholds.page import NOTE_SPACE

NUMBERED = 500  # as the table of the entries of such notes
_NOTE = re.compile(
    rf"^([A-Z]\d?)\s*[:=]\s*max\.?\s*=\s*({NUMBER})\s*mm\s*[,;]?\s*min\.?\s*=\s*({NUMBER})\s*mm$", re.IGNORECASE
)


def read(words: list[Word]) -> tuple[list[TableEntry], list[Box]]:
    """Entries and boxes of such notes, two at the least; their words may stand wide apart."""
    lines = phrases.join([w for w in words if w.confidence == 1.0 and w.turn == 0], NOTE_SPACE)
    noted = [(line, m) for line in lines if (m := _NOTE.match(line.text.strip()))]
    if len({m[1] for _, m in noted}) < max(len(noted), 2):
        return [], []
    return [_entry(line, m) for line, m in noted], [line.box for line, _ in noted]


def _entry(line: Word, m: re.Match[str]) -> TableEntry:
    low, high = sorted((number(m[2]), number(m[3])))
    quantity = Quantity(
        None, low, high, line.text, line.box, 0, None, "length", "", False, line.confidence, line.across, m[1], True
    )
    return TableEntry(m[1], "", quantity, NUMBERED)
