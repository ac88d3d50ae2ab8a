"""Sizes that words tell, beside the numbers of the drawing."""

from __future__ import annotations

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest


def told(*numbers: str) -> dict[str, tuple[float | None, ...]]:
    """The body of a page that tells its size and prints numbers far from any outline."""
    sketch = Sketch(20.0, (200.0, 500.0))
    sketch.text(300, 740, "PACKAGE OUTLINE 4.9 x 4.7 x 4.1mm", 12)
    sketch.rect(0, 0, 1.3, 1.0)
    for i, words in enumerate(numbers):
        sketch.text(100 + 110 * i, 300, words)
    body = extract([sketch.pdf()], ReadingRequest()).body
    return {name: (v.min, v.nom, v.max) for name, v in body if name in ("length", "width", "height")}


def test_the_number_that_says_the_same_with_limits_is_taken() -> None:
    found = told("4.9±0.2 mm", "4.7±0.1 mm", "Max 4.1")
    assert found == {"length": (4.7, 4.9, 5.1), "width": (4.6, 4.7, 4.8), "height": (None, None, 4.1)}


def test_two_numbers_with_different_limits_leave_the_words() -> None:
    found = told("4.9±0.2 mm", "4.9±0.1 mm", "4.7±0.1 mm")
    assert found == {"length": (None, 4.9, None), "width": (4.6, 4.7, 4.8), "height": (None, 4.1, None)}


def sizes_of(asked: str) -> list[tuple[float | None, ...]]:
    """Two bodies of one page, of 3.2 x 2.5 and of 2.5 x 2.0 mm, and one height that holds for both."""
    sketch = Sketch(25.0, (200.0, 560.0))
    sketch.text(300, 740, "PACKAGE OUTLINE", 12)
    for y, (long, wide) in ((0.0, (3.2, 2.5)), (6.0, (2.5, 2.0))):
        sketch.rect(0, y, long, wide)
        sketch.across(-long / 2, long / 2, y - wide / 2 - 0.6, f"{long:.1f}±0.15")
        sketch.along(y - wide / 2, y + wide / 2, 2.8, f"{wide:.1f}±0.15")
        sketch.text(480, 560 - 25 * y, "0.9 MAX")
    sketch.text(300, 100, "ALL DIMENSIONS ARE IN MILLIMETERS")
    body = extract([sketch.pdf()], ReadingRequest(asked)).body
    return [(v.min, v.nom, v.max) for v in (body.length, body.width, body.height)]


def test_the_sides_asked_for_choose_among_the_bodies_of_a_page() -> None:
    tall = (None, None, 0.9)
    assert sizes_of("2 x 2.5 mm DFN") == [(2.35, 2.5, 2.65), (1.85, 2.0, 2.15), tall]
    assert sizes_of("3.2 x 2.5 mm DFN") == [(3.05, 3.2, 3.35), (2.35, 2.5, 2.65), tall]


def test_sides_that_no_drawing_prints_choose_nothing() -> None:
    assert sizes_of("5 x 7 mm DFN")[0] == (3.05, 3.2, 3.35)
