"""One drawing for many connectors: a table or a formula says what the part asked for has."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.families import families
from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.request import ReadingRequest

STEP = 2.0


def outline_page(sketch: Sketch) -> None:
    """Front and side view of the header with four contacts, and its table."""
    sketch.text(120, 740, "Side entry type", 14)
    sketch.rect(-5.0, -6, 9.0, 5.5)
    sketch.across(-8.0, -2.0, -1.4, "A")
    sketch.across(-9.5, -0.5, 0.2, "B")
    sketch.rect(5.8, -6, 7.6, 5.5)
    sketch.canvas.line(*sketch.point(8.0, -8.75), *sketch.point(8.0, -3.25))
    sketch.across(2.0, 8.0, -1.4, "6")
    sketch.across(8.0, 9.6, -0.2, "1.6")
    sketch.along(-8.75, -3.25, 1.0, "5.5")
    for x, head in ((130, "circuits"), (210, "Part No."), (300, "A"), (370, "B")):
        sketch.text(x, 300, head)
    for row, count in enumerate(range(2, 8)):
        cells = (str(count), f"XS{count}B-SM", f"{STEP * (count - 1):.1f}", f"{STEP * (count - 1) + 5.9:.1f}")
        for x, cell in zip((130, 210, 300, 370), cells, strict=True):
            sketch.text(x, 284 - 14 * row, cell)


def land_page(sketch: Sketch) -> None:
    """Three of the contacts between two tabs, dimensioned from the face of the part; the right one is the first."""
    sketch.text(300, 740, "Recommended PC board layout", 14)
    for x in (-STEP, 0.0, STEP):
        sketch.rect(x, 2.0, 1.0, 3.0)
    for side in (-1, 1):
        sketch.rect(side * (STEP + 1.6 + 0.75), -3.0, 1.5, 3.4)
    sketch.across(-STEP, 0.0, 5.0, "2.0")
    sketch.across(-STEP - 0.5, -STEP + 0.5, 6.5, "1.0")
    sketch.across(-STEP - 1.6, -STEP, -6.0, "1.6")
    sketch.across(-STEP - 3.1, -STEP - 1.6, -7.5, "1.5")
    sketch.along(-4.7, -1.3, -7.0, "3.4")
    sketch.along(-4.7, -4.5, -9.0, "0.2")
    sketch.along(-4.5, 0.5, 7.0, "5.0 max.")
    sketch.along(-4.5, 3.5, 9.5, "8.0 min.")
    sketch.text(*sketch.point(6.0, 8.0), "Circuit No.1")
    x, y = sketch.point(6.0, 7.8)
    sketch.canvas.line(x, y, *sketch.point(STEP + 0.1, 3.6))


@pytest.fixture(scope="module")
def datasheet() -> bytes:
    sketch = Sketch(scale=20.0)
    outline_page(sketch)
    sketch.page()
    land_page(sketch)
    return sketch.pdf()


@pytest.mark.parametrize("package", ["XS connector, 5 circuits", "XS5B-SM"])
def test_a_row_of_contacts_gets_as_many_as_the_part_asked_for_has(datasheet: bytes, package: str) -> None:
    result = extract([datasheet], ReadingRequest(package, 1, 2))
    assert result.land_pattern is not None
    pads = [(p.number, round(p.x, 2), round(p.y, 2), p.w, p.h) for p in result.land_pattern.pads]
    row = [(str(i + 1), 4.0 - STEP * i, 2.5, 1.0, 3.0) for i in range(5)]
    assert pads == [*row, ("MP", -6.35, -2.5, 1.5, 3.4), ("MP", 6.35, -2.5, 1.5, 3.4)]


def test_the_body_takes_its_letters_from_the_row_of_the_part(datasheet: bytes) -> None:
    body = extract([datasheet], ReadingRequest("XS7B-SM", 1, 2)).body
    assert (body.length.nom, body.width.nom, body.height.nom) == (17.9, 7.6, 5.5)
    assert (body.length.printed, body.width.formula, body.width.status) == ("17.9", "6 + 1.6", "derived")


def test_a_family_of_which_no_part_is_asked_for_needs_review(datasheet: bytes) -> None:
    result = extract([datasheet], ReadingRequest("XS connector", 1, 2))
    assert any("family" in r.reason for r in result.needs_review)
    assert result.land_pattern is None or all(p.confidence < 0.9 for p in result.land_pattern.pads)


@pytest.mark.parametrize(
    ("printed", "value", "letter"),
    [
        ("1.25 x (n - 1)", 5.0, ""),
        ("(N-1)×1.25=A", 5.0, "A"),
        ("B = 2.5 x (n-1) + 3.1", 13.1, "B"),
        ("1.25 x 4", None, ""),
    ],
)
def test_a_formula_is_worked_out_for_the_number_of_circuits(printed: str, value: float | None, letter: str) -> None:
    found = families.steps(Word(printed, Box(0, 0, 60, 8)), 5)
    assert (found and found.value) == value
    assert found is None or found.symbol == letter
