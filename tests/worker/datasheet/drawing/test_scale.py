"""The scale of a drawing: whatever numbers stand at its dimension lines, it is a positive one that most agree with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from worker.datasheet.drawing import scale
from worker.datasheet.drawing.dimensions import DimensionReading, DimensionSpan, readings_of
from worker.datasheet.geometry.grid import StrokeGrid
from worker.datasheet.geometry.primitives import Box, Sheet
from worker.datasheet.text.quantities import Quantity

GRID = StrokeGrid.of(Sheet(1, 600, 800))
PLACES = st.tuples(
    st.integers(0, 1), st.integers(50, 500), st.integers(1, 300), st.sampled_from([0.0, 0.05, 1.0, 2.0, 2.54])
)


def read_at(places: list[tuple[int, int, int, float]]) -> list[DimensionReading]:
    """A number, perhaps zero, at the middle of each span."""
    spans = [DimensionSpan(axis, float(at), 100.0, 100.0 + long, True) for axis, at, long, _ in places]
    middles = [s.point((s.start + s.end) / 2) for s in spans]
    boxes = [Box(x, y, x + 8, y + 8) for x, y in middles]
    quantities = [Quantity(None, low, None, "", box) for box, (*_, low) in zip(boxes, places, strict=True)]
    return readings_of(spans, GRID, quantities)


@given(st.lists(PLACES, max_size=6))
def test_no_number_breaks_the_scale(places: list[tuple[int, int, int, float]]) -> None:
    readings = read_at(places)
    found = scale.solve(readings)
    if found is None:
        assert all(low == 0 for *_, low in places)
        return
    assert min(found.x, found.y) > 0
    assert all(scale.misfit(r, found) >= 0 for r in readings)
    assert len({id(r.span) for r in scale.assign(readings, found)}) == len(scale.assign(readings, found))


def test_the_scale_is_what_most_numbers_agree_with() -> None:
    found = scale.solve(read_at([(0, 60, 100, 2.0), (1, 160, 50, 1.0), (0, 360, 127, 2.54), (0, 460, 99, 0.05)]))
    assert found is not None
    assert abs(found.x - 50) < 1


def test_no_drawing_is_stretched_by_two() -> None:
    """A number that halves one axis was read at the wrong span; the other axis, which several agree on, counts for both."""
    found = scale.solve(read_at([(0, 100, 100, 5.0), (0, 300, 60, 3.0), (1, 500, 100, 10.0)]))
    assert found is not None
    assert (found.x, found.y) == (20.0, 20.0)
