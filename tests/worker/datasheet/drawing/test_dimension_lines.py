"""Dimension lines as makers draw them: heads that stop short, wide gaps, numbers far beyond a tail, one stroke under both."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.worker.datasheet.sketch import Sketch
from tests.worker.datasheet.test_extract import read_pads
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest
from worker.datasheet.result import score

HEAD = 6.0


@dataclass(frozen=True)
class Way:
    """How dimension lines are drawn, in points."""

    short: float = 0.0  # of the heads before their extension lines
    room: float = 0.0  # on either side of the number in an inside line
    beyond: float = 4.0  # from the tail of an outside line to its number
    through: bool = False  # whether an outside line is one stroke
    notch: float = 0.0  # in the back of a head, which is painted in two halves then


def line(sketch: Sketch, a: tuple[float, float], b: tuple[float, float], words: str, way: Way, outside: bool) -> None:
    """A dimension between two page points on one level or upright line, with its extension lines."""
    upright = abs(a[0] - b[0]) < abs(a[1] - b[1])
    low, high, at = (a[1], b[1], a[0]) if upright else (a[0], b[0], a[1])

    def place(along: float, across: float = at) -> tuple[float, float]:
        return (across, along) if upright else (along, across)

    for end in (low, high):
        sketch.canvas.line(*place(end, at - 5), *place(end, at + 5))
    out = 1 if outside else -1
    low, high = (low - way.short, high + way.short) if outside else (low + way.short, high - way.short)
    for tip, step in ((low, -out), (high, out)):
        back = place(tip + step * (HEAD - way.notch))
        for barb in (place(tip + step * HEAD, at + 1.2), place(tip + step * HEAD, at - 1.2)):
            sketch._head(place(tip), barb, back)
        if way.notch:
            sketch._head(back, place(tip + step * HEAD, at + 1.2), place(tip + step * HEAD, at - 1.2))
    half = 4.0 if upright else 9.0
    if not outside:
        gap = half + 2 + way.room
        sketch.canvas.line(*place(low), *place((low + high) / 2 - gap))
        sketch.canvas.line(*place((low + high) / 2 + gap), *place(high))
        sketch.text(*place((low + high) / 2), words)
        return
    ends = ((low - 14, high + 14),) if way.through else ((low - 14, low - HEAD), (high + HEAD, high + 14))
    for first, last in ends:
        sketch.canvas.line(*place(first), *place(last))
    sketch.text(*place(high + 14 + way.beyond + half), words)


def quad(way: Way) -> Sketch:
    """Twelve pads of 0.3 x 0.8 mm at a step of 0.6 mm around an exposed pad of 1.26 mm, drawn at 40 points per mm."""
    sketch = Sketch(scale=40.0)
    sketch.text(300, 700, "RECOMMENDED LAND PATTERN (mm)", 11)
    for side in (-0.6, 0.0, 0.6):
        for row in (-1.6, 1.6):
            sketch.rect(row, side, 0.8, 0.3)
            sketch.rect(side, row, 0.3, 0.8)
    sketch.rect(0, 0, 1.26, 1.26)

    def level(x0: float, x1: float, y: float, words: str, outside: bool = False) -> None:
        line(sketch, sketch.point(x0, y), sketch.point(x1, y), words, way, outside)

    def upright(y0: float, y1: float, x: float, words: str, outside: bool = False) -> None:
        line(sketch, sketch.point(x, y1), sketch.point(x, y0), words, way, outside)

    level(-2.0, 2.0, -2.9, "4.00")
    upright(-2.0, 2.0, -2.9, "4.00")
    level(-0.63, 0.63, 0.3, "1.26")
    upright(-0.63, 0.63, 0.3, "1.26")
    level(0.45, 0.75, 2.4, "0.30", outside=True)
    level(-0.6, 0.0, -2.4, "0.60", outside=True)
    upright(1.2, 2.0, 2.6, "0.80", outside=True)
    return sketch


def truth() -> list[score.Pad]:
    step, row = 0.6, 1.6
    left = [(-row, -step), (-row, 0.0), (-row, step), (-step, row), (0.0, row), (step, row)]
    left += [(-x, -y) for x, y in left]
    pads: list[score.Pad] = [
        {"number": str(i), "type": "smd", "x": x, "y": y, "w": 0.8 if abs(x) > 1 else 0.3, "h": 0.3 if abs(x) > 1 else 0.8}
        for i, (x, y) in enumerate(left, 1)
    ]  # fmt: skip
    return [*pads, {"number": "13", "type": "smd", "x": 0.0, "y": 0.0, "w": 1.26, "h": 1.26}]


@pytest.mark.parametrize(
    "way",
    [Way(), Way(short=1.2), Way(room=14.0), Way(beyond=24.0), Way(beyond=16.0, through=True), Way(notch=2.0)],
    ids=[
        "usual",
        "heads stop short",
        "wide gap",
        "number far beyond the tail",
        "one stroke under both heads",
        "notched heads",
    ],
)
def test_a_quad_with_an_exposed_pad_is_read_however_its_lines_are_drawn(way: Way) -> None:
    result = extract([quad(way).pdf()], ReadingRequest())
    assert score.score_pads(truth(), read_pads(result), 0.01).exact == 1.0
    assert not any("not printed; drawn as" in r.reason or "drawn scale" in r.reason for r in result.needs_review)
