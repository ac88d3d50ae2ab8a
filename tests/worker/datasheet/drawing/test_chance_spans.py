"""Gaps between the dimensions of two figures on one level: with no number of their own they measure nothing."""

from __future__ import annotations

import numpy as np
import pytest

from worker.datasheet.drawing.chance_spans import without
from worker.datasheet.drawing.dimensions import DimensionReading, DimensionSpan
from worker.datasheet.geometry.grid import StrokeGrid
from worker.datasheet.geometry.primitives import Box, Sheet
from worker.datasheet.text.quantities import Quantity


def number(printed: str) -> Quantity:
    return Quantity(float(printed), None, None, printed, Box(0, 0, 10, 5))


LEFT, GAP, RIGHT = (
    DimensionSpan(0, 100.0, start, end, inside) for start, end, inside in ((10, 60, True), (60, 200, False), (200, 250, True))
)  # fmt: skip
OWN = [DimensionReading(LEFT, number("2.4"), 0.4), DimensionReading(RIGHT, number("2.2"), 0.4)]

BLANK = StrokeGrid.of(Sheet(1, 300, 300))


@pytest.mark.parametrize(("cost", "kept"), [(0.4, True), (0.9, False)])
def test_a_gap_is_a_dimension_where_a_number_stands_at_it_as_those_beside_it_do(cost: float, kept: bool) -> None:
    spans, readings = without([LEFT, GAP, RIGHT], [*OWN, DimensionReading(GAP, number("5.0"), cost)], BLANK)
    assert (GAP in spans) is kept
    assert len(readings) == 2 + kept


def test_the_numbers_beside_a_gap_are_not_its_own() -> None:
    far = [DimensionReading(GAP, r.quantity, 1.2) for r in OWN]
    assert without([LEFT, GAP, RIGHT], [*OWN, *far], BLANK) == ([LEFT, RIGHT], OWN)


def test_arrows_outside_of_a_lone_dimension_are_kept() -> None:
    assert without([LEFT, GAP], OWN[:1], BLANK) == ([LEFT, GAP], OWN[:1])


def test_a_gap_in_a_line_that_goes_on_is_a_part_of_it() -> None:
    sheet = Sheet(1, 300, 300, lines=np.array([[10.0, 100.0, 250.0, 100.0, 0.5, 0.0, 0.0]]))
    assert without([LEFT, GAP, RIGHT], OWN, StrokeGrid.of(sheet))[0] == [LEFT, GAP, RIGHT]


def test_a_gap_far_off_the_scale_of_its_neighbours_measures_nothing() -> None:
    """The numbers of two figures stand in the gap between them, nearer to it than to their own short lines."""
    far = DimensionSpan(0, 100.0, 60, 900, False)
    after = DimensionSpan(0, 100.0, 900, 950, True)
    own = [DimensionReading(LEFT, OWN[0].quantity, 0.7), DimensionReading(after, OWN[1].quantity, 0.7)]
    near = [DimensionReading(far, r.quantity, 0.2) for r in own]
    assert without([LEFT, far, after], [*own, *near], BLANK) == ([LEFT, after], own)
