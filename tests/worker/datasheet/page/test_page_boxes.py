"""Words lie where a viewer shows them, whatever boxes a page has."""

from __future__ import annotations

import io

import numpy as np
import pytest
from reportlab.pdfgen.canvas import Canvas

from worker.datasheet.page import pages


def page_with(crop: tuple[float, float, float, float] | None, rotation: int) -> bytes:
    """One word on a page of 200 x 100 points."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(200, 100))
    if crop is not None:
        canvas.setCropBox(crop)
    canvas.setPageRotation(rotation)
    canvas.drawString(60, 40, "Package")
    canvas.showPage()
    canvas.save()
    return file.getvalue()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (20, 10, 180, 90), (-50, -20, 250, 90), (50, 30, 260, 140)])
def test_a_word_lies_on_its_ink(crop: tuple[float, float, float, float] | None, rotation: int) -> None:
    book = pages.open_book([page_with(crop, rotation)])
    try:
        (word,), _ = pages.read_text(book, 1)
        gray, px_per_pt = pages.render(book, 1)
    finally:
        book.close()
    rows, columns = np.nonzero(gray < 128)
    ink = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / px_per_pt
    box = np.array([word.box.x0, word.box.y0, word.box.x1, word.box.y1])
    assert np.abs(box - ink).max() < 8, (box, ink)  # a turned word ends an advance after its ink
