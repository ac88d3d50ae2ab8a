"""One pin as a document prints it, and the pins that the cells of one row of a table stand for."""

from __future__ import annotations

from dataclasses import dataclass

from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.pins import cell_text, numbers


@dataclass(frozen=True, slots=True)
class PinRow:
    """A pin's number, name and printed type, with the place of both on a page (from 1, points)."""

    number: str
    name: str
    kind: str
    page: int
    box: Box


@dataclass(frozen=True, slots=True)
class RowCells:
    """The words of the cells of one row."""

    number: list[Word]
    name: list[Word]
    kind: list[Word]
    box: Box


def rows_of(cells: RowCells, printed: list[str], page: int) -> list[PinRow]:
    """A row for each number; where numbers and names stand line beside line in one cell, each with its own name."""
    beside = _line_by_line(cells)
    if beside is not None:
        return [PinRow(number, name, kind, page, box) for number, name, kind, box in beside]
    name, kind = cell_text.text_of(cells.name), cell_text.text_of(cells.kind)
    return [PinRow(number, name, kind, page, cells.box) for number in printed]


def _line_by_line(cells: RowCells) -> list[tuple[str, str, str, Box]] | None:
    """Number, name, kind and box of every line; None where a line has no number or no name of its own."""
    lines = cell_text.lines_of(cells.number)
    texts = [cell_text.without_notes(cell_text.joined(line)) for line in lines]
    told = [numbers.parse(text) for text in texts]
    listed = any(text.endswith(",") for text in texts)  # numbers of one name in several lines
    if len(lines) < 2 or listed or any(t is None or len(t) != 1 for t in told):
        return None
    names, kinds = _nearest(lines, cells.name), _nearest(lines, cells.kind)
    if not all(names):
        return None
    return [
        (number[0], cell_text.text_of(name), cell_text.text_of(kind), around([w.box for w in (*line, *name)]))
        for number, line, name, kind in zip(told, lines, names, kinds, strict=True) if number
    ]  # fmt: skip


def _nearest(lines: list[list[Word]], words: list[Word]) -> list[list[Word]]:
    """The words of another cell, a list for each of these lines: each line of theirs goes to the nearest."""
    found: list[list[Word]] = [[] for _ in lines]
    at = [around([w.box for w in line]).cy for line in lines]
    for line in cell_text.lines_of(words):
        middle = around([w.box for w in line]).cy
        found[min(range(len(at)), key=lambda i: abs(at[i] - middle))].extend(line)
    return found
