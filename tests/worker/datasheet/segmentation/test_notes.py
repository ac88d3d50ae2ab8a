"""Notes in a box of their own beside a land pattern: lines of words fill it together, none of them alone."""

from __future__ import annotations

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.drawing import drawing
from worker.datasheet.page import pages
from worker.datasheet.segmentation.candidates import candidates


def test_a_box_of_notes_is_no_pad() -> None:
    sketch = Sketch(scale=14.0, at=(300, 500))
    for x in (-1.8, 1.8):
        sketch.rect(x, 0, 1.5, 4.0)
    sketch.rect(0, -5.4, 9.0, 3.2)
    for i, line in enumerate(("Surface mounting", "Conditions are to be checked", "Reflow alone")):
        sketch.text(300, 590 - 11 * i, line, 7)
    book = pages.open_book([sketch.pdf()])
    found = candidates(drawing.interpret(pages.read_sheet(book, 1)))
    book.close()
    assert sorted(round(s.box.width) for s in found) == [21, 21]
