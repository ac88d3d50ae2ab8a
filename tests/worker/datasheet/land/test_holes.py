"""Pads with holes: round and oval ones, slots, and holes without copper."""

from __future__ import annotations

from tests.worker.datasheet.land.test_binding import land_page
from tests.worker.datasheet.sketch import Sketch
from tests.worker.datasheet.test_extract import read_pads
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest

Read = list[tuple[str, str, object, object, object]]


def _read(sketch: Sketch) -> Read:
    pads = read_pads(extract([sketch.pdf()], ReadingRequest()))
    return [(str(p["number"]), str(p["type"]), p["w"], p["h"], p["drill"]) for p in pads]


def _row() -> Sketch:
    """Four tall oval pads with round holes, 5 mm apart."""
    sketch = land_page(12)
    for x in (-7.5, -2.5, 2.5, 7.5):
        sketch.oval(x, 0, 1.8, 3.6)
        sketch.circle(x, 0, 1.2)
    sketch.across(-7.5, -2.5, -4.0, "3X 5.00")
    sketch.across(6.6, 8.4, 3.0, "4X 1.80")
    sketch.along(-1.8, 1.8, 14.0, "4X 3.60")
    sketch.text(200, 560, "4X Ø1.20")
    return sketch


def test_an_oval_pad_has_two_sizes_and_a_round_hole() -> None:
    assert _read(_row()) == [(str(i), "thru_hole", 1.8, 3.6, [1.2, 1.2]) for i in (1, 2, 3, 4)]


def test_a_hole_of_a_pin_drawn_small_is_read() -> None:
    sketch = land_page(6)
    for x in (-7.5, -2.5, 2.5, 7.5):
        sketch.circle(x, 0, 1.2)
        sketch.circle(x, 0, 0.5)
    sketch.across(-7.5, -2.5, -4.0, "3X 5.00")
    sketch.across(-8.1, -6.9, 6.0, "4X 1.20")
    sketch.text(200, 560, "4X Ø0.50")
    assert _read(sketch) == [(str(i), "thru_hole", 1.2, 1.2, [0.5, 0.5]) for i in (1, 2, 3, 4)]


def two_slots() -> Sketch:
    """Two plated slots; the length of the hole is not printed."""
    sketch = land_page(14)
    for x in (-3.0, 3.0):
        sketch.oval(x, 0, 1.6, 3.4)
        sketch.oval(x, 0, 1.0, 2.6)
    sketch.across(-3.0, 3.0, -4.0, "6.00")
    sketch.across(2.2, 3.8, 3.0, "2X 1.60")
    sketch.across(-3.5, -2.5, 3.0, "2X 1.00")
    sketch.along(-1.7, 1.7, 6.5, "2X 3.40")
    return sketch


def test_the_sides_of_a_slot_stand_at_dimension_lines() -> None:
    sketch = two_slots()
    sketch.along(-1.3, 1.3, -6.5, "2X 2.60")
    assert _read(sketch) == [(n, "thru_hole", 1.6, 3.4, [1.0, 2.6]) for n in ("1", "2")]


def test_a_size_of_a_slot_that_is_not_printed_is_null() -> None:
    sketch = two_slots()
    assert _read(sketch) == [(n, "thru_hole", 1.6, 3.4, None) for n in ("1", "2")]


def test_the_mask_of_an_oval_pad_is_no_slot() -> None:
    sketch = land_page(14)
    for x in (-3.0, 3.0):
        sketch.oval(x, 0, 1.6, 3.4)
        sketch.oval(x, 0, 1.5, 3.3)
    sketch.across(-3.0, 3.0, -4.0, "6.00")
    sketch.across(2.2, 3.8, 3.0, "2X 1.60")
    sketch.along(-1.7, 1.7, 6.5, "2X 3.40")
    assert _read(sketch) == [(n, "smd", 1.6, 3.4, None) for n in ("1", "2")]


def test_a_peg_hole_is_not_numbered() -> None:
    sketch = _row()
    for x in (-11.0, 11.0):
        sketch.circle(x, 0, 2.4)
    sketch.across(-11.0, 11.0, -6.0, "22.00")
    sketch.text(420, 560, "2X Ø2.40")
    pads = _read(sketch)
    assert [p for p in pads if p[1] == "thru_hole"] == [
        (str(i), "thru_hole", 1.8, 3.6, [1.2, 1.2]) for i in (1, 2, 3, 4)
    ]
    assert [p for p in pads if p[1] != "thru_hole"] == [("", "np_thru_hole", None, None, [2.4, 2.4])] * 2


def test_a_hole_in_the_middle_of_square_pads_is_no_via() -> None:
    sketch = land_page(14)
    for x in (-2.54, 0.0, 2.54):
        sketch.rect(x, 0, 1.7, 1.7)
        sketch.circle(x, 0, 0.8)
    sketch.across(-2.54, 0.0, -3.0, "2.54")
    sketch.across(1.69, 3.39, 2.5, "1.70")
    sketch.along(-0.85, 0.85, 6.0, "1.70")
    sketch.text(200, 560, "3X Ø0.80")
    assert _read(sketch) == [(n, "thru_hole", 1.7, 1.7, [0.8, 0.8]) for n in ("1", "2", "3")]


