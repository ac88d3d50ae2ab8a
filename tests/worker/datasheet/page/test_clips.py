"""What a page shows: nothing outside a clip path or the box of a form; pens under uneven scaling."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from reportlab.pdfgen.canvas import Canvas

from worker.datasheet.geometry.primitives import Sheet
from worker.datasheet.page import pages


def sheet(draw: Callable[[Canvas], None]) -> Sheet:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(600, 600), pageCompression=0)
    draw(canvas)
    canvas.save()
    book = pages.open_book([file.getvalue()])
    try:
        return pages.read_sheet(book, 1)
    finally:
        book.close()


def _window(canvas: Canvas) -> None:
    """Clips what follows to the square from (100, 100) to (300, 300)."""
    path = canvas.beginPath()
    path.rect(100, 100, 200, 200)
    canvas.clipPath(path, stroke=0, fill=0)


def _by_path(canvas: Canvas) -> None:
    canvas.saveState()
    _window(canvas)
    _content(canvas)
    canvas.restoreState()


def _by_form(canvas: Canvas) -> None:
    canvas.beginForm("window", 100, 100, 300, 300)
    _content(canvas)
    canvas.endForm()
    canvas.doForm("window")


def _by_moved_form(canvas: Canvas) -> None:
    """The same place on the page, the form being drawn half as large and elsewhere in its own space."""
    canvas.beginForm("window", 300, 300, 700, 700)
    canvas.translate(100, 100)
    canvas.scale(2, 2)
    _content(canvas)
    canvas.endForm()
    canvas.saveState()
    canvas.translate(-50, -50)
    canvas.scale(0.5, 0.5)
    canvas.doForm("window")
    canvas.restoreState()


def _content(canvas: Canvas) -> None:
    canvas.line(50, 200, 350, 200)  # through the window
    canvas.line(50, 400, 350, 400)  # outside
    canvas.rect(250, 120, 100, 40)  # half inside
    canvas.rect(400, 400, 50, 50)
    canvas.drawString(150, 250, "INSIDE")
    canvas.drawString(400, 250, "OUTSIDE")


@pytest.mark.parametrize("draw", [_by_path, _by_form, _by_moved_form])
def test_only_what_is_shown_is_read(draw: Callable[[Canvas], None]) -> None:
    read = sheet(draw)
    level = [row for row in read.lines if abs(row[1] - row[3]) < 0.1 and abs(row[1] - 400) < 1]
    assert [sorted((round(row[0]), round(row[2]))) for row in level] == [[100, 300]]
    assert not [row for row in read.lines if min(row[1], row[3]) < 300 - 0.1 and max(row[0], row[2]) > 300.1]
    assert [tuple(round(v) for v in (o.box.x0, o.box.x1)) for o in read.outlines] == [(250, 300)]
    assert [w.text for w in read.words] == ["INSIDE"]


def test_what_no_clip_hides_stays() -> None:
    assert [w.text for w in sheet(_content).words] == ["INSIDE", "OUTSIDE"]


def test_a_pen_under_uneven_scaling_is_as_wide_as_it_is_drawn() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.scale(4, 1)
        canvas.setLineWidth(2)
        canvas.line(20, 100, 100, 100)  # level: as thick as y is scaled
        canvas.line(50, 200, 50, 400)  # upright: as thick as x is scaled

    widths = {abs(row[1] - row[3]) < 0.1: round(float(row[4]), 3) for row in sheet(draw).lines}
    assert widths == {True: 2.0, False: 8.0}
