"""Figures drawn by hand in an office program: lines a little askew, heads that miss each other, sketches without numbers."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest
from worker.datasheet.result import score

ASKEW_PT = 0.1
HEAD_PT = (3.1, 2.3)  # along and across the line
MISS_PT = 0.5


def head(sketch: Sketch, x: float, y: float, way: int, upright: bool) -> None:
    """Two strokes that end beside each other."""
    along, across = HEAD_PT
    for side in (-1, 1):
        a = (x + side * MISS_PT, y - way * MISS_PT) if upright else (x - way * MISS_PT, y + side * MISS_PT)
        b = (x + side * across, y - way * along) if upright else (x - way * along, y + side * across)
        sketch.canvas.line(*a, *b)


def dimension(sketch: Sketch, a: tuple[float, float], b: tuple[float, float], words: str, upright: bool) -> None:
    """Two pieces of line with the number in the gap, between two page points."""
    gap = 7.0 if upright else 11.0
    (x0, y0), (x1, y1) = a, b
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    if upright:
        sketch.canvas.line(x0, y0, x0 + ASKEW_PT, cy - gap)
        sketch.canvas.line(x0 + ASKEW_PT, cy + gap, x1, y1)
        sketch.text(cx + 1, cy, words)
    else:
        sketch.canvas.line(x0, y0, cx - gap, y0 + ASKEW_PT)
        sketch.canvas.line(cx + gap, y1 + ASKEW_PT, x1, y1)
        sketch.text(cx, cy + 1, words)
    head(sketch, x0, y0, -1, upright)
    head(sketch, x1, y1, 1, upright)


def by_hand(off: float) -> Sketch:
    """Six pads of 0.8 x 0.5 mm, 1.0 mm apart in rows 2.0 mm apart; dimensions end `off` points beside what they mean."""
    sketch = Sketch(scale=60.0)
    sketch.text(300, 700, "RECOMMENDED LAND PATTERN (mm)", 11)
    for x in (-1.0, 1.0):
        for y in (-1.0, 0.0, 1.0):
            sketch.rect(x, y, 0.8, 0.5)
    (left, top), (right, _) = sketch.point(-1.0, -1.6), sketch.point(1.0, -1.6)
    dimension(sketch, (left + off, top), (right + off, top), "2.0", False)
    (a, bottom), (b, _) = sketch.point(0.6, 1.7), sketch.point(1.4, 1.7)
    dimension(sketch, (a + off, bottom), (b, bottom), "0.8", False)
    (aside, low), (_, high) = sketch.point(-1.8, 1.0), sketch.point(-1.8, 0.0)
    dimension(sketch, (aside, low), (aside + 0.2, high - off), "1.0", True)
    (aside, low), (_, high) = sketch.point(1.8, 0.25), sketch.point(1.8, -0.25)
    dimension(sketch, (aside, low), (aside, high - off), "0.5", True)
    return sketch


@pytest.mark.parametrize("off", [1.5, 1.8])
def test_a_figure_drawn_by_hand_is_read_and_said_to_be_one(off: float) -> None:
    result = extract([by_hand(off).pdf()], ReadingRequest())
    assert result.land_pattern is not None
    pads = [p.model_dump(mode="json") for p in result.land_pattern.pads]
    want = [{"number": str(i), "type": "smd", "x": x, "y": y, "w": 0.8, "h": 0.5} for i, (x, y) in enumerate(
        [(-1.0, -1.0), (-1.0, 0.0), (-1.0, 1.0), (1.0, 1.0), (1.0, 0.0), (1.0, -1.0)], 1)]  # fmt: skip
    assert score.score_pads(want, pads, 0.01).exact == 1.0
    assert any("by hand" in r.reason for r in result.needs_review)
    assert max(p.confidence for p in result.land_pattern.pads) < 0.9


def test_shapes_of_many_sizes_with_one_number_are_no_land_pattern() -> None:
    sketch = Sketch(scale=40.0)
    sketch.text(300, 700, "SOLDER PAD", 11)
    for i in range(9):
        sketch.rect(1.1 * (i % 3), 1.1 * (i // 3), 0.3 + 0.07 * i, 0.4 + 0.05 * (i * 5 % 7))
    sketch.across(0.0, 1.1, -0.8, "1.10")
    result = extract([sketch.pdf()], ReadingRequest())
    assert result.land_pattern is None
    assert any("could not be read" in r.reason for r in result.needs_review)
