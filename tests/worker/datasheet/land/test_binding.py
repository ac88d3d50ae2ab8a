"""Which number belongs to which dimension line, and which shapes are pads: pages that were once read wrong."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from tests.worker.datasheet.test_extract import read_pads
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.extract import extract
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.land import patterns
from worker.datasheet.request import ReadingRequest
from worker.datasheet.result import score


def land_page(scale: float = 30.0) -> Sketch:
    sketch = Sketch(scale)
    sketch.text(300, 760, "RECOMMENDED LAND PATTERN", 11)
    sketch.text(300, 60, "ALL DIMENSIONS ARE IN MILLIMETERS")
    return sketch


def pad(number: int, x: float, y: float, w: float, h: float) -> score.Pad:
    return {"number": str(number), "type": "smd", "x": x, "y": y, "w": w, "h": h}


def exact(sketch: Sketch, truth: list[score.Pad]) -> bool:
    return score.score_pads(truth, read_pads(extract([sketch.pdf()], ReadingRequest())), 0.01).exact == 1.0


def three_pads() -> Sketch:
    """Two pads under one, far apart: only the dimension between them says that they are one figure."""
    sketch = land_page(40)
    for x, y in ((-0.65, 1.4), (0.65, 1.4), (0.0, -1.4)):
        sketch.rect(x, y, 0.5, 0.6)
    sketch.across(-0.65, 0.65, 2.2, "1.30")
    sketch.across(0.4, 0.9, 1.9, "3X 0.50")
    sketch.along(-1.7, 1.7, -1.6, "3.40")
    sketch.along(1.1, 1.7, 1.4, "3X 0.60")
    return sketch


THREE = [pad(1, -0.65, 1.4, 0.5, 0.6), pad(2, 0.65, 1.4, 0.5, 0.6), pad(3, 0.0, -1.4, 0.5, 0.6)]


def test_a_dimension_binds_pads_that_stand_far_apart() -> None:
    assert exact(three_pads(), THREE)


def test_a_dot_beside_pin_one_is_no_pad() -> None:
    sketch = three_pads()
    x, y = sketch.point(-1.1, 1.4)
    sketch.canvas.circle(x, y, 2.2, fill=1)
    assert exact(sketch, THREE)


def test_parallel_dimensions_are_two_numbers_and_no_limits() -> None:
    sketch = land_page(40)
    for x in (-1.5, 1.5):
        sketch.rect(x, 0, 0.8, 1.0)
    sketch.across(-1.5, 1.5, -0.9, "(3.00)")
    sketch.across(-1.1, 1.1, -0.66, "(2.20)")
    sketch.along(-0.5, 0.5, 2.4, "2X (1.00)")
    assert exact(sketch, [pad(1, -1.5, 0, 0.8, 1.0), pad(2, 1.5, 0, 0.8, 1.0)])


def test_a_hole_smaller_than_half_its_pad_is_no_via() -> None:
    sketch = land_page(12)
    for x in (-5.08, -2.54, 0.0, 2.54, 5.08):
        sketch.circle(x, 0, 2.0)
        sketch.circle(x, 0, 0.8)
    sketch.across(-5.08, -2.54, -3.0, "2.54")
    sketch.text(460, 480, "5X Ø2.00")
    sketch.text(460, 420, "5X Ø0.80")
    pads = read_pads(extract([sketch.pdf()], ReadingRequest()))
    assert [(p["type"], p["w"], p["drill"]) for p in pads] == [("thru_hole", 2.0, [0.8, 0.8])] * 5


def test_vias_keep_their_place_in_the_pad_and_the_drill_printed_for_them() -> None:
    """Also where the drawing is not to scale: the pads stand 6.0 mm apart, drawn as 5.4."""
    sketch = land_page(40)
    for x in (-2.7, 2.7):
        sketch.rect(x, 0, 0.8, 1.0)
    sketch.rect(0.4, 0, 2.0, 2.0)
    for x in (0.0, 0.8):
        sketch.circle(x, 0, 0.3)
    sketch.across(-2.7, 2.7, -1.4, "(6.00)")
    sketch.across(-2.3, -0.6, -1.2, "1.90")
    sketch.along(-0.5, 0.5, 3.4, "2X (1.00)")
    sketch.text(300, 330, "2X Ø0.30")
    land = extract([sketch.pdf()], ReadingRequest()).land_pattern
    assert land is not None
    assert [(v.drill, v.evidence[0].printed) for v in land.vias] == [(0.3, "2X Ø0.30")] * 2
    middle = sorted(p.x for p in land.pads)[1]
    assert sum(v.x for v in land.vias) / 2 == pytest.approx(middle, abs=0.001)


def gull_wing_page() -> Sketch:
    """A body of 4 x 5 mm with leads to 6 mm, both extents dimensioned, pin numbers beside the leads."""
    sketch = Sketch(20.0, (250.0, 550.0))
    sketch.text(300, 760, "PACKAGE OUTLINE", 11)
    sketch.text(300, 60, "ALL DIMENSIONS IN MM")
    sketch.rect(0, 0, 4.0, 5.0)
    for side, numbers in ((-1, (1, 2, 3)), (1, (22, 21, 20))):
        for y, number in zip((-1.5, 0.0, 1.5), numbers, strict=True):
            sketch.rect(side * 2.5, y, 1.0, 0.8)
            sketch.text(*sketch.point(side * 3.3, y), str(number), 6)
    sketch.across(-2, 2, -3.4, "4.00")
    sketch.across(-3, 3, 3.6, "6.00")
    for x in (-3, 3):
        sketch.canvas.line(*sketch.point(x, -1.9), *sketch.point(x, 3.8))
    sketch.along(-2.5, 2.5, 4.4, "5.00")
    for y in (-2.5, 2.5):
        sketch.canvas.line(*sketch.point(2.0, y), *sketch.point(4.6, y))
    sketch.rect(0, 8, 4.0, 1.2)
    sketch.along(7.4, 8.6, 4.4, "1.20")
    return sketch


def test_the_body_is_the_closed_outline_and_not_the_reach_of_the_leads() -> None:
    body = extract([gull_wing_page().pdf()], ReadingRequest()).body
    assert (body.length.nom, body.width.nom, body.height.nom) == (5.0, 4.0, 1.2)


def test_the_size_of_an_exposed_pad_is_not_taken_for_the_row_beside_it() -> None:
    """The pad's edges lie on one line with the outer edges of the row."""
    sketch = land_page(40)
    for side in (-1, 1):
        for y in (-0.8, 0.0, 0.8):
            sketch.rect(side * 1.6, y, 0.8, 0.4)
    sketch.rect(0, 0, 1.2, 2.0)
    sketch.across(-1.6, 1.6, -2.0, "3.20")
    sketch.across(-0.6, 0.6, -1.5, "1.20")
    sketch.across(1.2, 2.0, 1.5, "6X 0.80")
    sketch.along(-1.0, 1.0, 2.9, "2.00")
    sketch.along(-0.8, 0.0, -2.4, "0.80")
    sketch.along(0.6, 1.0, -2.9, "6X 0.40")
    pads = read_pads(extract([sketch.pdf()], ReadingRequest()))
    assert [(p["w"], p["h"], p["size_status"]) for p in pads if p["role"] == "thermal"] == [(1.2, 2.0, "derived")]


