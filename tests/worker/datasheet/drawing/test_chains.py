"""Dimension lines drawn closely over each other: every number is that of the line it stands on."""

from __future__ import annotations

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import ReadingRequest, extract

PLACES = (-2.4, -1.75, -0.6, 0.6, 1.75, 2.4)


def _line(sketch: Sketch, half: float, at: float, words: str) -> None:
    """A dimension from -half to half with its number on the line, not in it."""
    (a, y), (b, _) = sketch.point(-half, at), sketch.point(half, at)
    sketch.canvas.line(a, y, b, y)
    for tip, way in ((a, 1), (b, -1)):
        sketch._head((tip, y), (tip + way * 5, y + 1.2), (tip + way * 5, y - 1.2))
        sketch.canvas.line(tip, y - 2, tip, sketch.point(0, -0.7)[1])
    sketch.text((a + b) / 2, y + 5.3, words, 7)


def _row(tall: float = 1.2) -> Sketch:
    sketch = Sketch(scale=40.0, at=(300, 420))
    sketch.text(300, 620, "Recommended PCB Layout (mm)", 10)
    for x in PLACES:
        sketch.rect(x, 0, 0.4, tall)
    for half, at, words in ((2.4, -2.0, "4.80"), (1.75, -1.76, "3.50"), (0.6, -1.52, "1.20")):
        _line(sketch, half, at, words)
    sketch.across(-0.8, -0.4, 1.4, "6X 0.40")
    sketch.along(-tall / 2, tall / 2, 4.0, f"6X {tall:.2f}")
    return sketch


def test_numbers_over_each_other_on_lines_of_their_own_are_no_limits() -> None:
    land = extract([_row().pdf()], ReadingRequest()).land_pattern
    assert land is not None
    assert [round(p.x, 3) for p in land.pads] == [round(x, 3) for x in PLACES]


def test_the_swatch_of_a_legend_is_no_pad() -> None:
    sketch = _row(0.5)
    sketch.rect(-0.6, 2.2, 0.4, 0.5)
    x, y = sketch.point(-0.6, 2.2)
    sketch.text(x + 36, y, "Solder Area", 7)
    land = extract([sketch.pdf()], ReadingRequest()).land_pattern
    assert land is not None
    assert len(land.pads) == len(PLACES)
