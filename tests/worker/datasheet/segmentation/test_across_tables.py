"""An outline over its table over a land pattern in one ruled frame: the table parts what the frame ties together."""

from __future__ import annotations

from dataclasses import replace

from tests.worker.datasheet.hypotheses.test_repeated import read
from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.drawing import drawing
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.hypotheses.enumerate import of_figure as enumerate_patterns
from worker.datasheet.page import pages
from worker.datasheet.segmentation import across_tables
from worker.datasheet.segmentation.figure import whole

PADS = [(-0.95, 1.0), (0.95, 1.0), (0.0, -1.0)]


def part_of_a_page() -> Sketch:
    sketch = Sketch(scale=24.0, at=(300, 640))
    sketch.text(300, 715, "XQ-23", 12)
    sketch.rect(0, 0, 2.9, 1.3)
    for x, y in ((-0.95, 0.85), (0.95, 0.85), (0.0, -0.85)):
        sketch.rect(x, y, 0.4, 0.4)
    sketch.across(-1.45, 1.45, -1.8, "A")
    sketch.along(-0.65, 0.65, 2.2, "C")
    rows = [
        ("DIM", "MIN", "MAX"),
        ("A", "2.80", "3.04"),
        ("B", "2.10", "2.64"),
        ("C", "1.20", "1.40"),
        ("D", "0.85", "1.05"),
    ]
    for i, cells in enumerate(rows):
        for x, cell in zip((230, 300, 370), cells, strict=True):
            sketch.text(x, 560 - 16 * i, cell)
        sketch.canvas.line(190, 568 - 16 * i, 410, 568 - 16 * i)
    sketch.text(300, 470, "Suggested Solder Pad Layout", 9)
    sketch.at = (300, 400)
    for x, y in PADS:
        sketch.rect(x, y, 0.8, 0.9)
    sketch.across(-1.35, -0.55, 2.2, "0.80")
    sketch.across(0.0, 0.95, -2.0, "0.95")
    sketch.along(-1.0, 1.0, 2.0, "2.00")
    sketch.along(-1.45, -0.55, -1.9, "0.90")
    sketch.canvas.line(335, 640, 335, 410)  # a line of the frame that runs along both figures and the table
    return sketch


def test_the_pads_are_those_on_their_side_of_the_table() -> None:
    land = read(part_of_a_page(), "XQ-23").land_pattern
    assert land is not None
    assert sorted((p.x, p.y, p.w, p.h) for p in land.pads) == sorted((x, y, 0.8, 0.9) for x, y in PADS)


def test_no_hypothesis_has_pads_on_both_sides() -> None:
    book = pages.open_book([part_of_a_page().pdf()])
    page = drawing.interpret(pages.read_sheet(book, 1))
    book.close()
    found = enumerate_patterns(replace(whole(page), paged=False))
    assert found
    assert not any(p.box.height > 150 for p in found)


def test_sides_of_a_table() -> None:
    table, over, under, aside = Box(50, 50, 150, 100), Box(60, 10, 80, 30), Box(60, 120, 80, 140), Box(200, 10, 220, 30)
    shapes = [Shape(box, "rect") for box in (over, under, aside)]
    assert across_tables.sides(shapes, [table]) == [[shapes[0], shapes[2]], [shapes[1]]]
    assert across_tables.sides(shapes, []) == [shapes]
