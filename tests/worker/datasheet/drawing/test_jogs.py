"""Extension lines that give way to other ones by a jog, as TI draws those of exposed pads."""

from __future__ import annotations

import numpy as np
import pytest

from worker.datasheet.drawing.dimensions import DimensionSpan
from worker.datasheet.drawing.extension_lines import jogs_of, past_jogs
from worker.datasheet.geometry.grid import StrokeGrid
from worker.datasheet.geometry.primitives import Sheet

EDGE = [(100.0, 200.0, 160.0, 200.0), (100.0, 300.0, 160.0, 300.0)]  # of the pad, and lines on from them
JOGGED = [
    (165.0, 200.0, 172.0, 190.0),
    (172.0, 190.0, 260.0, 190.0),
    (165.0, 300.0, 172.0, 310.0),
    (172.0, 310.0, 260.0, 310.0),
]
ON = [(158.0, 200.0, 165.0, 200.0), (158.0, 300.0, 165.0, 300.0)]


def moved(strokes: list[tuple[float, float, float, float]], turned: bool) -> tuple[float, float]:
    lines = np.array([(*s, 0.5, 0.0, 0.0) for s in strokes])
    if turned:
        lines[:, :4] = lines[:, [1, 0, 3, 2]]
    span = DimensionSpan(0 if turned else 1, 250.0, 190.0, 310.0, inside=True)
    found = past_jogs(span, jogs_of(lines), StrokeGrid.of(Sheet(1, 600.0, 800.0, lines=lines)))
    return found.start, found.end


@pytest.mark.parametrize("turned", [False, True])
def test_a_dimension_beyond_jogs_measures_the_edges_that_they_lead_to(turned: bool) -> None:
    assert moved([*EDGE, *ON, *JOGGED], turned) == (200.0, 300.0)


def test_the_head_of_another_dimension_on_the_line_is_no_jog() -> None:
    head = [(200.0, 190.0, 201.2, 196.0), (200.0, 190.0, 198.8, 196.0), (198.8, 196.0, 201.2, 196.0)]
    assert moved([(100.0, 190.0, 260.0, 190.0), *head], turned=False) == (190.0, 310.0)


def test_oblique_strokes_that_lead_to_no_edge_move_nothing() -> None:
    assert moved([JOGGED[0], JOGGED[1], JOGGED[3]], turned=False) == (190.0, 310.0)
