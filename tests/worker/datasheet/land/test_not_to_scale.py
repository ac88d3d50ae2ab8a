"""A figure whose lengths are drawn as they came: each number is that of the line it stands at, whatever the scale says."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.hypotheses.test_repeated import read
from tests.worker.datasheet.sketch import Sketch


def chains() -> Sketch:
    """Four lands drawn 1.2 x 1.2, 3.0 apart along x and 1.5 along y; the numbers along y say something else."""
    sketch = Sketch(scale=30.0, at=(300, 450))
    sketch.text(300, 650, "Recommended Land Pattern", 11)
    for x in (-2.1, 2.1):
        for y in (-1.35, 1.35):
            sketch.rect(x, y, 1.2, 1.2)
    sketch.across(-2.7, -1.5, 2.6, "1.3")
    sketch.across(-1.5, 1.5, 2.6, "3.0")
    sketch.along(-1.95, -0.75, -3.6, "1.9")
    sketch.along(-0.75, 0.75, 3.6, "1.2")
    return sketch


def test_the_number_at_a_line_is_its_own_though_the_scale_fits_another_one() -> None:
    land = read(chains(), None).land_pattern
    assert land is not None
    for pad in land.pads:
        assert (pad.w, pad.h, abs(pad.x), abs(pad.y)) == pytest.approx((1.3, 1.9, 2.15, 1.55), abs=0.001)
    assert max(p.confidence for p in land.pads) < 0.9


def square() -> Sketch:
    """Five pads on each of four sides, dimensioned along y alone, around an exposed pad that is drawn too narrow."""
    sketch = Sketch(scale=30.0, at=(300, 450))
    sketch.text(300, 650, "Recommended Land Pattern", 11)
    for at in (-1.2, -0.6, 0.0, 0.6, 1.2):
        for side in (-2.0, 2.0):
            sketch.rect(side, at, 0.8, 0.3)
            sketch.rect(at, side, 0.3, 0.8)
    sketch.rect(0, 0, 1.6, 2.0)
    sketch.along(-2.4, 2.4, -4.4, "4.80")
    sketch.along(-1.6, 1.6, -3.0, "3.20")
    sketch.along(-1.0, 1.0, 3.4, "2.00")
    sketch.across(-0.8, 0.8, -3.2, "2.00")
    sketch.along(0.0, 0.6, 4.4, "0.60")
    return sketch


def test_a_square_pattern_is_as_wide_as_it_is_tall() -> None:
    land = read(square(), None).land_pattern
    assert land is not None
    own = sorted((round(p.x, 3), round(p.y, 3)) for p in land.pads if p.role != "thermal")
    truth = [(s * 2.0, at) for s in (-1, 1) for at in (-1.2, -0.6, 0.0, 0.6, 1.2)]
    assert own == sorted(truth + [(y, x) for x, y in truth])
