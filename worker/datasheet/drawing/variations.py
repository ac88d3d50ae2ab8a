"""Rows of one letter for several numbers of pins, as outlines of a family of packages list them: which is the part's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from worker.datasheet.geometry.primitives import Word
from worker.datasheet.text.quantities import Quantity
from worker.datasheet.text.table_entry import TableEntry
from worker.datasheet.thresholds.drawing import VARIANT_COLUMN_PT

_HEAD = re.compile(r"^(?:N|PINS?|LEADS?|PIN\s*(?:COUNT|NO\.?))$", re.IGNORECASE)
ALIKE = 3  # rows of one letter are variations even where no numbers of pins stand beside them


class WithRows(Protocol):
    """A drawing, as far as its tables go: rows that hold for the part, and rows for others or for nobody knows which."""

    @property
    def entries(self) -> Sequence[TableEntry]:
        """Rows of tables that hold for the part."""

    @property
    def aside(self) -> Sequence[TableEntry]:
        """Rows for other numbers of pins, or for a number that is not known."""


def chosen(
    entries: list[TableEntry], words: Sequence[Word], package: str | None
) -> tuple[list[TableEntry], list[TableEntry]]:
    """The rows that hold for the package, and those that hold for other numbers of pins or for nobody knows which."""
    asked = {int(n) for n in re.findall(r"\d+", package or "")}
    aside: list[TableEntry] = []
    for group in _groups(entries):
        pins = [_pins(e.quantity, words) for e in group]
        known = [p for p in pins if p is not None]
        if len({e.quantity.target for e in group}) < 2 or (len(known) < 2 and len(group) < ALIKE):
            continue
        matching = [e for e, p in zip(group, pins, strict=True) if p in asked]
        aside += [e for e in group if len(matching) != 1 or e is not matching[0]]
    return [e for e in entries if not any(e is other for other in aside)], aside


def review_reasons(outlines: Iterable[WithRows]) -> list[str]:
    """What to say of letters for which no row could be chosen."""
    reasons = []
    for outline in outlines:
        have = {e.symbol for e in outline.entries}
        for symbol in dict.fromkeys(e.symbol for e in outline.aside if e.symbol not in have):
            rows = "; ".join(e.quantity.printed for e in outline.aside if e.symbol == symbol)
            reasons.append(f"{symbol} depends on the number of pins, which the package name does not give: {rows}")
    return reasons


def _groups(entries: list[TableEntry]) -> list[list[TableEntry]]:
    """Rows of the same letter in the same column of a table."""
    groups: dict[tuple[int, str, int], list[TableEntry]] = {}
    for entry in entries:
        groups.setdefault((entry.table, entry.symbol, round(entry.quantity.box.x0 / VARIANT_COLUMN_PT)), []).append(
            entry
        )
    return [g for g in groups.values() if len(g) > 1]


def _pins(row: Quantity, words: Sequence[Word]) -> int | None:
    """The integer in the row under the head of the column of pin counts."""
    heads = [w for w in words if _HEAD.match(w.text) and w.turn == 0 and w.box.cy < row.box.cy]
    for head in sorted(heads, key=lambda w: row.box.cy - w.box.cy):
        for word in words:
            level = word.turn == 0 and abs(word.box.cy - row.box.cy) < 0.5 * row.box.height
            if level and word.text.isdigit() and abs(word.box.cx - head.box.cx) < max(head.box.width, word.box.width):
                return int(word.text)
    return None
