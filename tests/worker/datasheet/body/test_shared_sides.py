"""Sides of a body whose number stands at another view of it."""

from __future__ import annotations

import pytest

from db.documents.kinds.datasheet import Body
from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest


def read(sketch: Sketch, package: str | None = None) -> Body:
    return extract([sketch.pdf()], ReadingRequest(package)).body


@pytest.mark.parametrize("end", [(4.4, "4.40±0.10", 4.4), (3.0, "3.00±0.10", None)])
def test_the_width_of_a_part_with_leads_stands_at_its_end_view(end: tuple[float, str, float | None]) -> None:
    """The top view is measured along one side and over the leads; a view of no side of it gives none."""
    wide, number, width = end
    sketch = Sketch(12.0, (380.0, 500.0))
    sketch.text(300, 700, "PACKAGE OUTLINE", 12)
    sketch.rect(0, 0, 9.7, 4.4)
    for lead in range(7):
        for side in (-2.7, 2.7):
            sketch.rect(-3.9 + 1.3 * lead, side, 0.3, 1.0)
    sketch.across(-4.85, 4.85, -5.0, "9.70±0.10")
    sketch.along(-3.2, 3.2, 7.0, "6.40 BSC")
    sketch.rect(-15, 8, wide, 1.0)
    sketch.across(-15 - wide / 2, -15 + wide / 2, 6.0, number)
    body = read(sketch)
    assert body.width.nom == width


def test_one_number_measures_both_sides_of_a_square() -> None:
    sketch = Sketch(20.0, (200.0, 500.0))
    sketch.text(300, 700, "PACKAGE OUTLINE", 12)
    sketch.rect(0, 0, 5.0, 5.0)
    sketch.across(-2.5, 2.5, -3.5, "5.00±0.10")
    sketch.rect(9, 0, 5.0, 5.0)
    sketch.rect(9, 0, 3.4, 3.4)
    sketch.across(7.3, 10.7, 3.5, "3.40±0.10")
    sketch.along(-1.7, 1.7, 12.5, "3.40±0.10")
    body = read(sketch)
    assert [(v.min, v.nom, v.max) for v in (body.length, body.width)] == [(4.9, 5.0, 5.1)] * 2


def test_a_figure_that_begins_left_of_its_heading_is_whole() -> None:
    """Over it stand the heading of the chapter and a circuit, further left; only one heading names a package."""
    sketch = Sketch(20.0, (420.0, 400.0))
    for x, y, words, size in (
        (130, 750, "TYPICAL APPLICATION", 12),
        (130, 560, "PACKAGE", 12),
        (370, 540, "SSOP-24", 14),
    ):
        sketch.text(x, y, words, size)
    sketch.at = (200.0, 660.0)
    sketch.rect(0, 0, 5.0, 4.0)
    sketch.across(-2.5, 2.5, -2.6, "50.0")
    sketch.along(-2.0, 2.0, -3.4, "40.0")
    sketch.along(-2.0, 2.0, 3.4, "40.0")
    sketch.at = (420.0, 440.0)
    sketch.rect(0, 0, 8.2, 5.0)
    sketch.across(-4.1, 4.1, -3.2, "8.20±0.10")
    sketch.rect(0, 6, 8.2, 2.0)
    sketch.along(5, 7, 5.5, "2.00±0.10")
    sketch.rect(-15, 6, 5.0, 2.0)
    sketch.across(-17.5, -12.5, 4.4, "5.00±0.10")
    body = read(sketch, "SSOP-24")
    assert (body.length.nom, body.width.nom, body.height.nom) == (8.2, 5.0, 2.0)
