"""Reads figures of balls: names in a grid, with letters beside its rows and numbers over its columns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.pins import cell_text, numbers
from worker.datasheet.pins.cell_text import PageWords
from worker.datasheet.pins.pin_figure import PinFigure
from worker.datasheet.pins.pin_row import PinRow
from worker.datasheet.thresholds.pins import (
    BALL_CELL,
    BALL_LEAST,
    BALL_ROWS_MOST,
    LEFT_OUT,
    RUN_OFF,
    TITLE_ASIDE_PT,
    TITLE_REACH,
)

_LETTER = re.compile(r"A?[A-HJ-NPRT-WY]")
_LETTERS = tuple("ABCDEFGHJKLMNPRTUVWY") + tuple(f"A{c}" for c in "ABCDEFGHJKLMNPRTUVWY")


def figures_of(words: PageWords, page: int) -> list[PinFigure]:
    """Every grid on a page with rows A, B, C and so on from the top and columns 1, 2, 3 and so on from the left."""
    rows = _runs([w for w in words.words if w.turn == 0 and _LETTER.fullmatch(w.text)], upright=True)
    columns = _runs([w for w in words.words if w.turn == 0 and w.text.isdigit()], upright=False)
    return [f for r in rows for c in columns if _beside(r, c) and (f := _grid(r, c, words, page)) is not None]


def _runs(words: list[Word], upright: bool) -> list[list[Word]]:
    """Rows of letters from A, or columns of numbers from 1, in line and at equal steps."""
    found = []
    firsts = [w for w in words if w.text == ("A" if upright else "1")]
    for first in firsts:
        run = [first]
        for wanted in _LETTERS[1:] if upright else map(str, range(2, BALL_ROWS_MOST)):
            following = [
                w for w in words if w.text == wanted and _in_line(first, w, upright) and _after(run, w, upright)
            ]
            if not following:
                break
            run.append(min(following, key=lambda w: _along(w, upright)))
        if len(run) >= BALL_LEAST:
            found.append(run)
    return found


def _along(word: Word, upright: bool) -> float:
    return word.box.cy if upright else word.box.cx


def _in_line(first: Word, word: Word, upright: bool) -> bool:
    return abs(_along(first, not upright) - _along(word, not upright)) < RUN_OFF


def _after(run: list[Word], word: Word, upright: bool) -> bool:
    step = _along(word, upright) - _along(run[-1], upright)
    if len(run) < 2:
        return step > word.across
    first = _along(run[1], upright) - _along(run[0], upright)
    return first / LEFT_OUT < step < LEFT_OUT * first


def _beside(rows: list[Word], columns: list[Word]) -> bool:
    """Whether letters stand left of the numbers, and numbers over or under the letters."""
    left = rows[0].box.cx < columns[0].box.cx
    near = columns[0].box.cx - rows[0].box.cx < 2 * (columns[1].box.cx - columns[0].box.cx)
    step = rows[1].box.cy - rows[0].box.cy
    at = columns[0].box.cy
    return left and near and (0 < rows[0].box.cy - at < 2 * step or 0 < at - rows[-1].box.cy < 2 * step)


def _grid(rows: list[Word], columns: list[Word], words: PageWords, page: int) -> PinFigure | None:
    found = list(_balls(rows, columns, words, page))
    if 2 * len(found) < len(rows) * len(columns):
        return None
    box = around([w.box for w in (*rows, *columns)])
    over = Box(box.x0 - TITLE_ASIDE_PT, box.y0 - TITLE_REACH, box.x1 + TITLE_ASIDE_PT, box.y0)
    title = " ".join(cell_text.joined(line) for line in cell_text.lines_of(words.inside(over)))
    return PinFigure(page, title, box, tuple(found))


def _balls(rows: list[Word], columns: list[Word], words: PageWords, page: int) -> Iterator[PinRow]:
    """The name at each crossing; where none stands, the package has no ball."""
    wide, high = (b - a for a, b in ((columns[0].box.cx, columns[1].box.cx), (rows[0].box.cy, rows[1].box.cy)))
    for row in rows:
        for column in columns:
            x, y = column.box.cx, row.box.cy
            cell = Box(x - BALL_CELL * wide, y - BALL_CELL * high, x + BALL_CELL * wide, y + BALL_CELL * high)
            own = [w for w in words.inside(cell) if w is not row and w is not column]
            text = cell_text.text_of(own)
            if text and not numbers.none_here(text):
                yield PinRow(f"{row.text}{column.text}", text, "", page, around([w.box for w in own]))
