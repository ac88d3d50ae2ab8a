"""A circle or a square drawn before a number is its sign: a diameter, and never a pad."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.hypotheses.test_repeated import read
from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.drawing import drawing
from worker.datasheet.page import pages
from worker.datasheet.segmentation.candidates import candidates


def balls(sign: bool) -> Sketch:
    """Six balls of 0.225 mm at a step of 0.5; a leader names their diameter, whose sign is a drawn circle."""
    sketch = Sketch(scale=110.0, at=(300, 450))
    sketch.text(300, 700, "LAND PATTERN EXAMPLE", 11)
    for x in (-0.25, 0.25):
        for y in (-0.5, 0.0, 0.5):
            sketch.circle(x, y, 0.225)
    sketch.across(-0.25, 0.25, -0.9, "(0.5) TYP")
    sketch.along(-0.5, 0.0, -0.7, "(0.5) TYP")
    sketch.text(186, 520, "0.225)", 8)
    if sign:
        sketch.canvas.circle(170.5, 520, 2.9)
        sketch.canvas.line(168.6, 517, 172.4, 523)
    sketch.text(157, 520, "6X (", 8)
    sketch.canvas.line(200, 520, 226, 520)
    sketch.canvas.line(226, 520, 264, 510)
    return sketch


@pytest.mark.parametrize(("sign", "size"), [(True, 0.225), (False, None)])
def test_a_number_with_a_drawn_circle_before_it_is_a_diameter(sign: bool, size: float | None) -> None:
    land = read(balls(sign), None).land_pattern
    assert land is not None
    assert len(land.pads) == 6
    assert {p.w for p in land.pads} == {size}


def test_a_square_before_a_number_is_no_pad() -> None:
    sketch = Sketch(scale=40.0, at=(300, 450))
    sketch.text(300, 700, "LAND PATTERN EXAMPLE", 11)
    for x in (-1.5, 1.5):
        for y in (-0.5, 0.5):
            sketch.rect(x, y, 0.6, 0.4)
    sketch.across(-1.5, 1.5, -1.6, "3.00")
    sketch.across(1.2, 1.8, 1.4, "0.60")
    sketch.along(-0.5, 0.5, 2.4, "1.00")
    sketch.along(0.3, 0.7, -2.4, "0.40")
    sketch.canvas.rect(287, 500, 5, 5)
    sketch.text(300, 502.5, "1.2)", 8)
    book = pages.open_book([sketch.pdf()])
    page = drawing.interpret(pages.read_sheet(book, 1), "auto", None)
    book.close()
    assert len(candidates(page)) == 4
