"""A view named one from the side gives the height, however large it is drawn."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest


@pytest.mark.parametrize("names", [("TOP VIEW", "SIDE VIEW"), ("Bottom view", "Front view")])
def test_the_side_view_is_not_the_top(names: tuple[str, str]) -> None:
    sketch = Sketch(scale=12.0)
    sketch.text(300, 740, "OUTLINE DIMENSIONS", 10)
    for middle, high, number, name in ((620, 1.94, "1.94", names[0]), (440, 8.4, "8.40", names[1])):
        sketch.at = (300, middle)
        sketch.rect(0, 0, 10.0, high)
        if high < 2:
            sketch.across(-5, 5, -2.6, "10.00")
            for place in range(5):
                sketch.rect(-4 + 2 * place, 0, 0.5, 0.5)
        sketch.along(-high / 2, high / 2, 6.5, number)
        sketch.text(300, middle - 12 * high / 2 - 22, name, 7)
    body = extract([sketch.pdf()], ReadingRequest()).body
    assert (body.length.nom, body.width.nom, body.height.nom) == (10.0, 1.94, 8.4)
