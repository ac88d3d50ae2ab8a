"""Small pictures of a document's pages, from which people choose another one to be read."""

from __future__ import annotations

import time
from pathlib import Path

from db.documents.footprint.overlay import PagePicture
from worker.datasheet.page import pages
from worker.datasheet.result import overlay
from worker.errors import Permanent

PX_PER_PT = 0.25  # a page is about 150 pixels wide: titles and drawings can be told apart
MOST = 60
BUDGET_S = 1.5  # of processor time: they are a convenience, and a document may be slow to draw


def pictures(files: list[Path]) -> tuple[PagePicture, ...]:
    """The last pages of a document, where packages are drawn, as many as the time allows; none of a single page."""
    book = pages.open_book([*files])
    began = time.process_time()
    try:
        if book.pages < 2:
            return ()
        found: list[PagePicture] = []
        for number in range(book.pages, max(0, book.pages - MOST), -1):
            if time.process_time() - began > BUDGET_S:
                break
            found.append(overlay.picture(book, number, PX_PER_PT))
        return tuple(found[::-1])
    except Permanent:  # of a page that cannot be drawn
        return ()
    finally:
        book.close()
