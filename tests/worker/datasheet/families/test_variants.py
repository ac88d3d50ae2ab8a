"""Several patterns on one page: the words asked choose the heading, and conditions choose the diameter."""

from __future__ import annotations

import pytest

from db.documents.kinds.datasheet import DatasheetResult
from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.drawing import drawing
from worker.datasheet.extract import ReadingRequest, extract
from worker.datasheet.families import families
from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.page import pages

Hole = tuple[str, str, float, float, object]


def _leader(sketch: Sketch, x: float, y: float, words: str) -> None:
    """A note at the lower left with a line to the rim of the hole at (x, y) mm."""
    px, py = sketch.point(x, y)
    sketch.canvas.line(px - 30, py - 40, px - 3, py - 4)
    sketch.canvas.line(px - 70, py - 40, px - 30, py - 40)
    sketch.text(px - 60, py - 36, words, 6)


def _row(sketch: Sketch, at: tuple[float, float], pitch: str, boss: bool) -> None:
    """Four holes drawn in an outline of the board, 2.5 mm apart whatever is printed, and a hole of the same size for a boss."""
    sketch.at = at
    sketch.canvas.roundRect(at[0] - 20, at[1] - 14, 150, 44, 4)
    for i in range(4):
        sketch.circle(2.5 * i, 0, 0.7)
    sketch.across(2.5, 5.0, -4.0, pitch)
    if boss:
        sketch.circle(-1.2, -1.2, 0.7)
        sketch.across(-1.2, 0.0, -3.2, "1.2")
        sketch.along(-1.2, 0.0, -3.0, "1.2")


@pytest.fixture(scope="module")
def page() -> bytes:
    sketch = Sketch(scale=12.0)
    sketch.text(306, 740, "PC board layout", 14)
    sketch.text(165, 715, "(viewed from soldering side)", 13)
    for title, left, top in (
        ("Top entry type", 100, 698),
        ("Side entry type", 360, 698),
        ("Top entry type with a boss", 100, 562),
    ):
        sketch.canvas.setFont("Helvetica", 13)
        sketch.canvas.drawString(left, top, title)
    _row(sketch, (150, 630), "2.5", boss=False)
    _leader(sketch, 0, 0, "3 circuits or more: Ø0.9")
    sketch.text(100, 582, "2 circuits: Ø1.0", 6)
    _row(sketch, (410, 630), "2.0", boss=False)
    _leader(sketch, 0, 0, "Ø0.8")
    _row(sketch, (150, 500), "2.5", boss=True)
    _leader(sketch, 0, 0, "3 circuits or more: Ø0.9")
    px, py = sketch.point(-1.2, -1.2)
    sketch.canvas.line(px - 3, py + 3, px - 30, py + 12)
    sketch.text(px - 39, py + 13, "Ø1.1", 6)
    return sketch.pdf()


def _holes(result: DatasheetResult) -> list[Hole]:
    assert result.land_pattern is not None
    found = [(p.number, p.type, round(p.x, 2), round(p.y, 2), p.drill) for p in result.land_pattern.pads]
    return sorted(found, key=lambda hole: hole[2])


def test_the_figure_without_more_words_than_asked_is_meant(page: bytes) -> None:
    found = _holes(extract([page], ReadingRequest("header, top entry type, 4 circuits")))
    assert [hole[1:] for hole in found] == [("thru_hole", -3.75 + 2.5 * i, 0.0, (0.9, 0.9)) for i in range(4)]


def test_a_figure_seen_from_below_is_mirrored_with_its_boss(page: bytes) -> None:
    found = _holes(extract([page], ReadingRequest("header, top entry type with a boss, 4 circuits")))
    row = [("thru_hole", round(-4.35 + 2.5 * i, 2), 0.6, (0.9, 0.9)) for i in range(4)]
    assert [hole[1:] for hole in found] == [*row, ("np_thru_hole", 4.35, -0.6, (1.1, 1.1))]


def test_the_words_choose_another_figure(page: bytes) -> None:
    found = _holes(extract([page], ReadingRequest("header, side entry type, 4 circuits")))
    assert [hole[1:] for hole in found] == [("thru_hole", -3.0 + 2.0 * i, 0.0, (0.8, 0.8)) for i in range(4)]


@pytest.mark.parametrize(
    ("text", "count", "value"),
    [
        ("3 circuits or more: Ø0.9", 4, 0.9),
        ("3 circuits or more:φ0.9", 2, None),
        ("2 circuits:φ1 ±0.05", 2, 1.0),
        ("2 circuits:φ1 ±0.05", 3, None),
        ("Ø0.9", 3, None),
    ],
)
def test_a_dimension_may_hold_for_some_parts_only(text: str, count: int, value: float | None) -> None:
    found = families.conditional(Word(text, Box(0, 0, 80, 6)), count)
    assert (found.value if found else None) == value


def test_the_figure_for_a_number_of_circuits_goes_before_the_one_for_none() -> None:
    sketch = Sketch(scale=12.0)
    sketch.text(100, 740, "Header", 16)
    for title, x, y in (("Top entry type", 70, 715), ("Top entry type", 70, 500), ("<3 circuits or more>", 80, 480)):
        sketch.canvas.setFont("Helvetica", 12)
        sketch.canvas.drawString(x, y, title)
    for at, height in (((150, 640), "5"), ((150, 400), "7")):
        sketch.at = at
        sketch.rect(3.75, 0, 12.4, 7.0)
        sketch.along(-3.5, 3.5, -4.0, height)
    sketch.across(-2.45, 9.95, 5.0, "B")
    sketch.text(390, 560, "circuits", 8)
    sketch.text(460, 572, "Dimensions", 8)
    sketch.text(460, 560, "B", 8)
    for i, (count, length) in enumerate((("3", "9.9"), ("4", "12.4"), ("5", "14.9"))):
        sketch.text(390, 545 - 12 * i, count, 8)
        sketch.text(460, 545 - 12 * i, length, 8)
    page = drawing.interpret(pages.read_sheet(pages.open_book([sketch.pdf()]), 1))
    family = families.find("header, top entry type, 4 circuits", [page])
    assert family is not None
    assert [r.heading.text for r in family.regions(page)] == ["<3 circuits or more>"]
