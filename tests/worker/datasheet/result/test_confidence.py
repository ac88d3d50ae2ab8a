"""Confident means confirmed: by the drawing's own lengths, by the letters of a table, or by a second reader."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch, dual
from worker.datasheet.body.body import DESCRIBED
from worker.datasheet.body.found import Found
from worker.datasheet.extract import extract
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.handler import complete
from worker.datasheet.request import ReadingRequest
from worker.datasheet.result import confidence
from worker.datasheet.text.quantities import Quantity

SURE = 0.9


def body(sketch: Sketch, length: str = "8.00", leads: float = 0.0) -> Sketch:
    """A top and a side view to scale; with `leads` the body is a box and its leads reach further on both ends."""
    sketch.text(300, 760, "PACKAGE OUTLINE", 11)
    sketch.rect(0, 0, 8.0, 4.0)
    for sign in (-1, 1) if leads else ():
        for y in (-1.2, 0, 1.2):
            sketch.rect(sign * (4 + leads / 2), y, leads, 0.4)
    sketch.across(-4 - leads, 4 + leads, -3.2, length)
    sketch.along(-2, 2, 6.5, "4.00")
    sketch.rect(0, 8, 8.0, 1.5)
    sketch.along(7.25, 8.75, 6.5, "1.50")
    sketch.text(300, 100, "ALL DIMENSIONS IN MM")
    return sketch


def numbered(count: int = 8) -> Sketch:
    """A dual land pattern that prints the numbers of its first pads, down its left column."""
    sketch = dual(8, 1.27, 5.4, 1.5, 0.6)
    for i in range(count):
        sketch.text(*sketch.point(-2.7, -1.905 + 1.27 * i), str(i + 1))
    return sketch


def sure(sketch: Sketch) -> set[bool]:
    """Which pads of a sketch are sure."""
    land = complete(extract([sketch.pdf()], ReadingRequest()), "B").land_pattern
    assert land is not None
    return {p.confidence > SURE for p in land.pads}


def drawn() -> Sketch:
    return Sketch(20.0, (250.0, 550.0))


def test_a_body_that_is_printed_once_is_not_sure_however_well_it_is_drawn() -> None:
    result = complete(extract([body(drawn()).pdf()], ReadingRequest()), "B")
    sizes = (result.body.length, result.body.width, result.body.height)
    assert all(v.nom is not None or v.max is not None for v in sizes)
    assert max(v.confidence for v in sizes) < SURE
    assert any(r.field.startswith("body") for r in result.needs_review)


@pytest.mark.parametrize("printed", ["5.60", "9.90"])
def test_a_number_that_the_drawing_contradicts_is_not(printed: str) -> None:
    result = complete(extract([body(drawn(), printed).pdf()], ReadingRequest()), "B")
    length = max((result.body.length, result.body.width), key=lambda v: v.printed == printed)
    assert length.confidence < SURE
    assert any(r.field.startswith("body") for r in result.needs_review)


def test_the_reach_of_the_leads_is_never_a_sure_body() -> None:
    sizes = extract([body(drawn(), "10.00", leads=1.0).pdf()], ReadingRequest()).body
    assert not any(v.nom == 10.0 and v.confidence > SURE for v in (sizes.length, sizes.width))


def test_pads_drawn_as_their_numbers_say_are_sure() -> None:
    assert sure(numbered(4)) == {True}


@pytest.mark.parametrize(("words", "known"), [("", True), ("CONNECTOR", False)])
def test_of_a_connector_the_first_number_does_not_tell_the_others(words: str, known: bool) -> None:
    sketch = numbered(1)
    sketch.text(300, 760, words)
    assert sure(sketch) == {known}


def test_no_pad_is_sure_whose_number_is_a_guess() -> None:
    assert sure(numbered(0)) == {False}


def test_a_far_pad_of_another_size_that_a_dimension_reaches_is_of_the_pattern() -> None:
    """Without it the middle of the pattern, from which all places are told, would be another one."""
    sketch = Sketch(20.0)
    sketch.text(300, 740, "RECOMMENDED LAND PATTERN", 12)
    for number, (x, y, h) in enumerate(((-3.0, 0.0, 2.2), (3.0, 0.64, 0.94), (3.0, -0.64, 0.94)), start=1):
        sketch.rect(x, y, 0.56, h)
        sketch.text(*sketch.point(x, y), str(number))
    sketch.across(-3.28, 2.72, -3.0, "6.00")
    sketch.across(-3.28, -2.72, 3.0, "3X 0.56")
    sketch.along(-1.1, 1.1, -5.0, "2.20")
    sketch.along(-0.17, 0.17, 5.0, "0.34")
    sketch.along(0.17, 1.11, 6.5, "2X 0.94")
    land = extract([sketch.pdf()], ReadingRequest()).land_pattern
    assert land is not None
    assert [(p.number, p.x, p.y) for p in land.pads] == [("1", -3.0, 0.0), ("2", 3.0, 0.64), ("3", 3.0, -0.64)]


@pytest.mark.parametrize("words", ["NON-PLATED HOLE", ""])
def test_a_disc_among_pads_is_a_sure_hole_only_where_words_tell_of_holes(words: str) -> None:
    sketch = numbered()
    sketch.circle(0, 0, 1.5)
    sketch.across(-0.75, 0.75, -1.4, "1.50")
    sketch.text(300, 160, words)
    land = extract([sketch.pdf()], ReadingRequest()).land_pattern
    assert land is not None
    assert [p.confidence > SURE for p in land.pads if p.type == "np_thru_hole"] == [bool(words)]


@pytest.mark.parametrize("drill", ["4X Ø0.80", ""])
def test_no_hole_is_sure_without_its_drill(drill: str) -> None:
    sketch = Sketch(14.0)
    sketch.text(300, 740, "RECOMMENDED PCB LAYOUT", 12)
    for i, x in enumerate((-3.9, -1.3, 1.3, 3.9)):
        sketch.circle(x, 0, 1.6)
        sketch.circle(x, 0, 0.8)
        sketch.text(*sketch.point(x, 1.2), str(i + 1))
    sketch.across(-3.9, -1.3, -3.0, "3X 2.60")
    sketch.across(-3.9, 3.9, -5.0, "7.80")
    sketch.across(-4.7, -3.1, 4.0, "4X 1.60")
    sketch.text(200, 560, drill)
    assert sure(sketch) == {bool(drill)}


@pytest.mark.parametrize(("was", "now"), [(b"(1.27)", b"(1.77)"), (b"(8X 0.60)", b"(8X 0.90)"), (b"(6.90)", b"(7.90)")])
def test_pads_whose_numbers_the_drawing_contradicts_are_not(was: bytes, now: bytes) -> None:
    pdf = numbered().pdf()
    assert was in pdf
    result = complete(extract([pdf.replace(was, now)], ReadingRequest()), "B")
    assert result.land_pattern is not None
    assert max(p.confidence for p in result.land_pattern.pads) < SURE
    assert any(r.field == "land_pattern.pads" and "second source" in r.reason for r in result.needs_review)


@pytest.mark.parametrize("printed", [True, False])
def test_no_pad_is_sure_while_an_outermost_one_stands_where_no_number_says(printed: bool) -> None:
    """Every place is told from the middle of the outermost pads."""
    sketch = Sketch()
    sketch.text(300, 740, "RECOMMENDED LAND PATTERN", 12)
    for i, (x, y) in enumerate(((-1.2, -1.0), (-1.2, 1.0), (1.2, 0.0))):
        sketch.rect(x, y, 1.2, 0.6)
        sketch.text(*sketch.point(x, y), str(i + 1))
    sketch.along(-1.0, 1.0, -2.6, "2.00")
    sketch.across(-1.8, -0.6, -2.2, "3X 1.20")
    sketch.along(-0.3, 0.3, 2.6, "3X 0.60")
    if printed:
        sketch.across(-1.2, 1.2, 2.4, "2.40")
    told = extract([sketch.pdf()], ReadingRequest()).land_pattern
    assert told is not None
    assert {p.confidence > SURE for p in told.pads} == {printed}


@pytest.mark.parametrize(("letter", "sure"), [("A", True), ("E", False)])
def test_a_height_is_not_confirmed_by_the_letter_of_something_else(letter: str, sure: bool) -> None:
    height = Quantity(1.9, None, None, f"{letter} 1.90", Box(0, 0, 9, 9), symbol=letter)
    assert (confidence.of_body(Found(height=height, how=DESCRIBED), [])[1] > SURE) is sure