def test_a_body_dimension_is_no_pad_size_that_the_land_pattern_leaves_out() -> None:
    sketch = land_page(20)
    for x in (-2.5, 2.5):
        sketch.rect(x, 0, 1.6, 2.4)
    sketch.across(-2.5, 2.5, -2.4, "5.00")
    sketch.across(-3.3, -1.7, 2.4, "2X 1.60")
    sketch.rect(0, -9, 4.8, 2.4)
    sketch.across(-2.4, 2.4, -11, "4.80")
    sketch.along(-10.2, -7.8, 3.4, "2.40")
    result = extract([sketch.pdf()], ReadingRequest(mechanical_page=1, land_page=1))
    assert [(p["w"], p["h"], p["size_status"]) for p in read_pads(result)] == [(1.6, None, "not_stated")] * 2
    assert any("drawn as 1.6 x 2.4 mm" in r.reason for r in result.needs_review)


def test_a_dimension_binds_a_lone_hole_to_its_pads() -> None:
    sketch = land_page(12)
    for x in (-2.54, 0.0, 2.54):
        sketch.circle(x, 7.0, 1.9)
        sketch.circle(x, 7.0, 1.2)
    sketch.circle(0, -9.0, 3.5)
    sketch.across(-2.54, 0.0, 10.0, "2.54")
    sketch.along(-9.0, 7.0, 6.0, "16.00")
    for text, at in (("3X Ø1.90", 350), ("3X Ø1.20", 320), ("Ø3.50", 550)):
        sketch.text(200, at, text)
    pads = read_pads(extract([sketch.pdf()], ReadingRequest()))
    assert [(p["number"], p["type"], p["drill"]) for p in pads] == [
        *((str(i), "thru_hole", [1.2, 1.2]) for i in (1, 2, 3)),
        ("", "np_thru_hole", [3.5, 3.5]),
    ]


