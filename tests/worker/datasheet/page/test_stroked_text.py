"""Letters drawn as single strokes are read like printed ones, however large they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from worker.datasheet.drawing import drawing
from worker.datasheet.page import pages
from worker.datasheet.synthetic import strokes
from worker.datasheet.synthetic.canvas import SheetCanvas


@pytest.mark.parametrize("size", [8, 12, 14])
def test_the_title_of_a_stroked_page_is_read(tmp_path: Path, size: float) -> None:
    canvas = SheetCanvas(tmp_path / "page.pdf", "strokes")
    canvas.text(297, 45, "LAND PATTERN DATA", size)
    canvas.rect(200, 300, 212, 308)
    canvas.line(212, 304, 260, 304)
    canvas.save()
    book = pages.open_book([tmp_path / "page.pdf"])
    assert pages.read_titles(book, 1) == "LAND PATTERN DATA"
    book.close()


def plotted(path: Path, lines: list[tuple[float, float, str]], size: float, pen: float, wide: float = 1.0) -> Path:
    """A page with lines of text, every stroke of a letter one path, as CAD programs plot them; y up, letters so wide."""
    canvas = Canvas(str(path), pagesize=(595, 842))
    canvas.setLineWidth(pen)
    for x, y, words in lines:
        for run in strokes.runs(words, size):
            drawn = canvas.beginPath()
            drawn.moveTo(x + wide * run[0][0], y + run[0][1])
            for dx, dy in run[1:]:
                drawn.lineTo(x + wide * dx, y + dy)
            canvas.drawPath(drawn)
    canvas.save()
    return path


def test_a_title_whose_letter_o_has_no_curves_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(strokes.GLYPHS, "O", "0006464000")
    book = pages.open_book([plotted(tmp_path / "page.pdf", [(230, 790, "MOUNTING FOOTPRINT")], 9, 0.7)])
    assert pages.read_titles(book, 1) == "MOUNTING FOOTPRINT"
    book.close()


def test_small_letters_of_a_thick_pen_are_read_line_by_line(tmp_path: Path) -> None:
    numbers = [(150, 500, "16.020"), (148, 493, "[0.631]"), (400, 500, "8.380"), (398, 493, "[0.330]")]
    book = pages.open_book([plotted(tmp_path / "page.pdf", numbers, 6.5, 1.2, 0.6)])
    found = {word.text for word in pages.read_sheet(book, 1).words}
    book.close()
    assert {"16.020", "8.380"} <= found


def test_short_stroked_numbers_are_read_beside_a_figure_whose_numbers_are_text(tmp_path: Path) -> None:
    """One figure has its numbers in the text layer, the next, placed from another program, has them as strokes."""
    canvas = Canvas(str(tmp_path / "page.pdf"), pagesize=(595, 842))
    for row, printed in enumerate(("2.00", "1.30", "1.20", "0.50", "0.40", "1.25", "0.13")):
        canvas.drawString(100, 700 - 20 * row, printed)
    canvas.setLineWidth(0.7)
    for x, y, words in ((150, 400, "1.25"), (230, 400, "1.25"), (195, 400, "1.1"), (120, 430, "1.1")):
        for run in strokes.runs(words, 7):
            drawn = canvas.beginPath()
            drawn.moveTo(x + run[0][0], y + run[0][1])
            for dx, dy in run[1:]:
                drawn.lineTo(x + dx, y + dy)
            canvas.drawPath(drawn)
    canvas.save()
    book = pages.open_book([tmp_path / "page.pdf"])
    found = sorted(word.text for word in pages.read_sheet(book, 1).words if word.box.y0 > 390)
    book.close()
    assert found == ["1.1", "1.1", "1.25", "1.25"]


def test_large_numbers_of_a_thin_pen_are_read(tmp_path: Path) -> None:
    """Digits of two or three thin strokes fill as little of their box as a leader does, a large zero holds as a ring."""
    numbers = [(100, 500, "7.85"), (100, 460, "4.85"), (250, 500, "0.67"), (250, 460, "2.27")]
    book = pages.open_book([plotted(tmp_path / "page.pdf", numbers, 14, 0.12)])
    sheet = pages.read_sheet(book, 1)
    book.close()
    assert sorted(word.text for word in sheet.words) == ["0.67", "2.27", "4.85", "7.85"]
    assert drawing.interpret(sheet).shapes == []


@pytest.mark.parametrize("mark", [(505, 504.95), (490.6, 489.4)])
def test_dimension_lines_with_a_dot_or_a_dash_at_their_end_are_no_letters(
    tmp_path: Path, mark: tuple[float, float]
) -> None:
    """A plotter's dot where the pen is lifted, or the dash of a centre line, is no bar of a T whose stem is the line."""
    path = tmp_path / "page.pdf"
    canvas = Canvas(str(path), pagesize=(595, 842))
    canvas.setLineWidth(0.25)
    for x, y, words in ((112, 500, "0.60"), (164, 500, "0.95"), (90, 470, "1.20"), (210, 440, "2.60")):
        for run in strokes.runs(words, 5):
            drawn = canvas.beginPath()
            drawn.moveTo(x + run[0][0], y + run[0][1])
            for dx, dy in run[1:]:
                drawn.lineTo(x + dx, y + dy)
            canvas.drawPath(drawn)
    for x in (128, 143, 158, 183):
        canvas.line(x, 490, x, 505)
        canvas.line(x, mark[0], x, mark[1])
    canvas.line(130, 501.5, 141, 501.5)
    canvas.save()
    book = pages.open_book([path])
    found = sorted(word.text for word in pages.read_sheet(book, 1).words)
    book.close()
    assert found == ["0.60", "0.95", "1.20", "2.60"]


