"""Pages with an outline and a land pattern under headings of their own, pads painted side by side, tables by letters."""

from __future__ import annotations

import pytest

from db.documents.kinds.datasheet import LandPattern
from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest


def bars(sketch: Sketch, x: float, y: float, w: float, h: float, pen: float = 2.0) -> None:
    """A rectangle whose four sides are painted as areas of `pen` points."""
    (x0, y0), (x1, y1) = sketch.point(x - w / 2, y + h / 2), sketch.point(x + w / 2, y - h / 2)
    for at in (y0, y1):
        sketch.canvas.rect(x0, at - pen / 2, x1 - x0, pen, stroke=0, fill=1)
    for at in (x0, x1):
        sketch.canvas.rect(at - pen / 2, y0, pen, y1 - y0, stroke=0, fill=1)


def heading(sketch: Sketch, y: float, words: str) -> None:
    sketch.canvas.setFont("Helvetica-Bold", 11)
    sketch.canvas.drawString(54, y, words)


def table(sketch: Sketch, x: float, y: float, rows: list[tuple[str, str]]) -> None:
    for i, (letter, value) in enumerate([("Dimensions", "Value (in mm)"), *rows]):
        sketch.text(x, y - 14 * i, letter)
        sketch.text(x + 70, y - 14 * i, value)


def land(sketch: Sketch, package: str | None = None) -> LandPattern:
    found = extract([sketch.pdf()], ReadingRequest(package)).land_pattern
    assert found is not None
    return found


def sizes(found: LandPattern) -> list[tuple[float, float, float | None, float | None]]:
    return sorted((round(p.x, 2), round(p.y, 2), p.w, p.h) for p in found.pads)


def three_pads(sketch: Sketch, off: float = 0.0) -> None:
    """Three pads painted by their sides, two below and one above, `off` the middle by so many mm as it is drawn."""
    for x, y in ((-0.95, 1.0), (0.95, 1.0), (off, -1.0)):
        bars(sketch, x, y, 0.8, 0.9)
    sketch.across(-1.35, -0.55, 2.1, "X")
    sketch.along(-1.45, 1.45, -2.2, "Z")
    sketch.along(-1.45, -0.55, 1.2, "Y")
    sketch.along(-1.0, 1.0, 2.1, "C")


THREE = [(-0.95, 1.0, 0.8, 0.9), (0.0, -1.0, 0.8, 0.9), (0.95, 1.0, 0.8, 0.9)]
LETTERS = [("Z", "2.9"), ("X", "0.8"), ("Y", "0.9"), ("C", "2.0"), ("E", "0.95")]


def test_pads_painted_by_their_sides_are_pads() -> None:
    sketch = Sketch(34.0, (220.0, 560.0))
    heading(sketch, 700, "Suggested Pad Layout")
    three_pads(sketch)
    sketch.across(0.0, 0.95, -2.0, "E")
    table(sketch, 420, 600, LETTERS)
    assert sizes(land(sketch)) == THREE


def test_the_middle_one_of_three_stands_in_the_middle_though_a_hand_drew_it_beside() -> None:
    sketch = Sketch(34.0, (220.0, 560.0))
    heading(sketch, 700, "Suggested Pad Layout")
    three_pads(sketch, off=0.02)
    sketch.across(0.02, 1.35, -2.0, "E")
    table(sketch, 420, 600, [*LETTERS[:4], ("E", "1.35")])
    assert sizes(land(sketch)) == THREE


def test_a_dimension_may_run_to_the_outer_side_of_a_thick_line() -> None:
    sketch = Sketch(34.0, (220.0, 560.0))
    heading(sketch, 700, "Suggested Pad Layout")
    for x in (-2.0, 2.0):
        bars(sketch, x, 0, 1.0, 1.0)
    sketch.across(-2.53, -1.47, 1.4, "X")
    sketch.along(-0.53, 0.53, -3.4, "Y")
    sketch.across(-2.0, 2.0, -1.4, "C")
    table(sketch, 420, 600, [("X", "0.55"), ("Y", "0.80"), ("C", "4.00")])
    assert sizes(land(sketch)) == [(-2.0, 0.0, 0.55, 0.8), (2.0, 0.0, 0.55, 0.8)]


