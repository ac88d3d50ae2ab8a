"""A receptacle: contacts in a row with names of letters and numbers, plated slots of its shield behind them."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import ReadingRequest, extract

NAMES = ("A1 B12", "A5", "B7", "A6", "B6", "B1 A12")
PLACES = (-3.2, -1.2, -0.4, 0.4, 1.2, 3.2)


def _receptacle(miss: float) -> Sketch:
    """Six contacts and two slots; the dimension of their length ends so many mm beside the edge it means."""
    sketch = Sketch(scale=40.0, at=(300, 430))
    sketch.text(300, 650, "RECOMMENDED PCB LAYOUT (TOP VIEW)", 10)
    for x, name in zip(PLACES, NAMES, strict=True):
        sketch.rect(x, 0, 0.6 if " " in name else 0.3, 1.2)
        sketch.text(*sketch.point(x, -0.75), name, 5)
    for x in (-4.4, 4.4):
        sketch.oval(x, 2.0, 1.0, 1.8)
        sketch.oval(x, 2.0, 0.6, 1.4)
    sketch.across(-4.4, 4.4, -3.2, "8.80")
    sketch.across(-3.2, 3.2, -2.6, "6.40")
    sketch.across(-1.2, 1.2, -2.0, "2.40")
    sketch.across(-0.4, 0.4, -1.4, "0.80")
    sketch.across(-3.5, -2.9, 1.4, "2X 0.60")
    sketch.across(-1.35, -1.05, 1.4, "4X 0.30")
    sketch.along(-0.6, 0.6 + miss, 5.6, "6X 1.20")
    sketch.along(0.0, 2.0, 6.4, "2.00")
    sketch.along(1.1, 2.9, -5.6, "2X 1.80")
    sketch.along(1.3, 2.7, -6.4, "2X 1.40")
    sketch.across(3.9, 4.9, 3.6, "2X 1.00")
    sketch.across(4.1, 4.7, 4.2, "2X 0.60")
    return sketch


@pytest.mark.parametrize("miss", [0.0, 0.15])
def test_contacts_bear_their_printed_names_and_slots_hold_the_shield(miss: float) -> None:
    land = extract([_receptacle(miss).pdf()], ReadingRequest()).land_pattern
    assert land is not None
    found = sorted((round(p.x, 2), p.number, p.type, p.w, p.h, p.drill) for p in land.pads)
    row = [
        (x, n.replace(" ", "/"), "smd", 0.6 if " " in n else 0.3, 1.2, None) for x, n in zip(PLACES, NAMES, strict=True)
    ]
    slots = [(x, "MP", "thru_hole", 1.0, 1.8, (0.6, 1.4)) for x in (-4.4, 4.4)]
    assert found == sorted([*row, *slots])
