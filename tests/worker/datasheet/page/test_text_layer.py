"""Text layers whose font tells no meaning of its letters, or of some signs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.page import pages, text_layer
from worker.datasheet.page.text_layer import KnownGlyph, garbled
from worker.datasheet.text import phrases


def test_a_table_with_dashes_of_a_symbol_font_is_readable() -> None:
    rows = "".join(f"{letter} 8.90 \x01 9.10\r\n" for letter in "ABCDEFGHIJ")
    assert not garbled(
        "48-pin LQFP (7\x027) Outline Dimensions\r\nSymbol\r\nDimensions in mm\r\nMin. Nom. Max.\r\n" + rows
    )


def test_a_page_of_letters_without_meaning_is_not() -> None:
    assert garbled("".join(chr(1 + i % 26) + ("x " if i % 3 == 0 else "") for i in range(300)))


def test_letters_told_as_control_codes_have_no_meaning() -> None:
    """What the page of an embedded font without a map of its letters is told as, beside words of another font."""
    title = "\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f" * 6
    assert text_layer.largely_unmapped(title + "\r\nDIMENSIONS ARE SHOWN IN MILLIMETERS\r\n")
    assert not text_layer.largely_unmapped("A\r\nB\r\nC\r\n" * 40 + "DIMENSIONS\tIN MILLIMETERS \x02")


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


class Untold:
    """A page in a font that does not say what some of its letters mean: they have codes of no letter in particular."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, letters: str) -> None:
        real = ttfonts.makeToUnicodeCMap

        def without(name: str, subset: list[int]) -> str:
            return str(real(name, [0xE000 + i if chr(c) in letters else c for i, c in enumerate(subset)]))

        monkeypatch.setattr(ttfonts, "makeToUnicodeCMap", without)
        pdfmetrics.registerFont(TTFont("Untold", "Vera.ttf"))
        self._file = io.BytesIO()
        self._canvas = Canvas(self._file, pagesize=(595, 842))

    def text(self, x: float, y: float, words: str, turn: int = 0) -> None:
        self._canvas.saveState()
        self._canvas.setFont("Untold", 9)
        self._canvas.translate(x, y)
        self._canvas.rotate(turn)
        self._canvas.drawString(0, 0, words)
        self._canvas.restoreState()

    def book(self) -> pages.Book:
        self._canvas.save()
        return pages.open_book([self._file.getvalue()])


def words_of(book: pages.Book) -> dict[str, float]:
    words, unknown = pages.read_text(book, 1)
    assert not unknown
    return {w.text: w.confidence for w in words}


def test_letters_that_a_font_does_not_tell_are_read_from_the_pixels_amid_those_it_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = Untold(monkeypatch, "0123456789tw")
    lines = ["Pin definitions", "RECOMMENDED PATTERN", "3V3", "IO10", "32.768", "output", "network", "1", "10", "38"]
    for i, line in enumerate(lines):
        page.text(60, 780 - 20 * i, line)
    page.text(300, 500, "0.25", turn=90)
    book = page.book()
    found = words_of(book)
    assert set(found) == {"Pin", *" ".join(lines).split(), "0.25"}
    assert found["RECOMMENDED"] == found["PATTERN"] == 1.0
    assert all(0.9 < found[word] < 1.0 for word in ("definitions", "IO10", "32.768", "1", "0.25"))
    book.close()


def test_a_word_with_letters_of_no_known_meaning_is_left_whole_to_the_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Untold(monkeypatch, "012356789X.")
    lines = ["12X", "0.35", "16", "97.8"]
    for i, line in enumerate(lines):
        page.text(60, 780 - 20 * i, line)
    book = page.book()
    assert book.pdf is not None
    sheet, text = book.pdf[0], book.pdf[0].get_textpage()
    to_page = pages.page_matrix(sheet)
    letters = [letter for word in text_layer.unmapped_words(text.raw, to_page) for letter in word.letters]
    known = {
        g: KnownGlyph(c, 0.99)
        for g, c in zip(letters, "".join(lines), strict=True)
        if isinstance(g, tuple) and c != "5"
    }
    words, unknown = text_layer.read_words(text.raw, to_page, known=known)
    assert [w.text for w in words] == ["12X", "16", "97.8"]
    assert len(unknown) == len("0.35")
    book.close()


