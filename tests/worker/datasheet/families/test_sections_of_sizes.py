"""One page with several sizes of a part, each an outline, its terminals and its land pattern under a heading with the size."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest

SIZES = {"2.0 x 1.6": (1.5, 1.2, 0.9, 0.8), "2.5 x 2.0": (1.9, 1.5, 1.1, 1.0), "3.2 x 2.5": (2.2, 1.9, 1.4, 1.2)}


def four(sketch: Sketch, x: float, y: float, steps: tuple[float, float, float, float]) -> None:
    """Four pads around a place of the page in points, with both steps and both sizes."""
    across, along, wide, tall = steps
    sketch.at = (x, y)
    for a in (-across / 2, across / 2):
        for b in (-along / 2, along / 2):
            sketch.rect(a, b, wide, tall)
    sketch.across(-across / 2, across / 2, -2.2, f"{across:.2f}")
    sketch.across(across / 2 - wide / 2, across / 2 + wide / 2, 2.0, f"{wide:.2f}")
    sketch.along(-along / 2, along / 2, -2.8, f"{along:.2f}")
    sketch.along(along / 2 - tall / 2, along / 2 + tall / 2, 2.8, f"{tall:.2f}")


def sections() -> Sketch:
    sketch = Sketch(scale=22.0)
    sketch.text(160, 760, "6. Package Dimensions and Land Patterns", 14)
    for i, (size, steps) in enumerate(SIZES.items()):
        top = 735 - 235 * i
        sketch.text(160, top, f"6.{i + 1}. Package Outline: {size} mm 4-pin DFN", 12)
        sketch.at = (120, top - 110)
        length, width = (float(v) for v in size.split(" x "))
        sketch.rect(0, 0, length, width)
        sketch.across(-length / 2, length / 2, -2.2, f"{length:.2f}±0.15")
        sketch.along(-width / 2, width / 2, -2.6, f"{width:.2f}±0.15")
        four(sketch, 430, top - 110, steps)
    return sketch


@pytest.mark.parametrize("size", SIZES)
def test_the_size_asked_for_chooses_the_pattern(size: str) -> None:
    land = extract([sections().pdf()], ReadingRequest(f"{size} mm 4-pin DFN")).land_pattern
    assert land is not None
    across, along, wide, tall = SIZES[size]
    assert {(abs(p.x), abs(p.y), p.w, p.h) for p in land.pads} == {(across / 2, along / 2, wide, tall)}
    assert len(land.pads) == 4
