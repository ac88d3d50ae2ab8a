"""A chain of dimensions whose inner arrow heads are not found is parted at the extension lines between its numbers."""

from __future__ import annotations

import numpy as np
import pytest

from worker.datasheet.drawing.dimensions import DimensionSpan
from worker.datasheet.drawing.parted_spans import parted
from worker.datasheet.geometry.grid import StrokeGrid
from worker.datasheet.geometry.primitives import Box, Sheet
from worker.datasheet.text.quantities import Quantity

CHAIN = DimensionSpan(0, 50.0, 100.0, 150.0, True)


def number(value: float, x: float, y: float = 45.0) -> Quantity:
    """A number of 8 x 5 points whose middle is at (x, y)."""
    return Quantity(value, None, None, str(value), Box(x - 4, y - 2.5, x + 4, y + 2.5), size=5.0)


def parts(numbers: list[Quantity], extensions: list[float], *others: DimensionSpan) -> list[tuple[float, float]]:
    """The ends of the spans on the chain's line, with extension lines from 5 points over it to 30 under it."""
    lines = np.array([[100.0, 50.0, 150.0, 50.0, 0.5, 0, 0]] + [[x, 45.0, x, 80.0, 0.5, 0, 0] for x in extensions])
    grid = StrokeGrid.of(Sheet(1, 300, 300, lines=lines))
    return [(s.start, s.end) for s in parted([CHAIN, *others], numbers, grid) if s.at == CHAIN.at]


def test_two_numbers_with_one_extension_line_between_them_are_of_two_dimensions() -> None:
    assert parts([number(1.2, 110), number(1.8, 135)], [100, 120, 150]) == [(100, 120), (120, 150)]


@pytest.mark.parametrize("extensions", [[100, 150], [100, 117, 124, 150], [100, 112, 150]])
def test_a_chain_without_a_place_to_part_it_stays_whole(extensions: list[float]) -> None:
    assert parts([number(1.2, 110), number(1.8, 135)], extensions) == [(100, 150)]


def test_a_number_off_the_middle_of_its_part_is_of_no_chain() -> None:
    assert parts([number(1.2, 110), number(5.0, 126)], [100, 120, 150]) == [(100, 150)]


def test_the_number_of_the_line_above_does_not_part_it() -> None:
    above = DimensionSpan(0, 38.0, 100.0, 120.0, True)
    assert parts([number(1.2, 110, 36.0), number(5.0, 125)], [100, 120, 150], above) == [(100, 150)]
