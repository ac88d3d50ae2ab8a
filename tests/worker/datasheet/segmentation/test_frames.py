"""Ruled lines that part a page, and what they keep apart."""

from __future__ import annotations

import numpy as np

from tests.worker.datasheet.segmentation.test_figure import pads
from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.drawing.drawing import interpret
from worker.datasheet.extract import extract
from worker.datasheet.geometry.primitives import Sheet
from worker.datasheet.request import ReadingRequest
from worker.datasheet.segmentation.frames import Rule, rules_of


def rules(*strokes: tuple[float, float, float, float]) -> list[Rule]:
    return rules_of(interpret(Sheet(1, 600.0, 800.0, lines=np.array([(*s, 1.0, 0.0, 0.0) for s in strokes]))))


def test_lines_that_meet_nothing_but_each_other_part_a_page() -> None:
    """A page in four fields without a frame around them."""
    cross = [(50.0, 400.0, 550.0, 400.0), (300.0, 100.0, 300.0, 400.0), (300.0, 408.0, 300.0, 700.0)]
    assert len(rules(*cross)) == 3
    assert rules(*cross, (300.0, 200.0, 330.0, 220.0)) == [(1, 300.0, 408.0, 700.0)]


def test_centre_lines_that_cross_part_nothing() -> None:
    assert rules((50.0, 400.0, 550.0, 400.0), (300.0, 100.0, 300.0, 700.0)) == []


def test_the_name_in_the_field_of_a_pattern_is_that_of_its_part() -> None:
    """The longer name is that of another part; the names stand at the far sides of their fields."""
    sketch = Sketch(scale=20.0)
    sketch.canvas.line(306, 200, 306, 700)
    for x, name, width in ((60, "KS-1000P", 4.0), (320, "KS-1000P-B", 5.0)):
        sketch.canvas.setFont("Helvetica", 9)
        sketch.canvas.drawString(x, 660, name)
        sketch.canvas.drawString(x + 150, 600, "PCB Pad")
        sketch.at = (x + 170.0, 520.0)
        for side in (-1, 1):
            sketch.rect(side * (width - 1) / 2, 0, 1.0, 2.0)
        sketch.across(-width / 2, width / 2, -2.0, f"{width:.1f}")
        sketch.across(-width / 2 + 1, width / 2 - 1, -1.5, f"{width - 2:.1f}")
        sketch.along(-1, 1, -width / 2 - 0.8, "2.0")
    page = sketch.pdf()
    for name, width in (("KS-1000P", 4.0), ("KS-1000P-B", 5.0)):
        land = extract([page], ReadingRequest(name)).land_pattern
        assert land is not None
        assert sorted(p.x for p in land.pads) == [-(width - 1) / 2, (width - 1) / 2]


def test_a_gap_between_dimensions_on_both_sides_of_a_rule_is_none() -> None:
    """Arrows that point at each other across a rule are those of two figures."""
    sketch = Sketch(scale=22.0)
    sketch.canvas.line(306, 200, 306, 740)
    for x in (180, 440):
        sketch.text(x, 640, "RECOMMENDED LAND PATTERN", 8)
        pads(sketch, (x, 560), numbers=True)
    for tip, way in ((244, -1), (368, 1)):
        sketch.canvas.line(tip, 560, tip + 24 * way, 560)
        sketch._head((tip, 560), (tip + 6 * way, 558.5), (tip + 6 * way, 561.5))
    land = extract([sketch.pdf()], ReadingRequest()).land_pattern
    assert land is not None
    assert sorted((round(p.x, 2), round(p.y, 2)) for p in land.pads) == [
        (x, y) for x in (-1.5, 1.5) for y in (-0.6, 0.6)
    ]
