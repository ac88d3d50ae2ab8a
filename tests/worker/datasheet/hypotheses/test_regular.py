"""Rows that were drawn a little off, numbers of staggered rows and of divided exposed pads."""

from __future__ import annotations

import numpy as np
import pytest

from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.hypotheses.regular import regular
from worker.datasheet.land.numbering import thermal_parts
from worker.datasheet.land.orders import zigzag
from worker.datasheet.land.patterns import Pattern


def pad(x: float, y: float, w: float = 6.0, h: float = 12.0) -> Shape:
    return Shape(Box(x - w / 2, y - h / 2, x + w / 2, y + h / 2), "rect")


def test_a_row_drawn_a_little_off_is_regular() -> None:
    off = (0.0, 0.9, -0.8, 0.7, -0.9, 0.0)
    found = regular(Pattern([pad(100 + 10 * i + d, 50) for i, d in enumerate(off)]))
    assert found is not None
    assert np.ptp(np.diff([p.box.cx for p in found.pads])) < 1e-6


def test_a_row_with_a_gap_stays_as_it_is() -> None:
    assert regular(Pattern([pad(100 + 10 * i, 50) for i in (0, 1, 2, 4, 5, 6)])) is None


def test_staggered_rows_are_numbered_in_turn() -> None:
    pads = [pad(100 + 10 * i, 50 + 30 * (i % 2), 6, 6) for i in range(8)]
    assert zigzag(pads)[0] == list(range(8))
    assert zigzag([pad(100 + 10 * i, 50 + 30 * j) for i in range(4) for j in range(2)]) == []


@pytest.mark.parametrize("inside", [True, False])
def test_the_squares_of_a_divided_exposed_pad_belong_together(inside: bool) -> None:
    ring = [pad(x, 100 + 12 * i, 14, 8) for x in (100, 200) for i in range(6)]
    squares = [pad(140 + 10 * i + (0 if inside else 200), 120 + 10 * j, 8, 8) for i in range(3) for j in range(3)]
    assert thermal_parts([*ring, *squares]) == (set(range(12, 21)) if inside else set())
