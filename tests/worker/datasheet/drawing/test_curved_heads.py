"""Filled arrow heads with bent sides, pointed at one end and wide at the other, and those of which one side is drawn."""

from __future__ import annotations

import math

import numpy as np
import pytest

from worker.datasheet.drawing.arrowheads import tips_of
from worker.datasheet.geometry.grid import StrokeGrid
from worker.datasheet.geometry.primitives import ClosedOutline, Sheet, Tip

STEPS = [i / 12 for i in range(13)]


def outline(x: float, y: float, way: int, half: list[float]) -> ClosedOutline:
    """A filled area of 4 x 2 points that begins at (x, y) and is `half` so wide at even steps behind it."""
    upper = [(x - way * 4 * t, y - h) for t, h in zip(STEPS, half, strict=True)]
    lower = [(x - way * 4 * t, y + h) for t, h in zip(STEPS, half, strict=True)]
    return ClosedOutline(tuple(upper + lower[::-1]), True, False, True)


def tips(*outlines: ClosedOutline) -> list[Tip]:
    """The ends of the line from (100, 50) to (140, 50) that areas at its ends show."""
    line = np.array([[103.0, 50.0, 137.0, 50.0, 0.5, 0.0, 0.0]])
    sheet = Sheet(1, 300, 300, lines=line, outlines=list(outlines))
    return tips_of(sheet, StrokeGrid.of(sheet))


@pytest.mark.parametrize("bend", [0.8, 1.7])
def test_heads_at_both_ends_of_a_line(bend: float) -> None:
    half = [t**bend for t in STEPS]
    found = tips(outline(140, 50, 1, half), outline(100, 50, -1, half))
    assert sorted((round(t.x), round(t.y), t.dx, t.dy) for t in found) == [(100, 50, -1, 0), (140, 50, 1, 0)]


def test_a_lens_and_a_bar_are_no_heads() -> None:
    lens, bar = [math.sin(math.pi * t) for t in STEPS], [1.0 for _ in STEPS]
    assert tips(outline(140, 50, 1, lens), outline(100, 50, -1, bar)) == []


@pytest.mark.parametrize("side", [-1, 1])
def test_heads_of_one_side_point_along_their_long_leg(side: int) -> None:
    right = ClosedOutline(((140, 50), (136, 50), (136, 50 + side), (140, 50)), True, False, False)
    left = ClosedOutline(((104, 50 + side), (104, 50), (100, 50), (104, 50 + side)), True, False, False)
    found = sorted((t.x, t.y, t.dx, t.dy) for t in tips(right, left))
    assert found == [(100, 50, -1, 0), (140, 50, 1, 0)]


def test_a_painted_corner_is_no_head() -> None:
    assert tips(ClosedOutline(((140, 50), (136, 50), (136, 46)), True, False, False)) == []
