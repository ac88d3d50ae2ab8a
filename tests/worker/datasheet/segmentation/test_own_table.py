"""Which of several dimension tables of a page is that of the package asked for."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest

TABLES = {
    "SOT23-3": {"A": (0.89, 1.12), "D": (2.8, 3.04), "E1": (1.2, 1.4)},
    "SOT23-6": {"A": (0.9, 1.45), "D": (2.75, 3.05), "E1": (1.45, 1.75)},
}


def page() -> Sketch:
    """Two tables over each other, the package in the first of five lines of their heads; the outlines beside them are alike."""
    sketch = Sketch(20.0)
    sketch.text(300, 770, "Package Dimensions", 12)
    for y, (package, rows) in zip((720, 420), TABLES.items(), strict=True):
        heads = [
            ("Package", package),
            ("Pins", package[-1]),
            ("JEDEC", "MO-178"),
            ("", "Millimeters"),
            ("", "Min", "Max"),
        ]
        limits = [(letter, *(f"{v:.2f}" for v in own)) for letter, own in rows.items()]
        for i, cells in enumerate([*heads, *limits]):
            for x, cell in zip((360, 430, 490) if len(cells) == 3 else (360, 460), cells, strict=True):
                sketch.text(x, y - 10 * i, cell)
        sketch.at = (150.0, y - 60.0)
        sketch.rect(0, 0, 2.9, 1.6)
        sketch.across(-1.45, 1.45, -2.0, "D")
        sketch.along(-0.8, 0.8, 2.6, "E1")
    return sketch


@pytest.mark.parametrize("package", TABLES)
def test_the_head_of_a_table_names_its_package_some_lines_over_the_limits(package: str) -> None:
    body = extract([page().pdf()], ReadingRequest(package)).body
    own = TABLES[package]
    assert [(v.min, v.max) for v in (body.length, body.width, body.height)] == [own["D"], own["E1"], own["A"]]
