"""Tables that give each letter of a figure one value, and pages where two figures have letters of their own."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest


def two_pads(rows: list[list[str]], heads: list[list[str]], own_outline: bool = False) -> bytes:
    """Two pads of X by Y with a gap G and an extent C, whose values stand in a table right of them."""
    sketch = Sketch(scale=24.0, at=(170, 560))
    sketch.text(170, 680, "SUGGESTED PAD LAYOUT", 11)
    for x in (-1.875, 1.875):
        sketch.rect(x, 0, 1.25, 2.0)
    sketch.across(-2.5, 2.5, 2.2, "C")
    sketch.across(-1.25, 1.25, 1.6, "G")
    sketch.across(1.25, 2.5, -1.8, "X")
    sketch.along(-1.0, 1.0, 3.4, "Y")
    table(sketch, 640, heads, rows)
    if own_outline:
        sketch.at = (170, 300)
        sketch.text(170, 400, "PACKAGE OUTLINE DIMENSION", 11)
        sketch.rect(0, 0, 3.5, 1.5)
        sketch.across(-1.75, 1.75, 1.6, "C")
        sketch.along(-0.75, 0.75, 2.6, "Y")
        table(
            sketch, 340, [["DIM.", "Unit (mm)", ""], ["", "Min", "Max"]], [["C", "3.30", "3.70"], ["Y", "1.40", "1.60"]]
        )
    return sketch.pdf()


def table(sketch: Sketch, top: float, heads: list[list[str]], rows: list[list[str]]) -> None:
    for line, cells in enumerate([*heads, *rows]):
        for x, cell in zip((400, 470, 540), cells, strict=False):
            sketch.text(x, top - 14 * line, cell)


LETTERS = [["C", "5.00"], ["G", "2.50"], ["X", "1.25"], ["Y", "2.00"]]


@pytest.mark.parametrize(
    ("heads", "rows"),
    [
        ([["Dimensions", "Value (in mm)"]], LETTERS),
        ([["DIM.", "Unit (mm)", "Unit (inch)"], ["", "Typ.", "Typ."]],
         [["C", "5.00", "0.197"], ["G", "2.50", "0.098"], ["X", "1.25", "0.049"], ["Y", "2.00", "0.079"]]),
        ([["Symbol", "inches"]], [["C", "0.1969"], ["G", "0.0984"], ["X", "0.0492"], ["Y", "0.0787"]]),
    ],
    ids=["one value", "millimetres and inches", "inches alone"],
)  # fmt: skip
def test_a_letter_has_the_one_value_of_its_row(heads: list[list[str]], rows: list[list[str]]) -> None:
    land = extract([two_pads(rows, heads)], ReadingRequest()).land_pattern
    assert land is not None
    found = [(abs(p.x), p.w or 0.0, p.h or 0.0) for p in land.pads]
    assert len(found) == 2
    assert all(pad == pytest.approx((1.875, 1.25, 2.0), abs=0.003) for pad in found)


def test_cells_with_inches_under_their_millimetres_say_their_unit_themselves() -> None:
    """The head of the values is the name of a package; the unit stands in a legend below. One cell is printed wrong."""
    sketch = Sketch(scale=24.0, at=(170, 560))
    sketch.text(170, 680, "PRODUCT DIMENSIONS", 11)
    sketch.rect(0, 0, 4.2, 2.6)
    sketch.across(-2.1, 2.1, -2.0, "A")
    sketch.along(-1.3, 1.3, -3.2, "B")
    sketch.rect(0, 5.0, 4.2, 2.3)
    sketch.along(3.85, 6.15, -3.2, "G")
    table(sketch, 640, [["Dimension", "SMX (DO-214AC)"]], [])
    rows = (
        ("A", "3.99 - 4.57", "(0.157 - 0.180)"), ("B", "2.29 - 2.92", "(0.090 - 0.115)"), ("D", "0.15 - 0.31", "(0.006 - 0.112)"),
        ("F", "0.05 - 0.20", "(0.002 - 0.008)"), ("G", "1.98 - 2.62", "(0.078 - 0.103)"),
    )  # fmt: skip
    for i, (letter, mm, inches) in enumerate(rows):
        for x, y, cell in ((400, 0, letter), (470, 5, mm), (470, -5, inches)):
            sketch.text(x, 620 - 22 * i + y, cell)
    body = extract([sketch.pdf()], ReadingRequest()).body
    assert [(v.min, v.max) for v in (body.length, body.width, body.height)] == [
        (3.99, 4.57),
        (2.29, 2.92),
        (1.98, 2.62),
    ]


def test_letters_of_two_figures_mean_the_table_beside_each() -> None:
    land = extract(
        [two_pads(LETTERS, [["Dimensions", "Value (in mm)"]], own_outline=True)], ReadingRequest()
    ).land_pattern
    assert land is not None
    assert {(abs(p.x), p.w, p.h) for p in land.pads} == {(1.875, 1.25, 2.0)}


def test_a_table_without_a_unit_gives_no_lengths() -> None:
    land = extract([two_pads(LETTERS, [["Symbol", "Rating"]])], ReadingRequest()).land_pattern
    assert land is None or all(p.w is None for p in land.pads)


@pytest.mark.parametrize(
    "heads",
    [[["Dimensions", "Value (in mm)"]], [["DIM.", "mm", "inch"]]],
    ids=["one value", "millimetres and inches"],
)
def test_a_letter_has_the_limits_of_its_row(heads: list[list[str]]) -> None:
    sketch = Sketch(scale=24.0, at=(170, 560))
    sketch.text(170, 680, "PACKAGE OUTLINE", 11)
    sketch.rect(0, 0, 4.0, 2.0)
    sketch.across(-2.0, 2.0, 1.8, "A")
    sketch.along(-1.0, 1.0, 3.0, "B")
    sketch.rect(0, 5.0, 4.0, 1.2)
    sketch.along(4.4, 5.6, 3.0, "C")
    inches = (["0.157 ± 0.008"], ["0.079 ± 0.004"], ["0.05 max."]) if len(heads[0]) == 3 else ([], [], [])
    values = ("4.0 ± 0.2", "2.0 ± 0.1", "1.27 max.")
    table(sketch, 640, heads, [[letter, mm, *inch] for letter, mm, inch in zip("ABC", values, inches, strict=True)])
    body = extract([sketch.pdf()], ReadingRequest()).body
    found = [(v.min, v.nom, v.max) for v in (body.length, body.width, body.height)]
    assert found == [(3.8, 4.0, 4.2), (1.9, 2.0, 2.1), (None, None, 1.27)]
