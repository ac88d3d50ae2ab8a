"""Which part of a page belongs to the heading that names the package."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest


def test_a_heading_in_the_middle_stands_over_figures_from_margin_to_margin() -> None:
    """The side of the body is dimensioned left of where the heading begins; the side view is drawn thicker than it is."""
    sketch = Sketch(24.0, (200.0, 480.0))
    sketch.text(306, 740, "PACKAGE DESCRIPTION", 12)
    sketch.text(306, 700, "UX Package 28-Lead Plastic QFN", 12)
    sketch.text(500, 640, "BOTTOM VIEW", 12)
    sketch.rect(0, 0, 4.0, 5.0)
    sketch.across(-2.0, 2.0, -3.0, "4.00 ±0.10")
    sketch.along(-2.5, 2.5, -4.4, "5.00 ±0.10")
    sketch.rect(4.0, 0, 1.2, 5.0)
    sketch.across(3.4, 4.6, -3.0, "0.75 ±0.05")
    sketch.rect(4.5, 0, 0.2, 5.0)
    sketch.across(4.4, 4.6, 3.2, "0.200 REF")
    sketch.rect(9.0, 0, 4.0, 5.0)
    sketch.rect(9.0, 0, 2.5, 3.5)
    sketch.across(7.75, 10.25, -3.0, "2.50 REF")
    sketch.along(-1.75, 1.75, 6.6, "3.50 REF")
    body = extract([sketch.pdf()], ReadingRequest("UX 28-Lead Plastic QFN")).body
    assert [v.nom for v in (body.length, body.width, body.height)] == [5.0, 4.0, 0.75]


@pytest.mark.parametrize(("asked", "sides"), [("SOT416 (SC-75)", [1.2, 0.6]), ("SOT883 (SC-101)", [1.6, 0.8])])
def test_a_caption_in_a_frame_is_none_of_the_frame_below(asked: str, sides: list[float]) -> None:
    sketch = Sketch(40.0)
    for top, name, (w, h) in ((660, "SOT416 (SC-75)", (1.2, 0.6)), (480, "SOT883 (SC-101)", (1.6, 0.8))):
        sketch.canvas.rect(150, top - 180, 330, 180)
        sketch.text(250, top - 172, f"Package outline {name}", 8)
        sketch.at = (300.0, top - 80)
        sketch.rect(0, 0, w, h)
        sketch.across(-w / 2, w / 2, -h / 2 - 0.8, f"{w:.2f}")
        sketch.along(-h / 2, h / 2, -w / 2 - 0.8, f"{h:.2f}")
        sketch.rect(w / 2 + 0.6, 0, 0.4, h)
        sketch.across(w / 2 + 0.4, w / 2 + 0.8, -h / 2 - 0.8, "0.40")
        sketch.rect(0, 0, w / 2, h / 2)
        sketch.across(-w / 4, w / 4, h / 2 + 0.4, f"{w / 2:.2f}")
    body = extract([sketch.pdf()], ReadingRequest(asked)).body
    assert [body.length.nom, body.width.nom] == sides


@pytest.mark.parametrize(("asked", "length"), [("SOT563 (Standard)", 1.6), ("TSOT26 (Standard)", 2.9)])
def test_the_table_under_the_name_of_the_package_gives_its_letters(asked: str, length: float) -> None:
    sketch = Sketch()
    sketch.text(200, 740, "Package Outline Dimensions", 12)
    for top, name, d in ((700, "SOT563 (Standard)", 1.6), (400, "TSOT26 (Standard)", 2.9)):
        rows = ((name,), ("Dim", "Min", "Max", "Typ"), *((s, *(f"{v + o:.2f}" for o in (-0.1, 0.1, 0.0)))
                for s, v in (("A", 0.8), ("D", d), ("E", d * 0.9), ("L", 0.4))))  # fmt: skip
        for i, cells in enumerate(rows):
            for x, cell in zip((400, 440, 480, 520), cells, strict=False):
                sketch.text(x, top - 14 * i, cell)
    body = extract([sketch.pdf()], ReadingRequest(asked)).body
    assert body.length.nom == length


def test_notes_give_the_letters_of_a_figure_their_limits() -> None:
    sketch = Sketch(40.0)
    sketch.text(200, 740, "PACKAGE OUTLINE", 12)
    sketch.rect(0, 0, 1.6, 1.2)
    sketch.across(-0.8, 0.8, -1.6, "D")
    sketch.along(-0.6, 0.6, 1.6, "E")
    sketch.text(450, 300, "D: Max = 1.648 mm, Min =1.588 mm")
    sketch.text(450, 280, "E: Max = 1.248 mm, Min =1.188 mm")
    body = extract([sketch.pdf()], ReadingRequest()).body
    assert [(v.min, v.max) for v in (body.length, body.width)] == [(1.588, 1.648), (1.188, 1.248)]