def test_rows_of_different_pads_are_no_mirror_images() -> None:
    """The upper row is printed from the middle one, the lower one is not and only looks as far from it."""
    sketch = land_page(30)
    for y, w in ((-2.0, 0.5), (0.1, 0.8), (2.0, 1.1)):
        for x in (-2.0, 2.0):
            sketch.rect(x, y, w, 1.0)
        sketch.across(2.0 - w / 2, 2.0 + w / 2, y + 0.75, f"2X {w:.2f}")
    sketch.across(-2.0, 2.0, 4.4, "4.00")
    sketch.along(-0.4, 0.6, 3.6, "6X 1.00")
    sketch.along(-2.0, 0.1, -3.2, "2.10")
    land = extract([sketch.pdf()], ReadingRequest()).land_pattern
    assert land is not None
    assert [p.status for p in sorted(land.pads, key=lambda p: p.y)] == ["derived"] * 4 + ["assumed"] * 2


def test_a_dot_beside_open_holes_is_no_hole() -> None:
    sketch = land_page(12)
    for x in (-5.0, 0.0, 5.0):
        sketch.circle(x, 0, 0.6)
    sketch.across(-5.0, 0.0, 3.0, "5.00")
    sketch.text(200, 560, "3X Ø0.60")
    sketch.canvas.circle(*sketch.point(-6.2, 0), 2.2, fill=1)
    pads = read_pads(extract([sketch.pdf()], ReadingRequest()))
    assert [(p["number"], p["drill"]) for p in pads] == [(str(i), [0.6, 0.6]) for i in (1, 2, 3)]


@pytest.mark.parametrize("filled", [True, False])
def test_a_small_dot_is_the_mark_of_painted_and_of_open_balls(filled: bool) -> None:
    balls = [Shape(Box(x, y, x + 10, y + 10), "circle", filled=filled) for x in (0.0, 20.0, 40.0) for y in (0.0, 20.0)]
    dot = Shape(Box(-10, -10, -7, -7), "circle", filled=True)
    assert dot not in patterns._without_marks([*balls, dot])


def test_pads_painted_under_the_part_are_the_pads_and_its_terminals_are_not() -> None:
    sketch = land_page(20)
    sketch.canvas.setFillGray(0.8)
    for x in (-2.775, 2.775):
        px, py = sketch.point(x - 1.425, 1.7)
        sketch.canvas.rect(px, py, 2.85 * 20, 3.4 * 20, stroke=0, fill=1)
    sketch.canvas.setFillGray(0)
    sketch.rect(0, 0, 6.6, 6.6)
    for x in (-2.8, 2.8):
        sketch.rect(x, 0, 1.2, 3.0)
        sketch.rect(x, 1.9, 1.2, 0.4)
        sketch.rect(x, -1.9, 1.2, 0.4)
    sketch.across(-4.2, 4.2, -4.4, "8.4")
    sketch.across(-1.35, 1.35, 4.4, "2.7")
    sketch.along(-1.7, 1.7, 5.4, "3.4")
    assert exact(sketch, [pad(1, -2.775, 0.0, 2.85, 3.4), pad(2, 2.775, 0.0, 2.85, 3.4)])
