"""Circles that a converter painted piece by piece are circles."""

from __future__ import annotations

import math

from worker.datasheet.drawing import painted_arcs, painted_rings
from worker.datasheet.geometry.primitives import ClosedOutline, Sheet


def _pieces(cx: float, cy: float, rx: float, ry: float, part: float = 1.0) -> list[ClosedOutline]:
    """A line round an ellipse as 24 painted quadrilaterals, `part` of it."""
    found = []
    for k in range(int(24 * part)):
        a, b = (2 * math.pi * (k + i) / 24 for i in (0, 1))
        corners = [
            (cx + r * rx * math.cos(t), cy + r * ry * math.sin(t)) for r, t in ((1, a), (1, b), (0.92, b), (0.92, a))
        ]
        found.append(ClosedOutline(tuple(corners), True, False, False, (0, 0, 0), 0.0))
    return found


def _circles(*pieces: ClosedOutline) -> list[tuple[float, float, float]]:
    boxes = painted_rings.circles(Sheet(1, 600, 800, outlines=list(pieces)))
    return sorted((round(b.cx, 1), round(b.cy, 1), round(b.width, 1)) for b in boxes)


def test_a_ring_of_painted_pieces_is_a_circle() -> None:
    rings = [*_pieces(100, 100, 2.2, 2.2), *_pieces(110, 100, 2.2, 2.2)]
    assert [(x, y) for x, y, _ in _circles(*rings)] == [(100.0, 100.0), (110.0, 100.0)]
    assert all(abs(width - 4.2) < 0.15 for *_, width in _circles(*rings))


def test_arcs_and_ovals_of_painted_pieces_are_no_circles() -> None:
    assert _circles(*_pieces(100, 100, 2.2, 2.2, part=0.7)) == []
    assert _circles(*_pieces(100, 100, 2.2, 3.4)) == []


def _quarter(cx: float, cy: float, radius: float, start: int, pen: float = 0.7) -> ClosedOutline:
    """A quarter of the line of a circle as one area, from `start` degrees on."""
    turns = [math.radians(start + 6 * k) for k in range(16)]
    outer = [(cx + (radius + pen / 2) * math.cos(t), cy + (radius + pen / 2) * math.sin(t)) for t in turns]
    inner = [(cx + (radius - pen / 2) * math.cos(t), cy + (radius - pen / 2) * math.sin(t)) for t in turns[::-1]]
    return ClosedOutline((*outer, *inner), True, False, False, (40, 40, 40), 0.0)


def test_four_painted_quarters_are_a_circle_and_three_are_none() -> None:
    arcs = [_quarter(100.0, 100.0, 3.6, start) for start in (0, 90, 180, 270)]
    [box] = painted_arcs.circles(Sheet(1, 600, 800, outlines=arcs))
    assert (round(box.cx, 1), round(box.cy, 1), round(box.width, 1)) == (100.0, 100.0, 7.2)
    assert painted_arcs.circles(Sheet(1, 600, 800, outlines=arcs[:3])) == []
