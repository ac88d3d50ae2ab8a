"""Orders of pin numbers that do not run around the part: row by row, and as the outline shows them."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.land.test_binding import land_page
from tests.worker.datasheet.sketch import Sketch
from tests.worker.datasheet.test_extract import read_pads
from worker.datasheet.drawing.drawing import interpret
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.extract import ReadingRequest, extract
from worker.datasheet.geometry.primitives import Box, Sheet, Word
from worker.datasheet.land.numbering import number, printed_near
from worker.datasheet.land.orders import grid_orders
from worker.datasheet.land.outline_labels import Label, LabeledView, matched, outline_labels
from worker.datasheet.page import pages


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


def _module(columns: int, rows: int) -> list[Shape]:
    """Pads on four sides, 8 points apart, the first at the upper left going down, and larger ones in the corners last."""
    w, h = 8.0 * columns + 6, 8.0 * rows + 6
    left = [(0.0, 7.0 + 8 * i, 8.0, 4.0) for i in range(rows)]
    low = [(7.0 + 8 * i, h, 4.0, 8.0) for i in range(columns)]
    right = [(w, h - 3 - 8 * i, 8.0, 4.0) for i in range(rows)]
    top = [(w - 3 - 8 * i, 0.0, 4.0, 8.0) for i in range(columns)]
    corners = [(x, y, 7.0, 7.0) for x, y in ((0, 0), (0, h + 1), (w + 1, h + 1), (w + 1, 0))]
    return [Shape(Box(x, y, x + a, y + b), "rect") for x, y, a, b in (*left, *low, *right, *top, *corners)]


def test_pads_in_the_corners_of_a_module_follow_after_those_on_its_sides() -> None:
    """More pads in the rows than in the columns do not move the first one away from the upper left."""
    pads = _module(columns=7, rows=5)
    numbers = number(pads, interpret(Sheet(1, 600.0, 800.0)), None)
    assert numbers.names == [str(i + 1) for i in range(len(pads))]


@pytest.mark.parametrize("turn", range(4))
def test_leads_are_numbered_from_left_to_right_under_their_tab(turn: int) -> None:
    """The tab of a part with its middle lead cut off has the number of that lead."""
    places = [(-20.0, 60.0, 10.0, 20.0), (20.0, 60.0, 10.0, 20.0), (0.0, 0.0, 60.0, 60.0)]
    for _ in range(turn):
        places = [(-y, x, h, w) for x, y, w, h in places]
    pads = [Shape(Box(x - w / 2, y - h / 2, x + w / 2, y + h / 2), "rect") for x, y, w, h in places]
    assert number(pads, interpret(Sheet(1, 600.0, 800.0)), None).names == ["1", "3", "2"]


def _outline(labels: dict[str, tuple[float, float]], w: float, h: float) -> LabeledView:
    sketch = Sketch(20.0)
    sketch.rect(0, 0, w, h)
    for words, at in labels.items():
        sketch.text(*sketch.point(*at), words, 6)
    sketch.across(-w / 2, w / 2, h / 2 + 1.5, f"{w:.1f}")
    book = pages.open_book([sketch.pdf()])
    found = outline_labels(interpret(pages.read_sheet(book, 1)), None, max(map(int, labels)))
    book.close()
    assert found is not None
    return found


def test_the_last_number_beside_the_first_one_does_not_turn_a_view_over() -> None:
    """Of a part with five pins, 1 and 5 stand at one end of the body, seen from above."""
    assert not _outline({"1": (-2.6, 0.7), "5": (-2.6, -0.7)}, 4.4, 2.0).below
    assert _outline({"1": (2.6, 0.7), "5": (2.6, -0.7)}, 4.4, 2.0).below


def test_the_long_side_of_a_body_lies_along_the_longer_side_of_its_pads() -> None:
    """A body that stands upright, with 38 pins, over pads that lie across."""
    view = _outline({"37": (-1.1, -4.3), "38": (-2.1, -4.3), "1": (-3.2, -3.1), "2": (-3.2, -2.5)}, 5.6, 8.0)
    assert not view.below
    lying = [(2.0 + 2 * i, 12.0, 1.0, 2.0) for i in range(12)] + [(26.0, 10.0 - 1.5 * i, 2.0, 1.0) for i in range(7)]
    lying += [(24.0 - 2 * i, -2.0, 1.0, 2.0) for i in range(12)] + [(0.0, 1.0 + 1.5 * i, 2.0, 1.0) for i in range(7)]
    pads = [Shape(Box(4 * x, 4 * y, 4 * (x + w), 4 * (y + h)), "rect") for x, y, w, h in lying]
    names = number(pads, interpret(Sheet(1, 600.0, 800.0)), view).names
    assert names[0] in ("1", "20")
    assert names[11] in ("12", "31")


def test_a_printed_number_goes_before_one_that_strokes_in_a_pad_look_like() -> None:
    pads = _four()
    words = [
        Word(text, Box(x, y, x + 4, y + 6), 0, confidence, 6.0)
        for text, x, y, confidence in (
            ("1", -6, 0, 1.0),
            ("2", -6, 30, 1.0),
            ("3", 63, 30, 1.0),
            ("1", 53, 0, 0.95),
            ("4", 53, 1, 0.8),
        )
    ]
    assert printed_near(pads, interpret(Sheet(1, 600.0, 800.0, words=words))) == {0: 1, 1: 2, 3: 3}


def test_four_pads_in_the_corners_lie_as_their_labels_do() -> None:
    """Four leads have no long side, however long the body between them is."""
    view = _outline({"1": (-2.4, 2.0), "2": (2.4, 2.0), "3": (2.4, -2.0), "4": (-2.4, -2.0)}, 4.0, 5.4)
    pads = [Shape(Box(x, y, x + 40, y + 20), "rect") for x in (0, 110) for y in (0, 50)]
    assert number(pads, interpret(Sheet(1, 600.0, 800.0)), view).names == ["4", "1", "3", "2"]


def test_labels_of_another_part_with_fewer_leads_number_no_pads() -> None:
    """Three leads in a row under the outline of one package, five and a tab in the land pattern of another."""
    view = _outline({"1": (-1.5, 2.6), "2": (0.0, 2.6), "3": (1.5, 2.6)}, 4.0, 4.0)
    pads = [Shape(Box(20.0 * i, 100, 20.0 * i + 8, 130), "rect") for i in range(5)] + [
        Shape(Box(10, 0, 80, 70), "rect")
    ]
    assert number(pads, interpret(Sheet(1, 600.0, 800.0)), view).names == ["1", "2", "3", "4", "5", "6"]


def test_a_corner_that_looks_like_a_one_numbers_no_pad() -> None:
    words = [Word("1", Box(41, 0, 49, 8), 0, 0.95, 8.0)]
    assert printed_near(_four(), interpret(Sheet(1, 600.0, 800.0, words=words))) == {}


@pytest.mark.parametrize(("x", "y"), [(2.6, 1.5), (0.6, 1.7)])
def test_a_switch_that_is_numbered_row_by_row_keeps_its_numbers(x: float, y: float) -> None:
    """Around its outline, or in the frame of its circuit."""
    view = _outline({"1": (-x, -y), "2": (x, -y), "3": (-x, y), "4": (x, y)}, 4.4, 4.4)
    numbers = number(_four(), interpret(Sheet(1, 600.0, 800.0)), view)
    assert numbers.names == ["1", "3", "2", "4"]
    assert not numbers.certain
