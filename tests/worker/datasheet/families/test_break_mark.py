"""A row drawn with a break mark for any number of ways: the number asked for is given, not the drawn one."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.families import counts
from worker.datasheet.request import ReadingRequest


def _broken_row() -> Sketch:
    """Five holes, a break, five holes; the length is a letter, the drill stands at a hole behind the break."""
    sketch = Sketch(scale=18.0, at=(120, 480))
    sketch.text(230, 640, "PCB LAYOUT (mm)", 10)
    for slot in (0, 1, 2, 3, 4, 6, 7, 8, 9, 10):
        sketch.circle(2.0 * slot, 0, 0.8)
    sketch.across(0.0, 20.0, -4.0, "A±0.15")
    sketch.across(0.0, 2.0, -2.0, "2.0")
    sketch.across(11.6, 12.4, 2.0, "Ø0.80")
    return sketch


@pytest.mark.parametrize("package", ["1125S-4P", "header, 4 pins"])
def test_a_row_with_a_break_gets_the_number_of_ways_asked(package: str) -> None:
    land = extract([_broken_row().pdf()], ReadingRequest(package)).land_pattern
    assert land is not None
    found = [(p.number, round(p.x, 2), p.drill) for p in land.pads]
    assert found == [(str(i + 1), -3.0 + 2.0 * i, (0.8, 0.8)) for i in range(4)]


@pytest.mark.parametrize(
    ("package", "count"),
    [
        ("1125S-4P", 4),
        ("8P8C jack", None),
        ("24 POS.", 24),
        ("SOT-23-5P", 5),
        ("XS5B-SM", None),
        ("BLG1X15", 15),
        ("HDR-1x10", 10),
        ("DFN1X1", None),
        ("DFN-1x1.5 mm", None),
        ("HDR2X10", None),
    ],
)
def test_the_number_of_ways_in_a_package_name(package: str, count: int | None) -> None:
    assert counts.asked(package) == count
