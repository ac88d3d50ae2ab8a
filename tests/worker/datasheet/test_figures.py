"""Which pages of a document are the outline and the land pattern of the package that is asked for."""

from __future__ import annotations

import io
from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas

from worker.datasheet import figures, pages

OVERVIEW = ("Package dimensions of all parts: DFN MC and SOT-23.", "MIN MAX", "1.0 2.0", "DIMENSIONS IN MILLIMETERS")
OUTLINE = (
    "TOP VIEW",
    "SIDE VIEW",
    "BSC",
    "Overall Height",
    "DIMENSIONS IN MILLIMETERS",
    "MIN NOM MAX",
    "0.80 0.90 1.00",
)
LAND = ("RECOMMENDED LAND PATTERN", "8-Lead Plastic Dual Flat, DFN MC 2x3x0.9mm Body")
ASKED = "8-Lead Plastic Dual Flat DFN MC 2x3x0.9mm Body"


def document(*sheets: tuple[Sequence[str], int]) -> bytes:
    """Pages of some lines of text and of as many strokes."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(612, 792))
    for lines, strokes in sheets:
        for i, line in enumerate(lines):
            canvas.drawString(60, 700 - 20 * i, line)
        for i in range(strokes):
            canvas.line(60 + i, 100, 60 + i, 300)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def chosen(*sheets: tuple[Sequence[str], int]) -> tuple[int, int]:
    book = pages.open_book([document(*sheets)])
    found = figures.search(book, ASKED, lambda *_: None)
    book.close()
    return found.mechanical[0], found.land[0]


def test_an_outline_that_does_not_name_its_package_stands_before_its_land_pattern() -> None:
    assert chosen((OVERVIEW, 40), (OUTLINE, 300), (LAND, 300)) == (2, 3)


def test_an_outline_of_another_package_does_not() -> None:
    other = (*OUTLINE, "5-Lead Plastic Small Outline SOT-23")
    assert chosen((OVERVIEW, 40), (other, 300), (LAND, 300)) == (1, 3)
