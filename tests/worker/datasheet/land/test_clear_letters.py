"""Letters beside their dimension lines in one drawing for parts of many sizes, which is to no one's scale."""

from __future__ import annotations

from worker.datasheet.drawing import scale
from worker.datasheet.drawing.dimensions import DimensionReading, DimensionSpan
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.text.quantities import Quantity


def letter(name: str, value: float) -> Quantity:
    return Quantity(value, None, None, f"{name} {value}", Box(0, 0, 4, 4), symbol=name)


ACROSS = DimensionReading(DimensionSpan(0, 60, 0, 22.7, True), letter("X", 1.6), 0.6)
FIRST, GAP, LAST = (DimensionSpan(1, 93, start, end, True) for start, end in ((0, 27), (27, 38), (38, 65)))
UPPER, BETWEEN, LOWER = letter("Y", 3.5), letter("a", 1.9), letter("Y", 3.5)  # the gap's value fits a land as drawn
OWN = [DimensionReading(s, q, 1.4) for s, q in ((FIRST, UPPER), (GAP, BETWEEN), (LAST, LOWER))]


def test_a_letter_clearly_nearest_to_a_line_is_that_of_no_other() -> None:
    far = [DimensionReading(s, q, 2.0) for s, q in ((FIRST, BETWEEN), (LAST, BETWEEN), (GAP, UPPER), (GAP, LOWER))]
    assert scale.without_rivals([ACROSS, *OWN, *far]) == [ACROSS, *OWN]


def test_a_letter_about_as_near_to_another_line_excludes_none() -> None:
    near = [DimensionReading(LAST, BETWEEN, 1.6)]
    assert scale.without_rivals([*OWN[1:], *near]) == [*OWN[1:], *near]


def test_letters_without_another_choice_are_kept_off_the_scale() -> None:
    readings = [ACROSS, *OWN]
    found = scale.solve(readings)
    assert found is not None
    assert {r.quantity.symbol for r in scale.assign(readings, found)} == {"X", "Y", "a"}