def test_a_space_of_such_a_font_is_no_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Untold(monkeypatch, "012356789.BSCREF ")
    lines = ["0.50 BSC", "2.00 BSC", "3.68 REF", "0.20 REF", "97 BSC", "1.51 BSC"]
    for i, line in enumerate(lines):
        page.text(60, 780 - 20 * i, line)
    book = page.book()
    assert set(words_of(book)) == set(" ".join(lines).split())
    book.close()


def test_the_search_sees_the_words_of_such_a_font(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Untold(monkeypatch, "otn")
    page.text(60, 780, "Recommended footprint and pin definitions of the part")
    book = page.book()
    assert "Recommended footprint and pin definitions" in pages.plain_text(book, 1)
    book.close()


def test_single_signs_of_such_a_font_cost_the_search_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Untold(monkeypatch, "*")
    for i in range(12):
        page.text(60, 780 - 20 * i, "* a bullet stands before each of these lines and says nothing at all")
    book = page.book()
    assert pages.plain_text(book, 1).count("a bullet") == 12
    assert not book.glyphs.read
    book.close()


def drawn_words(canvas: Canvas, file: io.BytesIO) -> list[str]:
    canvas.save()
    book = pages.open_book([file.getvalue()])
    words, _ = pages.read_text(book, 1)
    book.close()
    return [w.text for w in words]


@pytest.mark.parametrize("angle", [27, 45, -30, 60])
def test_a_diameter_along_an_oblique_leader_is_read(angle: float) -> None:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(595, 842))
    canvas.setFont("Helvetica", 7)
    canvas.translate(200, 400)
    canvas.rotate(angle)
    canvas.drawString(4, 2, "2 x \u00d81.02")
    canvas.drawString(4, -10, "no number")
    assert drawn_words(canvas, file) == ["2 x \u00d81.02"]


@pytest.mark.parametrize("lean", [12, 19])
def test_an_italic_that_is_a_sheared_upright_font_is_level(lean: float) -> None:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(595, 842))
    canvas.setFont("Helvetica", 9)
    canvas.translate(200, 400)
    canvas.skew(0, -lean)
    canvas.drawString(0, 0, "Shrouded header")
    assert drawn_words(canvas, file) == ["Shrouded", "header"]


@pytest.mark.parametrize("turned", [False, True])
def test_the_mark_of_a_footnote_is_no_digit_of_a_name(turned: bool) -> None:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(595, 842))
    canvas.translate(200, 400)
    canvas.rotate(90 if turned else 0)
    for text, size, x, rise in (("IO16", 9, 0, 0), ("3", 6, 18.6, 4), ("CH", 9, 60, 0), ("1", 6, 73, -2)):
        canvas.setFont("Helvetica", size)
        canvas.drawString(x, rise, text)
    assert drawn_words(canvas, file) == ["IO16", "3", "CH1"]


def test_words_printed_twice_to_make_them_bold_are_read_once(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "page.pdf"), pagesize=(595, 842))
    for row, (letter, mm) in enumerate((("G", "1.00"), ("Y", "1.00"), ("Z", "2.70"))):
        for off in (0.0, 0.3):
            canvas.drawString(100 + off, 600 - 12 * row, letter)
        canvas.drawString(150, 600 - 12 * row, mm)
    canvas.save()
    book = pages.open_book([tmp_path / "page.pdf"])
    words, _ = pages.read_text(book, 1)
    book.close()
    assert sorted(w.text for w in words) == ["1.00", "1.00", "2.70", "G", "Y", "Z"]
