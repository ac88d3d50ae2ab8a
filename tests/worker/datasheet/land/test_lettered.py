"""Lands under the views of a part, dimensioned by letters of one table for all of them and not to scale."""

from __future__ import annotations

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest

ROWS = (("A", "1.25", "1.65"), ("B", "4.00", "4.60"), ("C", "2.40", "2.80"), ("I", "1.80", "-"), ("J", "2.10", "-"),
        ("K", "-", "2.30"), ("L", "2.10", "-"))  # fmt: skip


def within(sketch: Sketch, a: float, b: float, y: float, letter: str) -> None:
    """A dimension line with its heads inside and a letter right over it, as chains of dimensions have."""
    sketch.canvas.line(a, y, b, y)
    for tip, way in ((a, 1), (b, -1)):
        path = sketch.canvas.beginPath()
        path.moveTo(tip, y)
        path.lineTo(tip + 6 * way, y + 1.2)
        path.lineTo(tip + 6 * way, y - 1.2)
        path.close()
        sketch.canvas.drawPath(path, stroke=0, fill=1)
    sketch.text((a + b) / 2, y + 7, letter)


def diode() -> Sketch:
    """A body over two lands; the body is as wide as from the middle of the left land to the edge of the right one.

    The gap K is drawn twice as wide as the lands J and L, its number says about the same.
    """
    sketch = Sketch(scale=1.0, at=(0.0, 0.0))
    sketch.text(170, 745, "Dimensions", 11)
    sketch.text(146, 385, "Solder Pads")
    sketch.rect(150, -650, 68, 42)
    sketch.across(116, 184, -612, "B")
    sketch.along(-671, -629, 230, "C")
    for x in (116, 174):
        sketch.rect(x, -420, 18, 27)
    for letter, a, b in (("J", 107, 125), ("K", 125, 165), ("L", 165, 183)):
        within(sketch, a, b, 445, letter)
    sketch.along(-433.5, -406.5, 90, "I")
    for x, head in ((340, "Dim"), (420, "Min"), (480, "Max")):
        sketch.text(x, 700, head)
    sketch.text(450, 712, "Millimeters")
    for i, cells in enumerate(ROWS):
        for x, cell in zip((340, 420, 480), cells, strict=True):
            sketch.text(x, 685 - 14 * i, cell)
    return sketch


def test_letters_on_their_lines_count_though_the_lands_are_not_to_scale() -> None:
    result = extract([diode().pdf()], ReadingRequest("DO-214AC"))
    assert result.land_pattern is not None
    assert sorted((p.x, p.w, p.h) for p in result.land_pattern.pads) == [(-2.2, 2.1, 1.8), (2.2, 2.1, 1.8)]
    assert any("not to scale" in r.reason for r in result.needs_review)


def test_the_letter_i_is_one_of_the_table_and_no_bar_beside_a_number() -> None:
    land = extract([diode().pdf()], ReadingRequest("DO-214AC")).land_pattern
    assert land is not None
    assert "I 1.80 -" in {d.value.printed for d in land.dimensions}


def test_the_width_of_the_body_is_none_of_the_lands_below_it() -> None:
    land = extract([diode().pdf()], ReadingRequest("DO-214AC")).land_pattern
    assert land is not None
    assert {(d.value.printed or "")[0] for d in land.dimensions} == {"I", "J", "K", "L"}
