"""Text layers whose font tells no meaning of its letters, or of some signs."""

from __future__ import annotations

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.page import pages
from worker.datasheet.page.text_layer import garbled


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
