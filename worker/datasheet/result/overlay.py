"""Renders the pages that a result was read from, for the overlay that is drawn over them."""

from __future__ import annotations

import io

from PIL import Image

from db.documents.footprint import overlay
from db.documents.footprint.overlay import PagePicture
from db.documents.kinds.datasheet import DatasheetResult
from worker.datasheet.page import pages
from worker.datasheet.page.pages import Book

PX_PER_PT = 2.0


def pictures(result: DatasheetResult, book: Book) -> list[PagePicture]:
    """Every page that anything was read from; pages the book does not have are left out."""
    return [picture(book, number) for number in overlay.pages_read(result) if 1 <= number <= book.pages]


def picture(book: Book, number: int, px_per_pt: float = PX_PER_PT) -> PagePicture:
    """One page of the book as PNG."""
    pixels, scale = pages.render(book, number, px_per_pt)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=False)
    height, width = pixels.shape[:2]
    return PagePicture(number, width / scale, height / scale, buffer.getvalue())