def test_a_heading_of_a_section_names_the_figure_below_it_though_the_one_above_is_nearer() -> None:
    sketch = Sketch(20.0, (220.0, 590.0))
    heading(sketch, 720, "Package Outline Dimensions")
    for x in (-1.9, -0.0, 1.9):
        sketch.rect(x, 1.4, 0.7, 1.1)
    sketch.rect(0.0, 0.0, 5.2, 1.7)
    sketch.across(-2.6, 2.6, -1.6, "5.20±0.1")
    sketch.along(-0.85, 0.85, -3.4, "1.70±0.1")
    heading(sketch, 525, "Suggested Pad Layout")
    sketch.at = (220.0, 380.0)
    three_pads(sketch)
    sketch.across(0.0, 0.95, -2.0, "E")
    table(sketch, 420, 430, LETTERS)
    assert sizes(land(sketch)) == THREE


def two_sizes(sketch: Sketch) -> Sketch:
    """One layout for each of two packages, under the name of each."""
    heading(sketch, 740, "Suggested Pad Layout")
    for name, y, (pitch, width) in (("SOT563", 640, (1.5, 0.5)), ("TSOT26 (Standard)", 400, (1.9, 0.7))):
        sketch.at = (220.0, y)
        sketch.text(250, y + 75, name, 8)
        for x in (-pitch, 0.0, pitch):
            for side in (-1.1, 1.1):
                sketch.rect(x, side, width, 1.0)
        sketch.across(-pitch, 0.0, -2.1, "C")
        sketch.across(-width / 2, width / 2, 2.1, "X")
        sketch.along(0.6, 1.6, 3.0, "Y")
        sketch.along(-1.6, 1.6, -3.2, "Y1")
        table(sketch, 420, y + 40, [("C", str(pitch)), ("X", str(width)), ("Y", "1.0"), ("Y1", "3.2")])
    return sketch


@pytest.mark.parametrize(("package", "width"), [("SOT563", 0.5), ("TSOT26", 0.7)])
def test_the_name_over_a_figure_chooses_the_pattern(package: str, width: float) -> None:
    found = land(two_sizes(Sketch(20.0)), package)
    assert [(p.w, p.h) for p in found.pads] == [(width, 1.0)] * 6


@pytest.mark.parametrize("values", [("2.900/0.114", "0.800/0.031", "0.900/0.035", "2.000/0.079", "0.950/0.037"),
                                    ("2.9", "0.8", "0.9", "2.0", "0.95")])  # fmt: skip
def test_a_table_of_letters_may_run_from_left_to_right(values: tuple[str, ...]) -> None:
    sketch = Sketch(34.0, (220.0, 560.0))
    heading(sketch, 700, "Suggested Pad Layout")
    three_pads(sketch)
    sketch.across(0.0, 0.95, -2.0, "E")
    sketch.text(100, 400, "Dimensions")
    sketch.text(100, 380, "Value")
    for i, (letter, value) in enumerate(zip("ZXYCE", values, strict=True)):
        sketch.text(170 + 70 * i, 406, letter)
        sketch.text(170 + 70 * i, 394, "(mm)/(inch)" if "/" in value else "(mm)")
        sketch.text(170 + 70 * i, 380, value)
    assert sizes(land(sketch)) == THREE


def test_names_under_figures_are_their_captions() -> None:
    """Reflow over wave, each figure with its caption under it: the first caption heads no second figure."""
    sketch = Sketch(20.0)
    for words, y, pitch in (
        ("Reflow soldering footprint SOT363", 640, 1.3),
        ("Wave soldering footprint SOT363", 380, 1.9),
    ):
        sketch.at = (250.0, y)
        for x in (-pitch, 0.0, pitch):
            for side in (-1.1, 1.1):
                sketch.rect(x, side, 0.7, 1.0)
        sketch.across(-pitch, 0.0, -2.1, f"{pitch:.2f}")
        sketch.across(pitch - 0.35, pitch + 0.35, 2.1, "0.70 (6x)")
        sketch.along(0.6, 1.6, 3.6, "1.00 (6x)")
        sketch.along(-1.6, 1.6, -3.6, "3.20")
        sketch.canvas.rect(130, y - 65, 240, 130)
        sketch.text(250, y - 75, words, 8)
    assert {round(abs(p.x), 2) for p in land(sketch, "SOT363").pads} == {0.0, 1.3}
