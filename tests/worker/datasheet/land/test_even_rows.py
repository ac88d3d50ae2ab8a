"""Rows that a program drew at one step: numbers of other things do not move their pads, and parted dimension lines are whole."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.land.test_binding import exact, land_page, pad
from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.drawing.drawing import interpret
from worker.datasheet.extract import extract
from worker.datasheet.land.outline_labels import outline_labels
from worker.datasheet.page import pages
from worker.datasheet.request import ReadingRequest
from worker.datasheet.result.review import pins_of


def around(count: int, step: float, apart: float, w: float, h: float) -> list[tuple[float, float, float, float]]:
    """Two columns of pads, counter-clockwise from the top left."""
    places = [(i - (count - 1) / 2) * step for i in range(count)]
    return [(-apart / 2, y, w, h) for y in places] + [(apart / 2, -y, w, h) for y in places]


def with_vias() -> Sketch:
    """Two columns of four pads beside an exposed pad, of whose vias a dimension is printed that ends near the pads."""
    sketch = land_page(50)
    for x, y, w, h in around(4, 0.5, 2.8, 0.6, 0.25):
        sketch.rect(x, y, w, h)
    sketch.rect(0, 0, 1.4, 1.8)
    for x, y in ((0, 0), (0.5, 0.6), (-0.5, 0.6), (0.5, -0.6), (-0.5, -0.6)):
        sketch.circle(x, y, 0.2)
    sketch.across(-1.4, 1.4, 1.6, "(2.8)")
    sketch.across(-1.7, -1.1, -1.3, "8X (0.6)")
    sketch.along(-0.875, -0.625, -2.2, "8X (0.25)")
    sketch.along(0.25, 0.75, -2.6, "6X (0.5)")
    sketch.along(0, 0.6, 2.4, "(0.6)")
    sketch.along(-0.6, 0, 3.0, "(0.6)")
    return sketch


def test_a_dimension_of_vias_does_not_move_the_pads_beside_them() -> None:
    result = extract([with_vias().pdf()], ReadingRequest())
    assert result.land_pattern is not None
    places = sorted({round(p.y, 3) for p in result.land_pattern.pads if p.role == "signal"})
    assert places == [-0.75, -0.25, 0.25, 0.75]


def parted() -> Sketch:
    """A row whose whole length and whose last gap are printed on one line, so that the gap parts it."""
    sketch = land_page(50)
    for x, y, w, h in around(6, 0.65, 4.0, 1.2, 0.4):
        sketch.rect(y, x, h, w)
    ends = 2.5 * 0.65 + 0.2
    (a, y), (b, _) = sketch.point(-ends, -3.2), sketch.point(ends, -3.2)
    gap = tuple(sketch.point(v, -3.2)[0] for v in (ends - 0.65, ends - 0.4))
    sketch.canvas.line(a, y, (a + b) / 2 - 12, y)
    sketch.canvas.line((a + b) / 2 + 12, y, b, y)
    sketch.text((a + b) / 2, y, f"{2 * ends:.2f}")
    for tip, way in ((a, 1), (b, -1), (gap[0], -1), (gap[1], 1)):
        sketch._head((tip, y), (tip + way * 6, y + 1.2), (tip + way * 6, y - 1.2))
    sketch.text((gap[0] + gap[1]) / 2, y + 12, "0.25")
    for at in (a, b, *gap):
        sketch.canvas.line(at, y - 8, at, y + 4)
    sketch.along(-2.6, -1.4, 2.6, "1.20")
    sketch.along(-2.6, 2.6, -2.8, "5.20")
    sketch.across(-ends, -ends + 0.4, 3.2, "0.40")
    return sketch


def test_the_number_of_a_parted_line_measures_all_of_it() -> None:
    truth = [pad(i + 1, y, -x, 0.4, 1.2) for i, (x, y, _, _) in enumerate(around(6, 0.65, 4.0, 1.2, 0.4))]
    assert exact(parted(), truth)


def test_labels_with_a_number_sign_are_around_the_body_and_not_the_frame_of_the_view() -> None:
    sketch = Sketch(20.0, at=(300.0, 560.0))
    sketch.rect(2.0, 3.0, 13.0, 11.0)
    sketch.rect(0, 0, 4.0, 2.0)
    for number, (x, y) in enumerate(((-1.4, 1.5), (1.4, 1.5), (1.4, -1.5), (-1.4, -1.5)), start=1):
        sketch.text(*sketch.point(x, y), f"#{number}")
        sketch.text(*sketch.point(x + 6.5, y), f"#{number}")  # of a circuit in the same frame
    sketch.across(-2.0, 2.0, 2.6, "4.0")
    book = pages.open_book([sketch.pdf()])
    labels = outline_labels(interpret(pages.read_sheet(book, 1), "auto", None))
    book.close()
    assert labels is not None
    assert {label.number: (label.x > 0, label.y > 0) for label in labels[0]} == {
        1: (False, True), 2: (True, True), 3: (True, False), 4: (False, False),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("package", "pins"),
    [("UFQFPN32", 32), ("TSSOP20", 20), ("LQFP48 7x7", 48), ("DFN 2x2", None), ("DFN2020", None), ("SOT23", None)],
)
def test_the_number_of_pins_may_follow_the_name_of_a_package_at_once(package: str, pins: int | None) -> None:
    assert pins_of(package) == pins
