"""Letters drawn as single strokes are read like printed ones, however large they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.datasheet.page import pages
from worker.datasheet.synthetic.canvas import SheetCanvas


@pytest.mark.parametrize("size", [8, 12, 14])
def test_the_title_of_a_stroked_page_is_read(tmp_path: Path, size: float) -> None:
    canvas = SheetCanvas(tmp_path / "page.pdf", "strokes")
    canvas.text(297, 45, "LAND PATTERN DATA", size)
    canvas.rect(200, 300, 212, 308)
    canvas.line(212, 304, 260, 304)
    canvas.save()
    book = pages.open_book([tmp_path / "page.pdf"])
    assert pages.read_titles(book, 1) == "LAND PATTERN DATA"
    book.close()
