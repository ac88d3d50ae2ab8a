"""Shapes of chance among pads: those that mirror onto each other are the pattern, fields of dimension lines are none of it."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.hypotheses.test_repeated import read
from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.hypotheses.symmetry import cores


def rect(x: float, y: float, w: float, h: float) -> Shape:
    return Shape(Box(x - w / 2, y - h / 2, x + w / 2, y + h / 2), "rect")


SIDES = [rect(x, y, 30, 15) for x in (100, 220) for y in (100, 130, 160)]
ENDS = [rect(x, y, 15, 30) for x in (145, 175) for y in (70, 190)]


@pytest.mark.parametrize("chance", [rect(160, 215, 130, 30), rect(75, 115, 15, 30), rect(250, 190, 30, 15)])
def test_what_mirrors_onto_itself_is_told_from_a_shape_of_chance(chance: Shape) -> None:
    assert cores([*SIDES, chance, *ENDS])[0] == [*SIDES, *ENDS]


def test_three_pads_mirror_at_one_middle_alone() -> None:
    three = [rect(100, 100, 20, 30), rect(160, 100, 20, 30), rect(130, 160, 20, 30)]
    pads = [*three, rect(100, 220, 20, 30), rect(160, 220, 20, 30)]
    assert pads in cores([*pads, rect(200, 160, 20, 30)])


def test_nothing_is_left_out_of_a_pattern_that_mirrors_whole() -> None:
    assert cores([*SIDES, *ENDS]) == []


def framed() -> Sketch:
    """Four pads whose dimension lines close fields with their extension lines."""
    sketch = Sketch(scale=40.0, at=(300, 450))
    sketch.text(300, 700, "RECOMMENDED LAND PATTERN (mm)", 11)
    for x in (-1.2, 1.2):
        for y in (-0.7, 0.7):
            sketch.rect(x, y, 0.8, 0.6)
    sketch.across(-1.6, 1.6, 1.6, "3.20")
    sketch.rect(0, 1.3, 3.2, 0.6)
    sketch.along(-1.0, 1.0, -2.4, "2.00")
    sketch.rect(-2.0, 0, 0.8, 2.0)
    sketch.across(0.8, 1.6, -1.9, "0.80")
    sketch.along(0.4, 1.0, 2.4, "0.60")
    return sketch


def test_the_field_between_a_dimension_and_its_extension_lines_is_no_pad() -> None:
    land = read(framed(), None).land_pattern
    assert land is not None
    assert sorted((p.x, p.y, p.w, p.h) for p in land.pads) == [
        (x, y, 0.8, 0.6) for x in (-1.2, 1.2) for y in (-0.7, 0.7)
    ]


def test_a_lone_sign_beside_a_pattern_takes_neither_its_vias_nor_its_middle() -> None:
    """The square that means "by the same" before a number is no pad, and the vias of the exposed pad stay what they are."""
    sketch = Sketch(scale=40.0, at=(300, 450))
    sketch.text(300, 700, "RECOMMENDED LAND PATTERN (mm)", 11)
    for x in (-1.4, 1.4):
        for y in (-0.5, 0.0, 0.5):
            sketch.rect(x, y, 0.6, 0.25)
    sketch.rect(0.0, 0.0, 1.7, 1.2)
    for x, y in ((-0.5, -0.3), (0.5, -0.3), (-0.5, 0.3), (0.5, 0.3)):
        sketch.circle(x, y, 0.2)
    sketch.rect(-0.2, -1.38, 0.1, 0.1)
    sketch.across(-0.85, 0.85, -1.4, "1.70")
    sketch.across(-1.4, 1.4, 1.6, "2.80")
    sketch.across(1.1, 1.7, 1.2, "6X 0.60")
    sketch.along(-0.6, 0.6, 2.6, "1.20")
    sketch.along(0.0, 0.5, -2.4, "0.50")
    sketch.along(-0.625, -0.375, -3.0, "6X 0.25")
    land = read(sketch, None).land_pattern
    assert land is not None
    assert (len(land.pads), len(land.vias)) == (7, 4)