def test_an_oblique_tick_is_no_number(tmp_path: Path) -> None:
    path = tmp_path / "page.pdf"
    ticked = Canvas(str(path), pagesize=(595, 842))
    ticked.setLineWidth(0.5)
    for x, y, words in ((100, 500, "1.66"), (200, 500, "0.79"), (300, 460, "3.60")):
        for run in strokes.runs(words, 7):
            drawn = ticked.beginPath()
            drawn.moveTo(x + run[0][0], y + run[0][1])
            for dx, dy in run[1:]:
                drawn.lineTo(x + dx, y + dy)
            ticked.drawPath(drawn)
    for x in (150, 260, 340):
        ticked.line(x, 480, x + 5, 475)
    ticked.save()
    book = pages.open_book([path])
    found = {word.text for word in pages.read_sheet(book, 1).words}
    book.close()
    assert {"1.66", "0.79", "3.60"} <= found
    assert "1" not in found


def test_a_point_drawn_as_a_triangle_is_none_of_an_arrow(tmp_path: Path) -> None:
    """Solid letters are made of few corners: the point of a number has three, as the head of an arrow has."""
    canvas = Canvas(str(tmp_path / "page.pdf"), pagesize=(595, 842))
    canvas.setLineWidth(0.6)
    printed = [(150, 400, "0.225"), (230, 400, "0.4"), (195, 430, "1.75"), (120, 430, "2.6"), (300, 430, "0.35")]
    for x, y, words in printed:
        for run in strokes.runs(words, 7):
            drawn = canvas.beginPath()
            small = max(abs(dx - run[0][0]) + abs(dy - run[0][1]) for dx, dy in run) < 1.5
            drawn.moveTo(x + run[0][0], y + run[0][1])
            corners = [(run[0][0] + 0.4, run[0][1]), (run[0][0] + 0.2, run[0][1] + 0.5)] if small else run[1:]
            for dx, dy in corners:
                drawn.lineTo(x + dx, y + dy)
            if small:
                drawn.close()
            canvas.drawPath(drawn, stroke=not small, fill=small)
    canvas.save()
    book = pages.open_book([tmp_path / "page.pdf"])
    found = {word.text for word in pages.read_sheet(book, 1).words}
    book.close()
    assert found == {words for _, _, words in printed}
