"""Numbers that a land pattern uses: one of the body where nothing else on the page is."""

from __future__ import annotations

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.body.found import Found
from worker.datasheet.body.outline import from_drawing
from worker.datasheet.drawing import drawing
from worker.datasheet.page import pages


def found(taken: tuple[str, ...], second: bool) -> Found | None:
    """What is read of a body of 3.00 by 2.00 and, if told, of a box of 1.60 by 1.20; the land pattern uses `taken`."""
    sketch = Sketch(30.0, (250.0, 600.0))
    for middle, wide, high in ((0.0, 3.0, 2.0), (8.0, 1.6, 1.2))[: 1 + second]:
        sketch.rect(middle, 0, wide, high)
        sketch.across(middle - wide / 2, middle + wide / 2, -high / 2 - 1, f"{wide:.2f}")
        sketch.along(-high / 2, high / 2, middle + wide / 2 + 1, f"{high:.2f}")
    book = pages.open_book([sketch.pdf()])
    try:
        page = drawing.interpret(pages.read_sheet(book, 1), "mm", None)
    finally:
        book.close()
    return from_drawing(page, {id(q) for q in page.quantities if q.printed in taken}, of_lands=True)


def test_a_closed_box_whose_numbers_a_wrong_land_pattern_took_is_the_body() -> None:
    body = found(("3.00", "2.00"), second=False)
    assert body is not None
    assert [q.value for q in body.sides] == [3.0, 2.0]


def test_another_box_goes_before_one_of_the_land_pattern() -> None:
    body = found(("3.00", "2.00"), second=True)
    assert body is not None
    assert [q.value for q in body.sides] == [1.6, 1.2]
