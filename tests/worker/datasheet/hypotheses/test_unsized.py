"""The silk screen of a part between its pads: the one shape whose size no dimension gives is no pad."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.hypotheses.test_repeated import read
from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.drawing.drawing import interpret
from worker.datasheet.hypotheses.rank import rank
from worker.datasheet.land.pads import solve
from worker.datasheet.land.patterns import Pattern
from worker.datasheet.page import pages


def five(middle: str | None, high: bool) -> Sketch:
    sketch = Sketch(scale=40.0, at=(300, 450))
    sketch.text(300, 700, "RECOMMENDED LAND PATTERN (mm)", 11)
    for x, y in ((-0.95, 1.4), (0.0, 1.4), (0.95, 1.4), (-0.95, -1.4), (0.95, -1.4)):
        sketch.rect(x, y, 0.6, 1.1)
    sketch.rect(0, 0, 2.6, 1.3)
    sketch.across(-0.95, 0.0, 2.6, "0.95")
    sketch.across(-1.25, -0.65, -2.6, "0.60")
    sketch.along(-1.95, 1.95, -2.2, "3.90")
    sketch.along(0.85, 1.95, 2.2, "1.10")
    sketch.along(-1.4, 1.4, 2.9, "2.80")
    if middle is not None:
        sketch.across(-1.3, 1.3, 3.3, middle)
    if high:
        sketch.along(-0.65, 0.65, -3.2, "1.30")
    return sketch


@pytest.mark.parametrize(("middle", "high", "pads"), [(None, False, 5), ("2.60", True, 6), ("2.60", False, 6)])
def test_a_shape_without_a_size_between_pads_that_have_theirs_is_the_part(
    middle: str | None, high: bool, pads: int
) -> None:
    land = read(five(middle, high), None).land_pattern
    assert land is not None
    assert len(land.pads) == pads


@pytest.mark.parametrize(("width", "less"), [(2.0, False), (3.4, True)])
def test_two_shapes_of_two_sizes_are_likelier_views_than_lands(width: float, less: bool) -> None:
    sketch = Sketch(scale=18.0, at=(300, 560))
    for y, w in ((-3.0, 2.0), (3.0, width)):
        sketch.rect(0, y, w, 3.0)
    sketch.across(-1.0, 1.0, -5.5, "2.00")
    sketch.along(-4.5, 4.5, 4.0, "9.00")
    book = pages.open_book([sketch.pdf()])
    drawn = interpret(pages.read_sheet(book, 1))
    book.close()
    solved = solve(Pattern(drawn.shapes), drawn)
    assert solved is not None
    assert (rank(solved, None, None) < solved.score - 2.0) is less
