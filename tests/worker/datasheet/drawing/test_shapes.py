"""Pads drawn stroke by stroke, as CAD programs write them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from worker.datasheet.drawing.shapes import find
from worker.datasheet.geometry.primitives import ClosedOutline, Sheet

PEN = (0.1, 0.0, 0.0)


def sheet(*strokes: tuple[float, float, float, float]) -> Sheet:
    return Sheet(1, 600.0, 800.0, lines=np.array([(*s, *PEN) for s in strokes]))


def rectangle(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float, float, float]]:
    return [(x0, y0, x1, y0), (x1, y0, x1, y1), (x1, y1, x0, y1), (x0, y1, x0, y0)]


@pytest.mark.parametrize(
    "extra",
    [
        (320.0, 200.0, 320.06, 200.0),  # a dot of the pen
        (320.0, 200.0, 360.0, 200.0),  # the extension line of a dimension
        (320.0, 210.0, 320.0, 240.0),  # and one from another corner
    ],
)
def test_a_pad_with_a_line_from_its_corner_is_a_pad(extra: tuple[float, float, float, float]) -> None:
    found = find(sheet(*rectangle(300, 200, 320, 210), extra))
    assert [(s.kind, s.box.width, s.box.height) for s in found] == [("rect", 20.0, 10.0)]


@pytest.mark.parametrize("at", np.linspace(300.0, 300.3, 7).tolist())
def test_strokes_that_meet_to_a_hair_are_joined_wherever_they_lie(at: float) -> None:
    strokes = rectangle(at, 200, at + 20, 210)
    strokes[1] = (at + 20.02, 200.0, at + 20.02, 210.0)
    assert len(find(sheet(*strokes))) == 1


def _slot(w: float, h: float) -> list[tuple[float, float]]:
    """Corners of an upright slot around (300, 400): two half circles drawn as short lines, and its sides."""
    caps = [(turn, -1) for turn in range(180, 361, 15)] + [(turn, 1) for turn in range(0, 181, 15)]
    return [
        (300 + w * math.cos(math.radians(turn)), 400 + side * (h - w) + w * math.sin(math.radians(turn)))
        for turn, side in caps
    ]


def test_hatching_that_ends_at_corners_of_a_slot_does_not_hide_it() -> None:
    outer, inner = _slot(18, 40), _slot(11, 33)
    strokes = [(*a, *b) for ring in (outer, inner) for a, b in zip(ring, ring[1:] + ring[:1], strict=True)]
    strokes += [(*outer[k], *inner[k]) for k in (3, 16)]
    found = [(s.kind, round(s.box.width), round(s.box.height)) for s in find(sheet(*strokes))]
    assert found == [("oval", 36, 80), ("oval", 22, 66)]


@pytest.mark.parametrize("at", np.linspace(300.0, 300.6, 13).tolist())
def test_many_strokes_that_meet_to_a_hair_are_joined_wherever_they_lie(at: float) -> None:
    """The corners of a slot are two dozen ends: each is rounded on its own, as a converter does."""
    ring = [(x + at - 300, y + at - 300) for x, y in _slot(9, 20)]
    strokes = [
        (a[0] + 0.03 * (i % 2), a[1], b[0], b[1] - 0.03 * (i % 3))
        for i, (a, b) in enumerate(zip(ring, ring[1:] + ring[:1], strict=True))
    ]
    assert [(s.kind, round(s.box.width), round(s.box.height)) for s in find(sheet(*strokes))] == [("oval", 18, 40)]


def test_paint_in_thin_triangles_does_not_hide_the_slot_around_it() -> None:
    """A converter that knows no curves fills a slot with triangles from corner to corner."""
    ring = _slot(9, 20)
    strokes = [(*a, *b) for a, b in zip(ring, ring[1:] + ring[:1], strict=True)]
    paint = [
        ClosedOutline((a, b, c), True, False, False, (192, 192, 192))
        for a, b, c in zip(ring[1:], ring[2:], ring[::-1], strict=False)
    ]
    drawn = Sheet(1, 600.0, 800.0, lines=np.array([(*s, *PEN) for s in strokes]), outlines=paint)
    assert [s.kind for s in find(drawn)] == ["oval"]


def test_a_stroke_that_ends_beside_two_corners_does_not_hide_a_pad() -> None:
    hatch = (300.1, 200.08, 319.9, 209.92)
    assert [s.kind for s in find(sheet(*rectangle(300, 200, 320, 210), hatch))] == ["rect"]
