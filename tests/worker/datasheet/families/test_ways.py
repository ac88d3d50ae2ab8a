"""Pin headers: one row of holes for all parts, how many the name of the part or the list of parts says."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.families import families
from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.request import ReadingRequest

SURE = 0.9


def header(formula: str, drawn: int = 7) -> bytes:
    """Holes of 1.02 mm every 2.54 mm, their extent as a formula, and a list of parts beside them."""
    sketch = Sketch(scale=15.0, at=(70, 460))
    sketch.text(200, 640, "PCB Layout", 10)
    sketch.text(200, 400, "Dimensions: Millimetres")
    for slot in range(drawn):
        sketch.circle(2.54 * slot, 0, 1.02)
    sketch.across(0.0, 2.54, -3.0, "2.54")
    sketch.across(0.0, 2.54 * (drawn - 1), -6.0, formula)
    x, y = sketch.point(2.54 * (drawn - 1), 0)
    sketch.canvas.line(x + 5.5, y - 5.5, x + 22, y - 22)
    sketch.canvas.line(x + 22, y - 22, x + 44, y - 22)
    sketch.text(x + 34, y - 17, "Ø1.02", 7)
    for row, (ways, part) in enumerate(((5, "HD-05G"), (10, "HD-10G"), (12, "MC34733"))):
        sketch.text(400, 620 - 16 * row, f"Header, 1 Row, Vert, {ways} Ways")
        sketch.text(520, 620 - 16 * row, part)
    return sketch.pdf()


@pytest.mark.parametrize(
    ("package", "count"), [("HD-05G", 5), ("HD-10G", 10), ("MC34733", 12), ("HDR1X15", 15), ("header, 6 pins", 6)]
)
def test_a_header_gets_the_ways_of_the_part(package: str, count: int) -> None:
    land = extract([header("2.54 x (No. of Positions - 1)")], ReadingRequest(package)).land_pattern
    assert land is not None
    half = 1.27 * (count - 1)
    assert [(p.number, round(p.x, 2), round(p.y, 2)) for p in land.pads] == [
        (str(i + 1), round(2.54 * i - half, 2), 0.0) for i in range(count)
    ]
    assert {p.drill for p in land.pads} == {(1.02, 1.02)}


def test_the_drawn_number_of_ways_is_no_part_that_was_not_listed() -> None:
    result = extract([header("2.54 x (No. of Positions - 1)")], ReadingRequest("HD-99G"))
    assert result.needs_review
    assert all(p.confidence < SURE for p in (result.land_pattern.pads if result.land_pattern else []))


def test_leads_of_the_part_drawn_right_over_their_holes_are_no_pads() -> None:
    """A dimension from lead to lead ties the part to the pattern below it; the part has no more ways for that."""
    sketch = Sketch(scale=15.0, at=(70, 460))
    sketch.text(150, 400, "PCB Layout", 10)
    for slot in range(7):
        sketch.circle(2.54 * slot, 0, 1.02)
        sketch.rect(2.54 * slot, -6.0, 0.64, 3.0)
    sketch.across(0.0, 2.54, -2.0, "2.54")
    sketch.across(0.0, 2.54, -9.0, "2.54")
    sketch.across(0.0, 2.54 * 6, -11.0, "2.54 x (No. of Positions - 1)")
    land = extract([sketch.pdf()], ReadingRequest("HDR1X15")).land_pattern
    assert land is not None
    assert [p.number for p in land.pads] == [str(i + 1) for i in range(15)]


@pytest.mark.parametrize(
    ("printed", "value"),
    [("2.54 × (Contact - 1) ±0.1", 22.86), ("2.54 x (No. of Positions-1) ± 0.20", 22.86), ("2.0 X (NUMBER OF PINS - 1)", 18.0),
     ("2.54 x (length - 1)", None)],
)  # fmt: skip
def test_the_number_of_ways_in_a_formula(printed: str, value: float | None) -> None:
    found = families.steps(Word(printed, Box(0, 0, 60, 8)), 10)
    assert (found.value if found else None) == value
