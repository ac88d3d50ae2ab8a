"""Rectangles whose sides are painted as thin areas, mitred at the corners and in halves, as thick lines of a converter are."""

from __future__ import annotations

from tests.worker.datasheet.drawing.test_painted_halves import found
from tests.worker.datasheet.sketch import Sketch

Corner = tuple[float, float]


def mitred(sketch: Sketch, x: float, y: float, w: float, h: float, thick: float) -> None:
    """A frame around (x, y) in page points: each side as two triangles of the trapezoid between its corners."""
    outer = [(x - w / 2, y - h / 2), (x + w / 2, y - h / 2), (x + w / 2, y + h / 2), (x - w / 2, y + h / 2)]
    inner = [(a + thick * (1 if a < x else -1), b + thick * (1 if b < y else -1)) for a, b in outer]
    for i, j in ((0, 1), (1, 2), (2, 3), (3, 0)):
        sketch._head(outer[i], outer[j], inner[i])
        sketch._head(outer[j], inner[i], inner[j])


def test_two_frames_of_mitred_halves_are_two_rectangles() -> None:
    sketch = Sketch()
    mitred(sketch, 250, 400, 40, 40, 1.6)
    mitred(sketch, 320, 400, 40, 40, 1.6)
    assert found(sketch) == [(38.4, 38.4)] * 2


def test_a_frame_that_lacks_a_side_is_none() -> None:
    sketch = Sketch()
    for corners in ([(200, 300), (240, 300), (201.6, 301.6)], [(200, 300), (200, 340), (201.6, 301.6)]):
        sketch._head(*corners)
    assert found(sketch) == []
