"""A relay: small holes on a grid of lines, said in words, seen from below; its numbers stand in the terminal arrangement."""

from __future__ import annotations

from dataclasses import replace

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.drawing import drawing
from worker.datasheet.extract import extract
from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.land.pinout import of_arrangement
from worker.datasheet.page import pages
from worker.datasheet.request import ReadingRequest

COLUMNS, ROWS, STEP = (0.0, 7.62, 12.7, 17.78), (0.0, 7.62), 2.54
NUMBERS = ((1, 4, 6, 8), (16, 13, 11, 9))


def _relay() -> Sketch:
    sketch = Sketch(scale=4.0, at=(120, 560))
    sketch.text(160, 640, "PCB Mounting Holes (Bottom View)", 9)
    for i in range(-1, 9):
        sketch.canvas.line(*sketch.point(i * STEP, -STEP), *sketch.point(i * STEP, 4 * STEP))
    for k in range(-1, 5):
        sketch.canvas.line(*sketch.point(-STEP, k * STEP), *sketch.point(8 * STEP, k * STEP))
    for x in COLUMNS:
        for y in ROWS:
            sketch.circle(x, y, 0.7)
    sketch.across(0.0, 7.62, 14.0, "7.62")
    sketch.across(7.62, 12.7, 18.0, "5.08")
    sketch.across(12.7, 17.78, 14.0, "5.08")
    sketch.along(0.0, 7.62, 26.0, "7.62")
    sketch.text(200, 600, "Eight, 1 dia. holes", 7)
    sketch.text(420, 640, "Terminal Arrangement (Bottom View)", 9)
    sketch.canvas.rect(385, 570, 70, 44)
    for y, row in zip((604, 580), NUMBERS, strict=True):
        for x, number in zip((392, 414, 428, 446), row, strict=True):
            sketch.text(x, y, str(number), 6)
    return sketch


def test_a_relay_has_the_numbers_of_its_terminal_arrangement() -> None:
    land = extract([_relay().pdf()], ReadingRequest()).land_pattern
    assert land is not None
    found = {p.number: (p.type, round(p.x, 2), round(p.y, 2), p.drill) for p in land.pads}
    assert found == {
        str(number): ("thru_hole", round(8.89 - x, 2), round(y - 3.81, 2), (1.0, 1.0))
        for y, row in zip(ROWS, NUMBERS, strict=True)
        for x, number in zip(COLUMNS, row, strict=True)
    }
    assert max(p.confidence for p in land.pads) < 0.9


def test_a_doubtful_number_beside_the_arrangement_is_none_of_it() -> None:
    book = pages.open_book([_relay().pdf()])
    page = drawing.interpret(pages.read_sheet(book, 1), "auto", None)
    book.close()
    holes = [s for s in page.shapes if s.kind == "circle"]
    strokes_taken_for_letters = Word("57", Box(475, 124, 481, 130), 0, 0.57, 6.0)
    seen = replace(page, lines=[*page.lines, strokes_taken_for_letters])
    assert sorted(of_arrangement(holes, seen) or []) == [1, 4, 6, 8, 9, 11, 13, 16]
