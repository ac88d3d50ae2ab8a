"""Orders of pin numbers that do not run around the part: row by row, and as the outline shows them."""

from __future__ import annotations

from tests.worker.datasheet.land.test_binding import land_page
from tests.worker.datasheet.sketch import Sketch
from tests.worker.datasheet.test_extract import read_pads
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.extract import ReadingRequest, extract
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.land.orders import grid_orders
from worker.datasheet.land.outline_labels import Label, matched


def _grid(corners: dict[tuple[int, int], str]) -> Sketch:
    """Two rows of four holes, 2.5 mm apart, with numbers beside some of them by column and row."""
    sketch = land_page(10)
    for column in range(4):
        for row in range(2):
            x, y = 2.5 * column, 2.5 * row
            sketch.circle(x, y, 1.0)
            if (column, row) in corners:
                sketch.text(*sketch.point(x, y + (1.1 if row else -1.1)), corners[column, row], 6)
    sketch.across(2.5, 5.0, -4.0, "2.50")
    sketch.along(0, 2.5, 12.0, "2.50")
    sketch.text(200, 560, "8X Ø1.00")
    return sketch


def _numbers(sketch: Sketch) -> list[str]:
    pads = read_pads(extract([sketch.pdf()], ReadingRequest()))
    return [str(p["number"]) for p in sorted(pads, key=lambda p: (round(float(str(p["y"])), 2), float(str(p["x"]))))]


def test_printed_corners_tell_that_both_rows_run_the_same_way() -> None:
    printed = {(0, 0): "8", (3, 0): "5", (0, 1): "4", (3, 1): "1"}
    assert _numbers(_grid(printed)) == ["8", "7", "6", "5", "4", "3", "2", "1"]


def test_printed_corners_tell_that_the_numbers_run_around() -> None:
    printed = {(0, 0): "8", (3, 0): "5", (0, 1): "1", (3, 1): "4"}
    assert _numbers(_grid(printed)) == ["8", "7", "6", "5", "1", "2", "3", "4"]


def _four() -> list[Shape]:
    return [Shape(Box(x, y, x + 10, y + 6), "rect") for x in (0, 50) for y in (0, 30)]


def test_numbers_around_the_outline_need_not_run_around_it() -> None:
    labels = [Label(n, x, y) for n, x, y in ((1, -1.2, -0.7), (2, 1.2, -0.7), (3, -1.2, 0.7), (4, 1.2, 0.7))]
    assert matched(_four(), labels) == [1, 3, 2, 4]
    assert matched(_four(), labels[:3]) is None


def test_a_pattern_that_is_no_full_grid_has_no_order_by_rows() -> None:
    assert len(grid_orders(_four())) == 8
    assert grid_orders(_four()[:3]) == []
