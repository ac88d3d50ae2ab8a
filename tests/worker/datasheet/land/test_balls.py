"""The balls of a grid are named from the ball that bears the mark of the first, whichever way the grid is turned."""

from __future__ import annotations

import pytest

from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.land import balls, numbering


@pytest.mark.parametrize(
    ("first", "names"),
    [
        pytest.param(0, ["A1", "A2", "A3", "B1", "B2", "B3"], id="upper left"),
        pytest.param(2, ["C1", "B1", "A1", "C2", "B2", "A2"], id="upper right"),
        pytest.param(5, ["B3", "B2", "B1", "A3", "A2", "A1"], id="lower right"),
        pytest.param(3, ["A2", "B2", "C2", "A1", "B1", "C1"], id="lower left"),
    ],
)
def test_the_ball_beside_the_dot_is_a1(first: int, names: list[str]) -> None:
    pads = [Shape(Box(x, y, x + 8.0, y + 8.0), "circle") for y in (0, 20) for x in (0, 20, 40)]
    ring = ["0"] * 6
    ring[first] = "1"
    found = balls.named(pads, numbering.Numbers(ring, "partly_printed", "dot", "", True))
    assert found is not None
    assert (found.names, found.pin1) == (names, "dot")
