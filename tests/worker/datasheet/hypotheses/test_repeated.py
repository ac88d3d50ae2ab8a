"""One title over the land patterns of two parts, each with its own numbers: the name over a pattern chooses."""

from __future__ import annotations

import pytest

from db.documents.kinds.datasheet import DatasheetResult
from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest


def four(sketch: Sketch, at: tuple[float, float], name: str, h: float) -> None:
    """Four pads of 1.4 x `h` mm, 2.2 mm apart along x and 1.6 mm along y, under the name of a part."""
    sketch.at = at
    for x in (-1.1, 1.1):
        for y in (-0.8, 0.8):
            sketch.rect(x, y, 1.4, h)
    sketch.across(-1.1, 1.1, -1.8, "2.2")
    sketch.across(0.4, 1.8, 1.9, "1.4")
    sketch.along(-0.8, 0.8, -2.4, "1.6")
    sketch.along(0.8 - h / 2, 0.8 + h / 2, 2.4, f"{h:.2f}")
    sketch.text(at[0], at[1] + 58, name)


def crystals() -> Sketch:
    sketch = Sketch(scale=22.0)
    sketch.text(300, 700, "Footprint (Recommended) Unit: mm", 11)
    four(sketch, (150, 560), "XT-238", 1.2)
    four(sketch, (430, 560), "XTL-3225", 1.15)
    return sketch


def read(sketch: Sketch, package: str | None) -> DatasheetResult:
    return extract([sketch.pdf()], ReadingRequest(package))


@pytest.mark.parametrize(("package", "height"), [("XT-238", 1.2), ("XTL-3225", 1.15)])
def test_the_name_over_a_pattern_chooses_it(package: str, height: float) -> None:
    result = read(crystals(), package)
    assert result.land_pattern is not None
    found = sorted((p.x, p.y, p.w, p.h) for p in result.land_pattern.pads)
    assert found == [(x, y, 1.4, height) for x in (-1.1, 1.1) for y in (-0.8, 0.8)]


def test_without_a_name_neither_is_sure() -> None:
    result = read(crystals(), None)
    assert result.land_pattern is not None
    assert len(result.land_pattern.pads) == 4
    assert all(p.confidence < 0.9 for p in result.land_pattern.pads)
    assert any("about as likely" in r.reason for r in result.needs_review)


@pytest.mark.parametrize("numbers", [True, False])
def test_two_rows_with_their_own_numbers_are_one_pattern(numbers: bool) -> None:
    """Also where the number between the rows cannot be read: a half of a part is no pattern."""
    sketch = Sketch(scale=22.0)
    sketch.text(300, 700, "RECOMMENDED LAND PATTERN (mm)", 11)
    for y in (-2.0, 2.0):
        for x in (-1.5, -0.5, 0.5, 1.5):
            sketch.rect(x, y, 0.6, 1.2)
        sketch.across(-1.5, -0.5, y * 2.0, "1.00")
        sketch.across(1.2, 1.8, y * 1.7, "0.60")
        sketch.along(y - 0.6, y + 0.6, 3.0, "1.20")
    sketch.along(-2.0, 2.0, -4.0, "4.00" if numbers else "Y")
    land = read(sketch, None).land_pattern
    assert land is not None
    assert len(land.pads) == 8
