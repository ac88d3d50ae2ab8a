"""Two lands that a hand drew a little unlike, also with a field between them: one printed size is that of both."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.hypotheses.test_repeated import read
from tests.worker.datasheet.sketch import Sketch


def crystal(between: bool, unlike: float = 0.02) -> Sketch:
    """Lands of 0.7 x 1.4 mm at a step of 1.5, the left one drawn lower than its number; between them a field that touches."""
    sketch = Sketch(scale=40.0, at=(300, 450))
    sketch.text(300, 600, "Footprint (Recommended)", 11)
    sketch.rect(-0.75, 0.0, 0.7, 1.4 * (1 - unlike))
    sketch.rect(0.75, 0.0, 0.7, 1.4)
    if between:
        sketch.rect(0.0, 0.0, 0.76, 1.39)
    sketch.across(0.4, 1.1, -1.4, "0.7")
    sketch.across(-0.75, 0.75, 1.5, "1.5")
    sketch.along(-0.7, 0.7, 1.9, "1.4")
    return sketch


@pytest.mark.parametrize("between", [True, False])
def test_both_lands_have_the_printed_size(between: bool) -> None:
    land = read(crystal(between), None).land_pattern
    assert land is not None
    assert sorted((p.x, p.y, p.w, p.h) for p in land.pads) == [(-0.75, 0.0, 0.7, 1.4), (0.75, 0.0, 0.7, 1.4)]


def test_a_land_drawn_clearly_lower_has_no_size_of_the_other() -> None:
    land = read(crystal(between=False, unlike=0.3), None).land_pattern
    assert land is not None
    assert [p.h for p in land.pads].count(1.4) == 1
