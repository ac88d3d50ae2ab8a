"""Lines of closed shapes that a converter painted as areas are the shapes that they were drawn as."""

from __future__ import annotations

import math

from worker.datasheet.drawing import shapes
from worker.datasheet.geometry.primitives import ClosedOutline, Sheet

Loop = list[tuple[float, float]]


def _circle(radius: float) -> Loop:
    turns = (2 * math.pi * k / 24 for k in range(25))
    return [(100 + radius * math.cos(t), 100 + radius * math.sin(t)) for t in turns]


def _rect(w: float, h: float) -> Loop:
    half = ((1, 1), (1, -1), (-1, -1), (-1, 1), (1, 1))
    return [(100 + x * w / 2, 100 + y * h / 2) for x, y in half]


def _found(outer: Loop, inner: Loop) -> list[tuple[str, float, float, bool]]:
    painted = ClosedOutline((*outer, *inner, outer[0]), True, False, False)
    found = shapes.find(Sheet(1, 600, 800, outlines=[painted]))
    return [(s.kind, round(s.box.width, 2), round(s.box.height, 2), s.filled) for s in found]


def test_a_closed_line_painted_as_an_area_is_the_shape_through_its_middle() -> None:
    assert _found(_circle(3.75), _circle(3.25)) == [("circle", 7.0, 7.0, False)]
    assert _found(_rect(5.5, 27.5), _rect(4.5, 26.5)) == [("rect", 5.0, 27.0, False)]


def test_an_area_with_a_wide_rim_is_no_line() -> None:
    assert ("rect", 15.0, 15.0, False) not in _found(_rect(20, 20), _rect(10, 10))
