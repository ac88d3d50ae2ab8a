"""Text layers whose font tells no meaning of its letters, or of some signs."""

from __future__ import annotations

from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.page import pages
from worker.datasheet.page.text_layer import garbled
from worker.datasheet.text import phrases


def test_a_table_with_dashes_of_a_symbol_font_is_readable() -> None:
    rows = "".join(f"{letter} 8.90 \x01 9.10\r\n" for letter in "ABCDEFGHIJ")
    assert not garbled(
        "48-pin LQFP (7\x027) Outline Dimensions\r\nSymbol\r\nDimensions in mm\r\nMin. Nom. Max.\r\n" + rows
    )


def test_a_page_of_letters_without_meaning_is_not() -> None:
    assert garbled("".join(chr(1 + i % 26) + ("x " if i % 3 == 0 else "") for i in range(300)))


def test_a_hyphen_at_the_end_of_a_line_is_read() -> None:
    """The library tells it as a control code, as it would a hyphen that parts a word."""
    sketch = Sketch()
    sketch.text(200, 600, "D-")
    sketch.text(200, 560, "DATA")
    book = pages.open_book([sketch.pdf()])
    words, _ = pages.read_text(book, 1)
    book.close()
    assert "D-" in [w.text for w in words]


def test_a_watermark_across_the_page_tears_no_line_apart(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "page.pdf"), pagesize=(595, 842))
    canvas.drawString(300, 400, "RECOMMENDED SOLDERING PATTERN")
    for row in range(80):
        canvas.drawString(20, 820 - 10 * row, "in the column beside it")
    canvas.translate(150, 250)
    canvas.rotate(45)
    canvas.setFont("Helvetica", 70)
    canvas.drawString(0, 0, "Confidential")
    canvas.save()
    book = pages.open_book([tmp_path / "page.pdf"])
    lines = {line.text for line in phrases.join(pages.read_sheet(book, 1).words)}
    book.close()
    assert lines == {"RECOMMENDED SOLDERING PATTERN", "in the column beside it"}
