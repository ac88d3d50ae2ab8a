"""Rectangles painted as two triangles, as CAD programs paint them, are shapes; arrow heads and parts of shapes are none."""

from __future__ import annotations

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.drawing import shapes
from worker.datasheet.page import pages


def painted(sketch: Sketch, x: float, y: float, w: float, h: float) -> None:
    """Two triangles over a rectangle around (x, y)."""
    (x0, y0), (x1, y1) = sketch.point(x - w / 2, y - h / 2), sketch.point(x + w / 2, y + h / 2)
    for corners in ([(x0, y0), (x1, y0), (x1, y1)], [(x0, y0), (x1, y1), (x0, y1)]):
        path = sketch.canvas.beginPath()
        path.moveTo(*corners[0])
        for corner in corners[1:]:
            path.lineTo(*corner)
        path.close()
        sketch.canvas.drawPath(path, stroke=0, fill=1)


def found(sketch: Sketch) -> list[tuple[float, float]]:
    book = pages.open_book([sketch.pdf()])
    sheet = pages.read_sheet(book, 1)
    book.close()
    return sorted((round(s.box.width, 1), round(s.box.height, 1)) for s in shapes.find(sheet) if s.kind == "rect")


def test_two_triangles_are_the_rectangle_that_they_fill() -> None:
    sketch = Sketch(scale=10.0)
    for i in range(3):
        painted(sketch, 4.0 * i, 0.0, 3.0, 2.0)
    assert found(sketch) == [(30.0, 20.0)] * 3


def test_a_shape_painted_in_parts_is_one_shape() -> None:
    """A pad with a centre line is painted on both sides of the line."""
    sketch = Sketch(scale=10.0)
    painted(sketch, -0.5, 0.0, 1.0, 2.0)
    painted(sketch, 0.5, 0.0, 1.0, 2.0)
    sketch.rect(0.0, 0.0, 2.0, 2.0)
    assert found(sketch) == [(20.0, 20.0)]


def test_one_triangle_is_none() -> None:
    sketch = Sketch(scale=10.0)
    sketch._head((200, 300), (230, 300), (230, 320))
    sketch._head((300, 300), (330, 300), (330, 320))
    assert found(sketch) == []


def test_paint_along_a_side_of_a_pad_is_a_part_of_it() -> None:
    """A pad with vias in it is painted in strips between them."""
    sketch = Sketch(scale=10.0)
    painted(sketch, 0.0, -0.85, 4.0, 0.3)
    painted(sketch, 0.0, 0.85, 4.0, 0.3)
    sketch.rect(0.0, 0.0, 4.0, 2.0)
    assert found(sketch) == [(40.0, 20.0)]


def test_paint_inside_a_shape_of_strokes_is_a_part_of_it() -> None:
    """The straight middle of a slot is painted as two triangles, its ends as many thin ones."""
    sketch = Sketch(scale=10.0)
    painted(sketch, 0.0, 0.0, 2.0, 2.0)
    for y in (-1.0, 1.0):
        sketch.canvas.line(*sketch.point(-1.4, y), *sketch.point(1.4, y))
    for side in (-1, 1):
        sketch.canvas.line(*sketch.point(1.4 * side, -1.0), *sketch.point(1.4 * side, 1.0))
    assert found(sketch) == [(28.0, 20.0)]