def test_a_diameter_is_that_of_the_discs_nearest_to_it() -> None:
    """One leader, two sizes of copper: the other size is not printed."""
    sketch = land_page(14)
    for x, copper in ((-4.0, 3.4), (0.0, 2.9), (4.0, 3.4)):
        sketch.circle(x, 0, copper)
        sketch.circle(x, 0, 1.2)
    sketch.across(-4.0, 0.0, -4.0, "4.00")
    sketch.text(200, 560, "Ø2.90")
    sketch.text(200, 540, "3X Ø1.20")
    assert _read(sketch) == [(str(i + 1), "thru_hole", w, w, [1.2, 1.2]) for i, w in enumerate((None, 2.9, None))]


def test_a_counted_number_at_a_hole_is_its_diameter_without_a_sign() -> None:
    sketch = land_page(14)
    for x in (-4.0, 0.0, 4.0):
        sketch.circle(x, 0, 1.0)
    sketch.across(-4.0, 0.0, -4.0, "4.00")
    sketch.across(0.0, 4.0, -4.0, "4.00")
    x, y = sketch.point(4.0, 0)
    sketch.canvas.line(x + 5, y - 5, x + 30, y - 30)
    sketch.text(x + 44, y - 30, "3X 1.02", 7)
    assert _read(sketch) == [(n, "thru_hole", None, None, [1.02, 1.02]) for n in ("1", "2", "3")]


def test_numbers_printed_in_all_pads_may_have_gaps() -> None:
    sketch = land_page(20)
    for (x, y), number in zip(((-3, -2), (-3, 0), (-3, 2), (3, 2), (3, 0), (3, -2)), (1, 3, 4, 5, 6, 8), strict=True):
        sketch.rect(x, y, 2.0, 1.0)
        sketch.text(*sketch.point(x, y), str(number))
    sketch.across(-3, 3, -3.5, "6.00")
    sketch.across(2, 4, 3.5, "6X 2.00")
    sketch.along(0, 2, 6.0, "4X 2.00")
    sketch.along(-0.5, 0.5, -6.0, "6X 1.00")
    assert [p[0] for p in _read(sketch)] == ["1", "3", "4", "5", "6", "8"]


def test_pads_in_line_that_are_drawn_equally_wide_share_the_printed_width() -> None:
    sketch = land_page(30)
    for x in (-3, 3):
        for y, h in ((-1.5, 0.7), (0.0, 0.9), (1.5, 0.7)):
            sketch.rect(x, y, 1.8, h)
    sketch.across(-3, 3, -3.0, "6.00")
    sketch.across(2.1, 3.9, 2.6, "1.80")
    sketch.along(-1.5, 1.5, -5.0, "3.00")
    sketch.along(-1.85, -1.15, 5.0, "4X 0.70")
    sketch.along(-0.45, 0.45, 5.6, "2X 0.90")
    assert {p[2:4] for p in _read(sketch)} == {(1.8, 0.7), (1.8, 0.9)}


def test_pads_without_a_number_among_printed_ones_bear_none() -> None:
    """Three pins numbered in an order of their own, and two legs that only hold the part."""
    sketch = land_page(14)
    for (x, y), text in (((-4, 0), "2"), ((0, 0), "1"), ((4, 0), "3"), ((-3, 5), ""), ((3, 5), "")):
        sketch.rect(x, y, 2.0, 1.6)
        sketch.text(*sketch.point(x, y), text)
    sketch.across(-4, 0, -3.0, "4.00")
    sketch.across(-3, 3, 8.0, "6.00")
    sketch.across(3, 5, 2.5, "5X 2.00")
    sketch.along(0, 5, -8.0, "5.00")
    sketch.along(-0.8, 0.8, 7.0, "5X 1.60")
    assert sorted(p[0] for p in _read(sketch)) == ["1", "2", "3", "MP", "MP"]


def test_an_exposed_pad_bears_the_number_printed_in_it() -> None:
    sketch = land_page(20)
    for (x, y), number in zip(((-3, -2), (-3, 0), (-3, 2), (3, 2), (3, 0), (3, -2)), (1, 3, 4, 5, 6, 8), strict=True):
        sketch.rect(x, y, 2.0, 1.0)
        sketch.text(*sketch.point(x, y), str(number))
    sketch.rect(0, 0, 2.4, 3.6)
    sketch.text(*sketch.point(0, 0), "9")
    sketch.across(-3, 3, -3.5, "6.00")
    sketch.across(2, 4, 3.5, "6X 2.00")
    sketch.along(0, 2, 6.0, "4X 2.00")
    sketch.along(-0.5, 0.5, -6.0, "6X 1.00")
    sketch.across(-1.2, 1.2, 4.2, "2.40")
    sketch.along(-1.8, 1.8, -7.5, "3.60")
    assert [p[0] for p in _read(sketch)] == ["1", "3", "4", "5", "6", "8", "9"]


def test_a_row_of_open_ovals_beside_holes_is_one_of_pads() -> None:
    sketch = land_page(20)
    for i in range(6):
        sketch.oval(i - 2.5, 0, 0.5, 1.8)
    for x in (-5.0, 5.0):
        sketch.circle(x, 0, 1.6)
        sketch.circle(x, 0, 0.9)
    sketch.across(-2.5, -1.5, -2.0, "5X 1.00")
    sketch.across(2.25, 2.75, 2.0, "6X 0.50")
    sketch.along(-0.9, 0.9, 7.0, "6X 1.80")
    sketch.across(-5.0, 5.0, -3.0, "10.00")
    for text, at in (("2X Ø1.60", 350), ("2X Ø0.90", 330)):
        sketch.text(200, at, text)
    assert [p[1] for p in _read(sketch)].count("smd") == 6
