"""Which of several dimension tables of a page is that of the package asked for: the one whose own caption names it."""

from __future__ import annotations

from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Box, around
from worker.datasheet.search import naming
from worker.datasheet.text.table_entry import TableEntry
from worker.datasheet.thresholds.figures import TABLE_CAPTION_LINES


def entries(drawing: Drawing, asked: set[str]) -> list[TableEntry]:
    """The entries without those of tables under captions of other packages; all where captions do not tell."""
    tables: dict[int, list[Box]] = {}
    for entry in drawing.entries:
        tables.setdefault(entry.table, []).append(entry.quantity.box)
    captions = {table: _caption(around(boxes), drawing) for table, boxes in tables.items()}
    rated = {table: len(asked & words) for table, words in captions.items() if naming.families(" ".join(words))}
    most = max(rated.values(), default=0)
    if len(rated) < 2 or most == 0 or list(rated.values()).count(most) > 1:
        return drawing.entries
    return [e for e in drawing.entries if e.table not in rated or rated[e.table] == most]


def _caption(table: Box, drawing: Drawing) -> set[str]:
    """The words of the lines right over a table, its head among them."""
    over = [
        w for w in drawing.lines
        if 0 < table.y0 - w.box.cy < TABLE_CAPTION_LINES * w.box.height and w.box.x0 < table.x1 and w.box.x1 > table.x0
    ]  # fmt: skip
    return {word for w in over for word in naming.words_of(w.text)}
