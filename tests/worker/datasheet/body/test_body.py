"""The body where a table's letters say less than the edges they stand at."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest


def test_letters_at_the_edges_of_the_body_win_over_what_letters_usually_mean() -> None:
    """Connectors: A spans the contacts, B and C the housing."""
    sketch = Sketch(12.0, (250.0, 600.0))
    sketch.text(300, 760, "PACKAGE OUTLINE", 12)
    sketch.rect(0, 0, 11.7, 7.2)
    sketch.across(-5.85, 5.85, -5.0, "B")
    sketch.along(-3.6, 3.6, 7.5, "C")
    for x in (-2.25, -0.75, 0.75, 2.25):
        sketch.rect(x, 0, 0.5, 2.0)
    sketch.across(-2.25, 2.25, 5.0, "A")
    sketch.rect(0, 14, 11.7, 5.4)
    sketch.along(11.3, 16.7, 7.5, "H")
    rows = (
        ("SYMBOL", "MIN", "NOM", "MAX"),
        *((s, "-", v, "-") for s, v in zip("ABCH", ("4.50", "11.70", "7.20", "5.40"), strict=True)),
    )
    for row, cells in enumerate(rows):
        for x, cell in zip((200, 280, 340, 400), cells, strict=True):
            sketch.text(x, 300 - 14 * row, cell)
    sketch.text(300, 100, "ALL DIMENSIONS ARE IN MILLIMETERS")
    body = extract([sketch.pdf()], ReadingRequest()).body
    assert (body.length.nom, body.width.nom, body.height.nom) == (11.7, 7.2, 5.4)


def test_sides_that_run_on_to_their_dimension_lines_are_sides() -> None:
    """Each side of the body and its extension line are one stroke; the lid within has sides of its own."""
    sketch = Sketch(34.0, (300.0, 500.0))
    sketch.text(300, 700, "PACKAGE OUTLINE", 12)
    for side in (-1.5, 1.5):
        sketch.canvas.line(*sketch.point(side, -2.3), *sketch.point(side, 1.5))
        sketch.canvas.line(*sketch.point(-2.4, side), *sketch.point(1.5, side))
    sketch.across(-1.5, 1.5, -2.2, "3.00±0.05")
    sketch.along(-1.5, 1.5, -2.3, "3.00±0.05")
    sketch.rect(0, 0, 2.8, 2.4)
    sketch.across(-1.4, 1.4, 2.2, "(2.80)")
    sketch.along(-1.2, 1.2, 2.3, "2.40")
    body = extract([sketch.pdf()], ReadingRequest()).body
    assert [(v.min, v.nom, v.max) for v in (body.length, body.width)] == [(2.95, 3.0, 3.05)] * 2


@pytest.mark.parametrize(("printed", "found"), [("4.00", (4.0, 3.0)), ("4.70", (None, None))])
def test_a_number_under_a_closed_shape_that_fits_its_scale_is_its_side(
    printed: str, found: tuple[float | None, ...]
) -> None:
    """No dimension line is recognised; a number that does not fit is that of something else."""
    sketch = Sketch(30.0, (300.0, 500.0))
    sketch.text(300, 700, "PACKAGE OUTLINE", 12)
    sketch.rect(0, 0, 4.0, 3.0)
    sketch.along(-1.5, 1.5, 3.0, "3.00")
    sketch.text(300, 435, printed)
    sketch.rect(0, 5.0, 4.0, 0.9)
    sketch.along(4.55, 5.45, 3.0, "0.90")
    sketch.text(300, 100, "ALL DIMENSIONS ARE IN MILLIMETERS")
    body = extract([sketch.pdf()], ReadingRequest()).body
    assert (body.length.nom, body.width.nom) == found
