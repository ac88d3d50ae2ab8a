"""Pages with several figures: only the one under the title of a land pattern gives pads."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.drawing import drawing
from worker.datasheet.extract import extract
from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.page import pages as pages_of
from worker.datasheet.request import ReadingRequest
from worker.datasheet.search.titles import land_caption
from worker.datasheet.segmentation.candidates import candidates
from worker.datasheet.segmentation.captions import (
    CIRCUIT,
    CUTOUT,
    LAND,
    MASK,
    OUTLINE,
    STENCIL,
    TAPE,
    captions_of,
    kind_of,
)
from worker.datasheet.segmentation.figure import figures_of


def pads(sketch: Sketch, at: tuple[float, float], numbers: bool) -> None:
    """Four pads of 1.0 x 0.5 mm, 3.0 mm apart along x and 1.2 mm along y."""
    sketch.at = at
    for x in (-1.5, 1.5):
        for y in (-0.6, 0.6):
            sketch.rect(x, y, 1.0, 0.5)
    if numbers:
        sketch.across(-2.0, 2.0, -1.8, "4.00")
        sketch.across(-1.0, 1.0, 1.8, "2.00")
        sketch.along(-0.6, 0.6, 3.2, "1.20")
        sketch.along(-0.85, -0.35, -3.2, "0.50")


def halves(frame: bool) -> Sketch:
    """An outline with four equal leads at the left, the footprint at the right, in the halves of a ruled frame."""
    sketch = Sketch(scale=22.0)
    if frame:
        sketch.canvas.rect(50, 330, 512, 260)
        sketch.canvas.line(306, 330, 306, 590)
    sketch.text(180, 602, "Figure 1. Package outline", 10)
    sketch.text(435, 602, "Figure 2. Recommended footprint", 10)
    pads(sketch, (180, 460), numbers=False)
    sketch.rect(0, 0, 2.4, 3.0)
    sketch.across(-1.2, 1.2, -2.4, "2.40")
    sketch.along(-1.5, 1.5, 3.0, "3.00")
    pads(sketch, (440, 460), numbers=True)
    return sketch


@pytest.mark.parametrize("frame", [True, False])
def test_an_outline_beside_the_footprint_gives_no_pads(frame: bool) -> None:
    land = extract([halves(frame).pdf()], ReadingRequest()).land_pattern
    assert land is not None
    found = sorted((round(p.x, 2), round(p.y, 2), p.w, p.h) for p in land.pads)
    assert found == [(x, y, 1.0, 0.5) for x in (-1.5, 1.5) for y in (-0.6, 0.6)]


def test_a_heading_names_the_figure_under_it_though_the_one_over_it_is_nearer() -> None:
    sketch = Sketch(scale=22.0)
    sketch.canvas.setFont("Helvetica", 10)
    sketch.canvas.drawString(210, 720, "PACKAGE DIMENSIONS")
    sketch.at = (300, 600)
    sketch.rect(0, 0, 2.4, 3.0)
    for x in (-1.5, 1.5):
        sketch.rect(x, 0, 0.6, 0.9)
    sketch.across(-1.2, 1.2, -2.4, "2.40")
    sketch.along(-1.5, 1.5, 3.0, "3.00")
    sketch.canvas.setFont("Helvetica", 10)
    sketch.canvas.drawString(210, 550, "RECOMMENDED SOLDERING PATTERN")
    pads(sketch, (300, 440), numbers=True)
    land = extract([sketch.pdf()], ReadingRequest()).land_pattern
    assert land is not None
    found = sorted((round(p.x, 2), round(p.y, 2), p.w, p.h) for p in land.pads)
    assert found == [(x, y, 1.0, 0.5) for x in (-1.5, 1.5) for y in (-0.6, 0.6)]


def test_the_painted_cells_of_a_table_are_no_pads() -> None:
    sketch = Sketch()
    sketch.text(300, 640, "PAD LAYOUT", 10)
    sketch.at = (300, 560)
    for x in (-1.1, 1.1):
        sketch.rect(x, 0, 1.0, 1.5)
    sketch.across(-0.6, 0.6, -1.4, "1.20")
    sketch.across(-1.6, -0.6, 1.4, "1.00")
    sketch.along(-0.75, 0.75, 2.6, "1.50")
    sketch.canvas.setFillGray(0.85)
    for column in range(8):
        for row in range(2):
            sketch.canvas.rect(180 + 30 * column, 488 - 12 * row, 30, 12, stroke=0, fill=1)
    sketch.canvas.setFillGray(0)
    book = pages_of.open_book([sketch.pdf()])
    found = candidates(drawing.interpret(pages_of.read_sheet(book, 1), "auto", None))
    book.close()
    assert [(s.box.width, s.box.height) for s in found] == [(30.0, 45.0)] * 2


def test_the_bullet_before_a_heading_is_not_what_it_names() -> None:
    sketch = Sketch(scale=22.0)
    for y, words in ((720, "SHAPE & DIMENSIONS"), (560, "RECOMMENDED LAND PATTERN"), (300, "TAPE DIMENSIONS")):
        sketch.canvas.setFont("Helvetica", 10)
        sketch.canvas.rect(196, y - 2, 8, 8, fill=1)
        sketch.canvas.drawString(210, y, words)
    pads(sketch, (300, 460), numbers=True)
    book = pages_of.open_book([sketch.pdf()])
    named = [
        f.kind for f in figures_of(drawing.interpret(pages_of.read_sheet(book, 1), "auto", None)) if len(f.shapes) == 4
    ]
    book.close()
    assert named == [LAND]


def test_a_reel_under_the_land_pattern_gives_no_pads() -> None:
    sketch = Sketch(scale=22.0)
    sketch.text(300, 640, "RECOMMENDED LAND PATTERN", 10)
    pads(sketch, (300, 550), numbers=True)
    sketch.text(300, 400, "TAPE AND REEL", 10)
    sketch.at = (300, 300)
    for x in (-3.0, 0.0, 3.0):
        sketch.rect(x, 0, 1.0, 0.5)
        sketch.circle(x, -1.5, 0.8)
    sketch.across(-3.0, 0.0, 1.2, "4.00")
    result = extract([sketch.pdf()], ReadingRequest())
    assert result.land_pattern is not None
    assert len(result.land_pattern.pads) == 4


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("P.C.B LAND DIMENSION", LAND),
        ("P.C. MOUNTING", LAND),
        ("Example Board Layout", LAND),
        ("REC MMENDED M UNTING F TPRINT", LAND),
        ("Reflow soldering", LAND),
        ("Example Stencil Design (Note E)", STENCIL),
        ("SUGGESTED FOOTPRINT SOLDER PASTE THICKNESS OF 0.15 [mm] RECOMMENDED", LAND),
        ("SOLDER PASTE EXAMPLE", STENCIL),
        ("SOLDER MASK DETAILS", MASK),
        ("SOLDER MASK OPENING", None),  # what a leader says of a line of the figure
        ("RECOMMENDED PANEL CUTOUT", CUTOUT),
        ("Package Dimensions Of Tape And Reel", TAPE),
        ("CIRCUIT DIAGRAM", CIRCUIT),
        ("Circuit No.1", None),
        ("<Single circuit>", None),
        ("TOP VIEW", OUTLINE),
        ("RECOMMENDED SOLDERING TEMPERATURE", None),
        ("RECOMMENDED SOLDERING PATTERN (units : mm; tolerance : ± 0.1)", LAND),
    ],
)
def test_what_a_caption_names(text: str, kind: str | None) -> None:
    assert kind_of(text) == kind


def test_a_title_on_two_lines_names_a_land_pattern_and_a_table_of_contents_does_not() -> None:
    assert land_caption("Irms\nRecommended\nLand Pattern\n0.093") == "Land Pattern"
    assert not land_caption("9.3 Recommended land pattern ........ 27")
    assert not land_caption("For the recommended land pattern see our web page, which is kept up to date.")


def test_a_circuit_beside_the_land_pattern_gives_no_pads() -> None:
    """Both captions stand under their figures, that of the circuit nearer to the lands than their own."""
    sketch = Sketch(scale=22.0)
    pads(sketch, (400, 460), numbers=True)
    sketch.text(400, 380, "P.C.B LAND DIMENSION", 8)
    sketch.at = (262, 460)
    for x in (-1.2, 1.2):
        for y in (-0.6, 0.6):
            sketch.circle(x, y, 0.5)
        sketch.canvas.line(*sketch.point(x, -0.35), *sketch.point(x, 0.35))
    sketch.text(262, 425, "CIRCUIT DIAGRAM", 8)
    land = extract([sketch.pdf()], ReadingRequest()).land_pattern
    assert land is not None
    found = sorted((round(p.x, 2), round(p.y, 2), p.w, p.h) for p in land.pads)
    assert found == [(x, y, 1.0, 0.5) for x in (-1.5, 1.5) for y in (-0.6, 0.6)]


def six(sketch: Sketch, at: tuple[float, float], step: float) -> None:
    """Six shapes of 0.62 x 1.22 mm in rows 2.63 mm apart."""
    sketch.at = at
    for x in (-step, 0.0, step):
        for y in (-1.315, 1.315):
            sketch.rect(x, y, 0.62, 1.22)


def test_an_outline_with_terminals_like_the_pads_is_none_of_a_footprint_that_explains_itself() -> None:
    sketch = Sketch(scale=28.0)
    six(sketch, (120, 560), 0.95)
    sketch.text(120, 470, "RECOMMENDED SOLDER PAD LAYOUT", 6)
    sketch.across(-0.31, 0.31, -2.4, "0.62 MAX")
    sketch.across(-0.95, 0.0, 2.4, "0.95 REF")
    sketch.along(-1.925, 1.925, -2.6, "3.85 MAX")
    sketch.along(0.705, 1.925, 2.2, "1.22 REF")
    six(sketch, (480, 560), 1.3)
    sketch.rect(0, 0, 4.0, 1.9)
    sketch.across(-2.0, 2.0, -2.6, "2.90 BSC")
    sketch.along(-1.925, 1.925, -3.0, "2.80 BSC")
    sketch.across(0.0, 1.3, 2.6, "0.95 BSC")
    sketch.across(0.99, 1.61, 2.2, "0.30 - 0.45")
    for x in (-1.3, 0.0, 1.3):
        sketch.rect(x, 6.0, 0.62, 0.7)
    sketch.across(-1.3, 1.3, 6.9, "1.90 BSC")
    land = extract([sketch.pdf()], ReadingRequest()).land_pattern
    assert land is not None
    assert [(p.w, p.h) for p in land.pads] == [(0.62, 1.22)] * 6


def test_of_shapes_within_each_other_the_legend_makes_the_inner_ones_paste() -> None:
    sketch = Sketch(scale=30.0)
    sketch.text(300, 290, "Reflow soldering footprint", 9)
    for x in (-0.9, 0.9):
        sketch.rect(x, 0.0, 0.6, 0.4)
        for y in (-0.75, 0.75):
            sketch.rect(x, y, 0.6, 0.6)
            sketch.rect(x, y, 0.5, 0.5)
    sketch.across(-0.9, 0.9, 3.2, "1.80")
    sketch.along(-0.75, 0.75, -3.0, "1.50")
    sketch.across(-1.15, -0.65, 1.8, "0.5 (4x)")
    sketch.across(0.6, 1.2, 1.8, "0.6 (2x)")
    sketch.across(-1.2, -0.6, 2.5, "0.6 (4x)")
    sketch.along(-0.2, 0.2, 1.9, "0.4 (2x)")
    for line, words in enumerate(("solder lands", "solder paste")):
        sketch.text(500, 520 - 20 * line, words)
    land = extract([sketch.pdf()], ReadingRequest()).land_pattern
    assert land is not None
    assert {(p.w, p.h) for p in land.pads} == {(0.6, 0.6), (0.6, 0.4)}


def test_a_numbered_figure_with_an_abbreviated_word_has_a_caption() -> None:
    words = [
        Word(text, Box(100 + 40 * i, 300, 136 + 40 * i, 308), 0, 1.0, 8.0)
        for i, text in enumerate(("Fig.", "12.", "Reflow", "soldering", "footprint"))
    ]
    assert [c.kind for c in captions_of(words)] == [LAND]


def test_a_shape_like_a_pad_beyond_the_caption_of_the_pattern_is_of_another_figure() -> None:
    """What a mask looks like at one pad, drawn as large as the pad and in line with it."""
    sketch = Sketch(scale=22.0)
    pads(sketch, (300, 560), numbers=True)
    sketch.text(300, 480, "LAND PATTERN EXAMPLE", 8)
    sketch.text(300, 400, "SOLDER MASK DETAILS", 8)
    sketch.at = (300, 440)
    sketch.rect(-1.5, 0, 1.0, 0.5)
    land = extract([sketch.pdf()], ReadingRequest()).land_pattern
    assert land is not None
    assert sorted((round(p.x, 2), round(p.y, 2)) for p in land.pads) == [
        (x, y) for x in (-1.5, 1.5) for y in (-0.6, 0.6)
    ]
