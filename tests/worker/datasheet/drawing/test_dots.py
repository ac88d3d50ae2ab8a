"""Dots where the dimensions of a chain meet end them, whether drawn with curves or with short straight sides."""

from __future__ import annotations

import math

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.drawing import drawing
from worker.datasheet.page import pages


def _dot(sketch: Sketch, x: float, y: float, corners: int) -> None:
    path = sketch.canvas.beginPath()
    turns = [2 * math.pi * k / corners for k in range(corners)]
    path.moveTo(x + 1.2, y)
    for turn in turns[1:]:
        path.lineTo(x + 1.2 * math.cos(turn), y + 1.2 * math.sin(turn))
    path.close()
    sketch.canvas.drawPath(path, stroke=0, fill=1)


@pytest.mark.parametrize(("corners", "found"), [(15, [(0.0, 2.0), (2.0, 5.0)]), (4, [(0.0, 5.0)])])
def test_a_dot_of_straight_sides_parts_a_chain(corners: int, found: list[tuple[float, float]]) -> None:
    sketch = Sketch(scale=20.0)
    (x0, y), (x1, _), (x2, _) = (sketch.point(x, 0.0) for x in (0.0, 2.0, 5.0))
    for x in (x0, x1, x2):
        sketch.canvas.line(x, y - 40, x, y + 4)
    sketch.canvas.line(x0, y, x2, y)
    sketch._head((x0, y), (x0 + 6, y + 1.2), (x0 + 6, y - 1.2))
    sketch._head((x2, y), (x2 - 6, y + 1.2), (x2 - 6, y - 1.2))
    _dot(sketch, x1, y, corners)
    sketch.text((x0 + x2) / 2, y + 6, "5.0")  # two numbers would part the line too
    book = pages.open_book([sketch.pdf()])
    page = drawing.interpret(pages.read_sheet(book, 1), "auto", None)
    book.close()
    spans = [s for s in page.spans if s.axis == 0]
    assert sorted((round((s.start - x0) / 20, 1), round((s.end - x0) / 20, 1)) for s in spans) == found
