"""Pages with several figures: only the one under the title of a land pattern gives pads."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest
from worker.datasheet.search.titles import land_caption
from worker.datasheet.segmentation.captions import CIRCUIT, CUTOUT, LAND, MASK, OUTLINE, STENCIL, TAPE, kind_of


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
        ("SOLDER MASK DETAILS", MASK),
        ("RECOMMENDED PANEL CUTOUT", CUTOUT),
        ("Package Dimensions Of Tape And Reel", TAPE),
        ("CIRCUIT DIAGRAM", CIRCUIT),
        ("Circuit No.1", None),
        ("<Single circuit>", None),
        ("TOP VIEW", OUTLINE),
        ("RECOMMENDED SOLDERING TEMPERATURE", None),
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
