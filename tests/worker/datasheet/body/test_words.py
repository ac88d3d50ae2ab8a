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
