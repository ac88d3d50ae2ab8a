"""The body by the letters of a table with a row for each part."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest

LENGTH, WIDTH, HEIGHT = 3.2, 1.6, 1.1


def page(titles: tuple[str, str], letters: str) -> bytes:
    """A chip from the top, the side and the end under the first title, `letters` at its sides, and two lands under the second."""
    sketch = Sketch(20.0, (110.0, 600.0))
    for x, words in zip((100, 480), titles, strict=True):
        sketch.text(x, 680, words, 9)
    sketch.rect(0, 0, LENGTH, WIDTH)
    sketch.across(-LENGTH / 2, LENGTH / 2, 1.8, letters[0])
    sketch.rect(6.5, 0, LENGTH, HEIGHT)
    sketch.along(-HEIGHT / 2, HEIGHT / 2, 4.2, letters[2])
    sketch.rect(11.5, 0, WIDTH, HEIGHT)
    sketch.across(11.5 - WIDTH / 2, 11.5 + WIDTH / 2, 1.8, letters[1])
    for x in (17.0, 20.0):
        sketch.rect(x, 0, 1.0, 1.4)
    sketch.across(16.5, 20.5, 1.8, "Z")
    rows = [
        ("Series", *"ABCZ"),
        ("3216", "3.2±0.2", "1.6±0.2", "1.1±0.2", "4.0"),
        ("2012", "2.0±0.2", "1.2±0.2", "0.9±0.2", "3.0"),
    ]
    for i, cells in enumerate(rows):
        for x, cell in zip((80, 180, 280, 380, 480), cells, strict=True):
            sketch.text(x, 460 - 16 * i, cell)
    sketch.text(300, 120, "DIMENSIONS IN MM")
    return sketch.pdf()


def sides(titles: tuple[str, str], letters: str) -> list[tuple[float | None, ...]]:
    body = extract([page(titles, letters)], ReadingRequest("3216")).body
    return [(v.min, v.nom, v.max) for v in (body.length, body.width, body.height)]


def test_letters_that_stand_on_views_side_by_side_are_those_of_the_body() -> None:
    found = sides(("Product Dimensions", "Recommended Land Pattern"), "ABC")
    assert found == [(3.0, 3.2, 3.4), (1.4, 1.6, 1.8), (0.9, 1.1, 1.3)]


@pytest.mark.parametrize(
    "titles", [("Recommended Land Pattern", "Product Dimensions"), ("Carrier Tape", "Product Dimensions")]
)
def test_letters_of_lands_and_tapes_are_not(titles: tuple[str, str]) -> None:
    assert sides(titles, "ABC")[2] == (None, None, None)
