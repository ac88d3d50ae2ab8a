"""Holes of a board that no title names: a row with its step and a leader to the diameter, beside the views of the part."""

from __future__ import annotations

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest

SURE = 0.9


def _drawing(solid: bool) -> Sketch:
    """The front of a part, and three holes of 1 mm every 2.54 mm in its outline: dashed on the board, solid from below."""
    sketch = Sketch(scale=8.0, at=(90, 420))
    sketch.text(150, 700, "MECHANICAL DRAWING", 11)
    sketch.text(150, 684, "units: mm")
    sketch.rect(3.0, -22.0, 11.5, 17.5)
    sketch.across(-2.75, 8.75, -32.5, "11.50")
    sketch.along(-30.75, -13.25, -5.0, "17.50")
    sketch.canvas.setDash([] if solid else [4, 3])
    sketch.rect(2.54, 2.35, 11.5, 9.0)
    sketch.canvas.setDash([])
    for slot in range(3):
        sketch.circle(2.54 * slot, 0.0, 1.0)
        x, y = sketch.point(2.54 * slot, 0.0)
        sketch.text(x, y - 12, str(slot + 1), 6)
    sketch.across(0.0, 5.08, -4.0, "5.08")
    x, y = sketch.point(5.08, 0.0)
    sketch.canvas.line(x + 3, y + 3, x + 50, y + 40)
    sketch.text(x + 68, y + 42, "Ø1.00", 7)
    return sketch


def test_holes_with_their_diameter_on_a_board_are_a_land_pattern_without_a_title() -> None:
    result = extract([_drawing(solid=False).pdf()], ReadingRequest("LX78-20"))
    assert result.land_pattern_status == "found"
    assert result.land_pattern is not None
    assert [(p.number, round(p.x, 2), round(p.y, 2), p.drill) for p in result.land_pattern.pads] == [
        ("1", -2.54, 0.0, (1.0, 1.0)), ("2", 0.0, 0.0, (1.0, 1.0)), ("3", 2.54, 0.0, (1.0, 1.0)),
    ]  # fmt: skip
    assert max(p.confidence for p in result.land_pattern.pads) < SURE
    assert any("no title" in r.reason for r in result.needs_review)


def test_leads_in_the_outline_of_the_part_are_no_holes_of_a_board() -> None:
    assert extract([_drawing(solid=True).pdf()], ReadingRequest("LX78-20")).land_pattern is None
