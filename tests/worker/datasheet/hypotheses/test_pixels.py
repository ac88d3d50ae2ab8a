"""Pads of a scan that are meant to be equal, and a ring that marks the first pin."""

from __future__ import annotations

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.extract import ReadingRequest, extract
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.hypotheses.pixels import evened


def test_a_pad_that_a_line_touches_has_the_size_of_its_row() -> None:
    row = [Shape(Box(10 * k, 100, 10 * k + 7.75, 118.75), "rect", filled=True) for k in range(5)]
    row[4] = Shape(Box(40, 99.2, 47.75, 118.75), "oval", filled=True)
    aside = Shape(Box(60, 100, 66, 118), "rect", filled=True)
    found = evened([*row, aside])
    assert [(s.box.width, s.box.height, s.kind) for s in found] == [(7.75, 18.75, "rect")] * 5 + [(6, 18, "rect")]


def test_a_ring_amid_the_pads_to_which_no_number_runs_is_a_mark() -> None:
    sketch = Sketch(scale=24.0)
    sketch.text(300, 640, "Recommended layout, mm", 9)
    for k in range(5):
        for side in (-1, 1):
            sketch.rect(side * 3.0, 1.0 * (k - 2), 1.2, 0.6)
            sketch.rect(1.0 * (k - 2), side * 3.0, 0.6, 1.2)
    sketch.circle(-1.6, -1.6, 0.5)
    sketch.across(-3.0, 3.0, -4.6, "6.00")
    sketch.along(-3.0, 3.0, 4.6, "6.00")
    sketch.across(1.0, 2.0, 4.4, "1.00")
    sketch.across(-2.3, -1.7, 4.4, "0.60")
    sketch.along(2.4, 3.6, -4.2, "1.20")
    land = extract([sketch.pdf()], ReadingRequest()).land_pattern
    assert land is not None
    assert len(land.pads) == 20
