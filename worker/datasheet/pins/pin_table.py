"""Reads tables of pins: which columns number the pins, which one names them, and what its rows say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from worker.datasheet.geometry.primitives import Box
from worker.datasheet.pins import cell_text, numbers, pin_row
from worker.datasheet.pins.cell_text import PageWords
from worker.datasheet.pins.pin_row import PinRow, RowCells
from worker.datasheet.pins.ruled import Cell, RuledTable
from worker.datasheet.thresholds.pins import (
    CAPTION_LEFT,
    CAPTION_PT,
    CAPTION_RIGHT_PT,
    COLUMN_SHIFT_PT,
    HEAD_ROWS,
    NUMBERED,
    TWICE,
)

_NAME = re.compile(
    r"\b(?:names?|symbols?|signals?|mnemonic|designation|label)\b|^(?:pin|terminal|ball|lead)s?$", re.IGNORECASE
)
_CALLED = re.compile(r"\b(?:names?|symbols?|signals?|mnemonic)\b", re.IGNORECASE)
_TYPE = re.compile(
    r"^(?:(?:pin|signal|electrical|buffer)\s*)?types?$|^i\s*/?\s*o(?:\s*types?)?$|^dir(?:ection|\.)?$|^pin\s+function$",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"description|function|comment|remark|note|connection|purpose|structure|level|condition", re.IGNORECASE
)
_PIN = re.compile(r"\b(?:pin|terminal|ball|lead|bump|land)s?(?:\b|#|\()", re.IGNORECASE)
_NUMBER = re.compile(r"\b(?:no|num|number|numbers|#|nr)\b|#|№", re.IGNORECASE)
_OTHER = re.compile(
    r"\b(?:bits?|address|register|addr|offset|step|figure|page|pin\s*count|min|max|typ)\b", re.IGNORECASE
)


@dataclass
class PinColumn:
    """A column of numbers with its rows; `head` is what stands over it alone."""

    head: str
    rows: list[PinRow] = field(default_factory=list)


@dataclass
class PinTable:
    """A table of pins; several columns number the pins of several packages or parts."""

    page: int
    last_page: int
    caption: str
    xs: tuple[float, ...]
    heads: tuple[str, ...]
    columns: list[PinColumn]

    def continued(self, other: PinTable) -> bool:
        """Whether another table, on the same or the next page, is the rest of this one."""
        near = other.page - self.last_page in (0, 1)
        alike = len(self.columns) == len(other.columns) and (self.heads == other.heads or not other.heads)
        pairs = zip(self.columns, other.columns, strict=True) if alike else ()
        return near and alike and all(_apart(a.rows, b.rows) for a, b in pairs)

    def take(self, other: PinTable) -> None:
        """Append the rows of a table that continues this one. Raises ValueError where the numbers of columns differ."""
        self.last_page = other.page
        for own, more in zip(self.columns, other.columns, strict=True):
            own.rows.extend(more.rows)


def _apart(rows: list[PinRow], more: list[PinRow]) -> bool:
    """Whether rows list other pins, but for a misprint."""
    known, listed = {r.number for r in rows}, {r.number for r in more}
    return len(known & listed - {numbers.EXPOSED}) <= TWICE * len(listed)


@dataclass(frozen=True, slots=True)
class PinLayout:
    """What the columns of a table hold: places of columns, from 0, and how many rows the head has."""

    numbered: tuple[int, ...]
    name: int
    kind: int | None
    head_rows: int
    heads: tuple[tuple[str, ...], ...]


def read(
    table: RuledTable, words: PageWords, page: int, before: tuple[PinTable, PinLayout] | None
) -> tuple[PinTable, PinLayout] | None:
    """The table of pins in a ruled table, None where it is another one; `before` is that of the page before, without a head."""
    texts = {cell: cell_text.text_of(words.inside(cell.box)) for cell in table.cells}
    caption = _caption(table.box, words)
    layout = _again(table, texts, before) or _layout(table, texts, caption)
    if layout is None:
        return None
    columns = [_column(table, texts, layout, at, page, words) for at in layout.numbered]
    if sum(len(c.rows) for c in columns) < 2:
        return None
    heads = tuple(" ".join(layout.heads[at]) for at in (*layout.numbered, layout.name)) if layout.head_rows else ()
    return PinTable(page, page, caption, table.xs, heads, columns), layout


def _again(table: RuledTable, texts: dict[Cell, str], before: tuple[PinTable, PinLayout] | None) -> PinLayout | None:
    """The layout of the table before, for one that goes on: with the same columns and the same head or none."""
    if before is None or not _same_columns(before[0].xs, table.xs):
        return None
    layout = before[1]
    if tuple(_head(table, texts, at, layout.head_rows) for at in range(table.columns)) == layout.heads:
        return layout
    return replace(layout, head_rows=0) if _head_rows(texts) is None or numbers.parse(texts[table.cells[0]]) else None


def _same_columns(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return len(a) == len(b) and all(abs((p - a[0]) - (q - b[0])) < COLUMN_SHIFT_PT for p, q in zip(a, b, strict=True))


def _caption(box: Box, words: PageWords) -> str:
    """What stands just over a table."""
    over = Box(box.x0 - CAPTION_LEFT, box.y0 - CAPTION_PT, box.x1 + CAPTION_RIGHT_PT, box.y0 - 0.5)
    return " ".join(cell_text.joined(line) for line in cell_text.lines_of(words.inside(over)))


def _layout(table: RuledTable, texts: dict[Cell, str], caption: str) -> PinLayout | None:
    head_rows = _head_rows(texts)
    if head_rows is None:
        return None
    heads = tuple(_head(table, texts, at, head_rows) for at in range(table.columns))
    about_pins = _three(heads) or any(_PIN.search(" ".join(h)) for h in heads) or bool(_PIN.search(caption))
    numbered = tuple(at for at in range(table.columns) if _numbers(table, texts, at, head_rows, heads[at]))
    named = [at for at in range(table.columns) if at not in numbered and _names(heads[at])]
    if not about_pins or not numbered or not named:
        return None
    best = min(named, key=lambda at: (not re.search("name|symbol", heads[at][-1], re.IGNORECASE), at))
    kind = next(
        (
            at
            for at in range(table.columns)
            if at not in (*numbered, best) and heads[at] and _TYPE.search(heads[at][-1])
        ),
        None,
    )
    return PinLayout(numbered, best, kind, head_rows, heads)


def _three(heads: tuple[tuple[str, ...], ...]) -> bool:
    """Whether number, name and type stand side by side, as in hardly another table than one of pins."""
    last = [head[-1] for head in heads if head]
    return all(any(told.search(one) for one in last) for told in (_NUMBER, _CALLED, _TYPE))


def _names(head: tuple[str, ...]) -> bool:
    """Whether a column with this head holds names of pins."""
    if not head or not _NAME.search(head[-1]):
        return False
    return "name" in head[-1].lower() or not _TELLS.search(head[-1])


def _head_rows(texts: dict[Cell, str]) -> int | None:
    """How many rows come before the first that holds a pin number."""
    first = [
        cell.rows[0] for cell, text in texts.items()
        if cell.rows[0] > 0 and cell.rows[0] <= HEAD_ROWS * 2 and cell.columns[1] - cell.columns[0] == 1 and numbers.parse(text)
    ]  # fmt: skip
    return min(first) if first else None


def _head(table: RuledTable, texts: dict[Cell, str], at: int, rows: int) -> tuple[str, ...]:
    """What stands over a column, from the widest cell to its own."""
    cells = [c for c in table.column(at) if c.rows[0] < rows and c.columns[1] - c.columns[0] < table.columns]
    return tuple(texts[c] for c in cells if texts[c])


def _numbers(table: RuledTable, texts: dict[Cell, str], at: int, head_rows: int, head: tuple[str, ...]) -> bool:
    """Whether a column numbers pins: its cells do, and its head does not speak of something else."""
    if _CALLED.search(head[-1] if head else ""):
        return False  # names such as A0 and P1 look like balls
    cells = [c for c in table.column(at) if c.rows[0] >= head_rows and c.columns[1] - c.columns[0] == 1]
    said = [texts[c] for c in cells if texts[c]]
    parsed = [numbers.parse(text) for text in said]
    good = sum(p is not None for p in parsed)
    real = sum(len(p or []) for p in parsed)
    if real < 2 or good < NUMBERED * len(said) or not head:
        return (
            real >= 1
            and good == len(said)
            and bool(head)
            and bool(_NUMBER.search(head[-1]) and _PIN.search(" ".join(head)))
        )
    named = len(said) > 1 or bool(_PIN.search(" ".join(head)))  # one cell with numbers may be a figure
    return named and not _OTHER.search(head[-1]) and not _TELLS.search(head[-1])


def _column(
    table: RuledTable, texts: dict[Cell, str], layout: PinLayout, at: int, page: int, words: PageWords
) -> PinColumn:
    """The rows of one column of numbers."""
    head = layout.heads[at][-1] if layout.heads[at] else ""
    found = PinColumn(head)
    names = [c for c in table.column(layout.name) if c.rows[0] >= layout.head_rows and texts[c]]
    kinds = table.column(layout.kind) if layout.kind is not None else []
    for cell in table.column(at):
        if cell.rows[0] < layout.head_rows or cell.columns[1] - cell.columns[0] > 1:
            continue
        beside, kind = _overlapping(names, cell), _overlapping(kinds, cell)
        printed = numbers.parse(texts[cell])
        if beside is None or printed is None or (not printed and not numbers.exposed(texts[beside])):
            continue
        listed = printed or [numbers.EXPOSED] * (not texts[cell])
        found.rows.extend(pin_row.rows_of(_cells(cell, beside, kind, words), listed, page))
    return found


def _shared(a: Cell, b: Cell) -> float:
    return min(a.box.y1, b.box.y1) - max(a.box.y0, b.box.y0)


def _overlapping(cells: list[Cell], row: Cell) -> Cell | None:
    """The cell that shares most of its height with that of a number."""
    best = max(cells, key=lambda c: _shared(c, row), default=None)
    return best if best is not None and _shared(best, row) > 0 else None


def _cells(number: Cell, name: Cell, kind: Cell | None, words: PageWords) -> RowCells:
    box = Box(min(number.box.x0, name.box.x0), number.box.y0, max(number.box.x1, name.box.x1), number.box.y1)
    said = words.inside(kind.box) if kind is not None else []
    return RowCells(words.inside(number.box), words.inside(name.box), said, box)
