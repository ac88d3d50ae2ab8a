"""Letters of a dimension table that mean other sides than they usually do."""

from __future__ import annotations

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest


def outline(one_way: bool) -> bytes:
    """A body of 15.9 x 7.5 mm. A, B and C are usually its sides and height; `one_way` has A measure the leads across B."""
    sketch = Sketch(scale=14.0)
    sketch.text(300, 740, "PACKAGE OUTLINE", 11)
    sketch.rect(0, 0, 15.9, 7.5)
    for i in range(6):
        for side in (-1, 1):
            sketch.rect(-6.25 + 2.5 * i, side * 4.45, 0.4, 1.4)
    if one_way:
        sketch.along(-5.15, 5.15, -10.5, "A")
    else:
        sketch.across(-7.95, 7.95, -7.5, "A")
    sketch.along(-3.75, 3.75, 10.5, "B")
    for i, cells in enumerate(
        [("Symbol", "Min.", "Max."), ("A", "10.2", "10.4"), ("B", "7.4", "7.6"), ("C", "0.2", "0.3")]
    ):
        for x, cell in zip((200, 280, 360), cells, strict=True):
            sketch.text(x, 220 - 14 * i, cell)
    sketch.text(300, 120, "DIMENSIONS IN MM")
    return sketch.pdf()


def test_letters_that_measure_one_way_are_no_length_and_width() -> None:
    result = extract([outline(one_way=True)], ReadingRequest())
    assert result.body.length.status == "not_stated"
    assert any("one direction" in r.reason for r in result.needs_review)


def test_the_usual_letters_are_taken_where_nothing_speaks_against_them() -> None:
    result = extract([outline(one_way=False)], ReadingRequest())
    assert (result.body.length.max, result.body.width.max) == (10.4, 7.6)


def diode(side_view: bool) -> bytes:
    """A body of 6.9 x 5.9 mm with leads 3 mm wide, their letter C; `side_view` shows a height of 2.3 mm, its letter J."""
    sketch = Sketch(scale=20.0)
    sketch.text(300, 740, "PACKAGE OUTLINE DIMENSIONS", 11)
    sketch.rect(0, -3, 6.9, 5.9)
    for side in (-1, 1):
        sketch.rect(side * 3.7, -3, 0.5, 3.0)
    sketch.across(-3.45, 3.45, -7.4, "B")
    sketch.along(-5.95, -0.05, -5.5, "A")
    sketch.along(-4.5, -1.5, 5.2, "C")
    if side_view:
        sketch.rect(0, 4, 6.9, 2.3)
        sketch.along(2.85, 5.15, -5.5, "J")
    rows = [("Dim", "Min", "Max"), ("A", "5.80", "6.00"), ("B", "6.80", "7.00"), ("C", "2.90", "3.10")]
    for i, cells in enumerate([*rows, *([("J", "2.20", "2.40")] if side_view else [])]):
        for x, cell in zip((200, 280, 360), cells, strict=True):
            sketch.text(x, 220 - 14 * i, cell)
    sketch.text(300, 120, "All Dimensions in mm")
    return sketch.pdf()


def test_the_height_is_what_a_side_view_shows_whatever_c_means_elsewhere() -> None:
    body = extract([diode(side_view=True)], ReadingRequest()).body
    assert (body.length.max, body.width.max, body.height.max) == (7.0, 6.0, 2.4)
    assert body.height.symbol == "J"


def test_a_third_letter_that_no_side_view_shows_is_no_sure_height() -> None:
    height = extract([diode(side_view=False)], ReadingRequest()).body.height
    assert height.confidence < 0.9
