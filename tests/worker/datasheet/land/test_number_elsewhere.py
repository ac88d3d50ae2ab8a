"""A number that another dimension line is drawn with says nothing of a line between two heads that belong to others."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest

PITCH, PADS = 0.8, 11


def module() -> Sketch:
    """Two columns of pads; beside them a size and a step whose heads leave a line between them, then the part's length."""
    sketch = Sketch(scale=14.0, at=(300, 450))
    sketch.text(300, 600, "Recommended PCB land pattern (mm)", 10)
    low = -PITCH * (PADS - 1) / 2
    for i in range(PADS):
        for x in (-5.0, 5.0):
            sketch.rect(x, low + PITCH * i, 0.8, 0.4)
    sketch.rect(0.0, 0.0, 12.0, 11.0)
    sketch.across(-5.0, 5.0, 7.5, "10.0")
    sketch.across(-5.4, -4.6, -7.0, "0.8")
    sketch.along(low - 0.2, low + 0.2, 8.0, "0.4")
    sketch.along(-low - PITCH, -low, 8.0, "0.8")
    sketch.along(low, low + 2 * PITCH, -7.5, "1.6")
    sketch.along(-5.5, 5.5, 8.9, "")
    sketch.text(*sketch.point(8.45, 0.3), "11.0")
    return sketch


def test_a_line_between_two_dimensions_takes_no_number_from_the_line_beside_it() -> None:
    land = extract([module().pdf()], ReadingRequest("module")).land_pattern
    assert land is not None
    column = sorted(p.y for p in land.pads if p.x < 0)
    assert column == pytest.approx([PITCH * (i - (PADS - 1) / 2) for i in range(PADS)], abs=0.01)
