"""Land patterns of several parts in one ruled frame: each is measured by its own numbers, and the name at it chooses."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.hypotheses.test_repeated import read
from tests.worker.datasheet.sketch import Sketch

PARTS = {
    "KX-30": (2.4, 1.9, 1.2),
    "KX-30B": (2.2, 1.6, 1.2),
    "KY-3225": (2.2, 1.6, 1.15),
}  # steps along x and y, height


def four(sketch: Sketch, at: tuple[float, float], name: str) -> None:
    """Four painted pads of one part with a bullet before its name."""
    across, along, tall = PARTS[name]
    sketch.at = at
    for x in (-across / 2, across / 2):
        for y in (-along / 2, along / 2):
            sketch.rect(x, y, 1.4, tall)
    sketch.across(-across / 2, across / 2, -2.1, f"{across}")
    sketch.across(across / 2 - 0.7, across / 2 + 0.7, 2.0, "1.4")
    sketch.along(-along / 2, along / 2, -2.6, f"{along}")
    sketch.along(along / 2 - tall / 2, along / 2 + tall / 2, 2.6, f"{tall}")
    sketch.text(at[0], at[1] + 62, name)
    sketch.canvas.circle(at[0] - 30, at[1] + 62, 2.4, fill=1)


def framed() -> Sketch:
    sketch = Sketch(scale=16.0)
    sketch.text(300, 700, "Footprint (Recommended) Unit: mm", 11)
    for i, name in enumerate(PARTS):
        four(sketch, (110 + 185 * i, 560), name)
    sketch.canvas.rect(30, 480, 550, 170)
    for x in (202, 387):  # ticks on the frame tie all patterns together
        sketch.canvas.line(x - 60, 560, x + 60, 560)
    return sketch


@pytest.mark.parametrize("name", PARTS)
def test_the_name_at_a_pattern_chooses_it_with_its_own_numbers(name: str) -> None:
    across, along, tall = PARTS[name]
    land = read(framed(), name).land_pattern
    assert land is not None
    found = {(round(abs(p.x), 3), round(abs(p.y), 3), p.w, p.h) for p in land.pads}
    assert len(land.pads) == 4
    assert found == {(across / 2, along / 2, 1.4, tall)}


def test_rows_that_a_number_joins_are_one_pattern() -> None:
    """Four rows of pads with a pitch and a size each, and the number between the middle ones."""
    sketch = Sketch(scale=22.0, at=(300, 450))
    sketch.text(300, 700, "RECOMMENDED LAND PATTERN (mm)", 11)
    for y in (-3.0, -1.0, 1.0, 3.0):
        for x in (-1.5, 0.0, 1.5):
            sketch.rect(x, y, 0.6, 1.2)
    for y, at in ((-3.0, -4.4), (3.0, 4.4)):
        sketch.across(-1.5, 0.0, at, "1.50")
        sketch.across(-0.3, 0.3, at * 1.2, "0.60")
        sketch.along(y - 0.6, y + 0.6, 3.0, "1.20")
        sketch.along(min(y, y / 3), max(y, y / 3), 4.2, "2.00")
    sketch.along(-1.0, 1.0, -3.2, "2.00")
    land = read(sketch, None).land_pattern
    assert land is not None
    assert len(land.pads) == 12
