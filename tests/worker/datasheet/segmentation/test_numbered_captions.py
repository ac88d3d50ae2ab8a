"""Numbered captions stand under their figures: one between two figures names the upper; ruled lines part figures as well."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest


def pattern(sketch: Sketch, at: tuple[float, float], step: float, w: float, h: float) -> None:
    sketch.at = at
    for x, y in ((-step / 2, -1.0), (step / 2, -1.0), (0.0, 1.0)):
        sketch.rect(x, y, w, h)
    sketch.across(-step / 2, step / 2, -2.2, f"{step:.2f}")
    sketch.across(-w / 2, w / 2, 2.2, f"3X {w:.2f}")
    sketch.along(-1.0, 1.0, 2.8, "2.00")
    sketch.along(1.0 - h / 2, 1.0 + h / 2, -2.8, f"3X {h:.2f}")


def soldering(ruled: bool, names: tuple[str, str], numbers: bool = True) -> Sketch:
    """Two footprints over each other, the caption of the upper one nearer to the lower one."""
    sketch = Sketch(scale=26.0)
    pattern(sketch, (250, 640), 1.9, 0.6, 0.7)
    sketch.text(250, 536, f"{'Fig 11. ' * numbers}{names[0]}", 9)
    pattern(sketch, (250, 450), 2.2, 1.2, 1.4)
    sketch.text(250, 340, f"{'Fig 12. ' * numbers}{names[1]}", 9)
    if ruled:
        sketch.canvas.rect(60, 330, 480, 400)
        sketch.canvas.line(60, 529, 540, 529)
    return sketch


@pytest.mark.parametrize("ruled", [True, False])
def test_the_caption_between_two_figures_names_the_upper_one(ruled: bool) -> None:
    names = ("Reflow soldering footprint", "Wave soldering footprint")
    land = extract([soldering(ruled, names).pdf()], ReadingRequest()).land_pattern
    assert land is not None
    assert {(p.w, p.h) for p in land.pads} == {(0.6, 0.7)}


def test_a_ruled_line_parts_a_caption_without_a_number_from_the_next_figure() -> None:
    names = ("Reflow soldering footprint", "Wave soldering footprint")
    land = extract([soldering(True, names, numbers=False).pdf()], ReadingRequest()).land_pattern
    assert land is not None
    assert {(p.w, p.h) for p in land.pads} == {(0.6, 0.7)}


@pytest.mark.parametrize(("package", "size"), [("SOT23", (0.6, 0.7)), ("SOT323", (1.2, 1.4))])
def test_a_caption_with_the_package_asked_for_goes_before_one_with_another(
    package: str, size: tuple[float, float]
) -> None:
    names = ("Recommended footprint SOT23 (TO-236AB)", "Recommended footprint SOT323 (SC-70)")
    land = extract([soldering(True, names).pdf()], ReadingRequest(package)).land_pattern
    assert land is not None
    assert {(p.w, p.h) for p in land.pads} == {size}
