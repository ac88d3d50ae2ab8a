"""Opens PDFs and images, and reads single pages of them into sheets; refuses what cannot be a drawing."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, UnidentifiedImageError

from db.failures import Failure
from worker.datasheet.geometry.primitives import Box, Sheet, Word
from worker.datasheet.page import paths, stroked_text, text_layer
from worker.datasheet.page.geometry import Matrix
from worker.datasheet.page.glyph_votes import GlyphVotes
from worker.datasheet.page.scan import raster, text_detection, text_reading
from worker.datasheet.page.scan.ocr import Gray
from worker.datasheet.page.upright import upright
from worker.datasheet.text import phrases
from worker.datasheet.thresholds.page import FORM_PATHS, GLYPH_PAGES, GLYPH_WORDS_SEARCH, TITLE_GAP, UNKNOWN_LEAST
from worker.errors import Permanent

HEAD_BYTES = 1024  # where a PDF says what it is
MAX_FILE_BYTES = 300 * 1024 * 1024
MAX_IMAGE_PX = 60_000_000
MIN_IMAGE_PX = 40
IMAGE_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP")  # others may start programs of their own
MAX_SIDE_PT = 5000.0  # paper of size A0 is 3370 long
MAX_TITLES = 44
MAX_PAGES = 5000
RENDER_PX_PER_PT = 4.0
MAX_RENDER_PX = 40_000_000
IMAGE_DPI = 200.0  # what an image without a stated resolution is taken for


@dataclass
class Book:
    """An open document: a PDF, or images standing for its pages."""

    pdf: pypdfium2.PdfDocument | None
    images: list[Gray]
    px_per_pt: float = IMAGE_DPI / 72
    source: bytes | Path = b""  # of the PDF
    glyphs: GlyphVotes = field(default_factory=GlyphVotes)  # of fonts that do not say what their letters mean

    @property
    def pages(self) -> int:
        """How many pages the document has."""
        return len(self.pdf) if self.pdf is not None else len(self.images)

    def forget(self) -> None:
        """Opens the PDF anew: the library keeps fonts and images of every page it was shown as long as a document is open."""
        if self.pdf is not None:
            self.pdf.close()
            self.pdf = pypdfium2.PdfDocument(self.source)

    def close(self) -> None:
        """Close the PDF; images need nothing."""
        if self.pdf is not None:
            self.pdf.close()


def open_book(files: list[bytes | Path]) -> Book:
    """One PDF, or one or more images in page order.

    Raises Permanent: TOO_LARGE, BAD_DOCUMENT (not readable, encrypted, no pages, an image too small).
    """
    for file in files:
        _check(file)
    if files and _head(files[0]).lstrip().startswith(b"%PDF"):
        return Book(_open_pdf(files[0]), [], source=files[0])
    return Book(None, [_open_image(f) for f in files])


def _check(file: bytes | Path) -> None:
    if isinstance(file, Path) and not file.is_file():
        raise Permanent(Failure.BAD_DOCUMENT, f"no such file: {file.name}")
    size = len(file) if isinstance(file, bytes) else file.stat().st_size
    if size > MAX_FILE_BYTES:
        raise Permanent(
            Failure.TOO_LARGE, f"the document has {size >> 20} MiB, at most {MAX_FILE_BYTES >> 20} are read"
        )
    if size == 0:
        raise Permanent(Failure.BAD_DOCUMENT, "the document is empty")


def _head(file: bytes | Path) -> bytes:
    if isinstance(file, bytes):
        return file[:HEAD_BYTES]
    with file.open("rb") as opened:
        return opened.read(HEAD_BYTES)


def _open_pdf(file: bytes | Path) -> pypdfium2.PdfDocument:
    try:
        pdf = pypdfium2.PdfDocument(file)
        count = len(pdf)
    except pypdfium2.PdfiumError as error:
        reason = "it is encrypted" if "password" in str(error).lower() else "it is damaged or not a PDF"
        raise Permanent(Failure.BAD_DOCUMENT, f"the PDF cannot be opened: {reason}") from error
    if count == 0:
        raise Permanent(Failure.BAD_DOCUMENT, "the PDF has no pages")
    if count > MAX_PAGES:
        raise Permanent(Failure.TOO_LARGE, f"the PDF has {count} pages, at most {MAX_PAGES} are read")
    return pdf


def _open_image(file: bytes | Path) -> Gray:
    try:
        with Image.open(io.BytesIO(file) if isinstance(file, bytes) else file, formats=IMAGE_FORMATS) as image:
            width, height = image.size
            if width * height > MAX_IMAGE_PX:
                raise Permanent(Failure.TOO_LARGE, f"the image has {width} x {height} pixels, at most {MAX_IMAGE_PX}")
            if min(width, height) < MIN_IMAGE_PX:
                raise Permanent(Failure.BAD_DOCUMENT, f"an image of {width} x {height} pixels holds no drawing")
            flat = Image.new("RGB", image.size, "white")
            rgba = image.convert("RGBA")
            flat.paste(rgba, mask=rgba.getchannel("A"))
            return np.asarray(flat.convert("L"), dtype=np.uint8)
    except Image.DecompressionBombError as error:
        raise Permanent(Failure.TOO_LARGE, f"the image has more than {MAX_IMAGE_PX} pixels") from error
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise Permanent(Failure.BAD_DOCUMENT, "the file is neither a PDF nor a readable image") from error


def page_size(book: Book, number: int) -> tuple[float, float]:
    """Width and height in points as seen on screen."""
    if book.pdf is None:
        height, width = book.images[number - 1].shape
        return width / book.px_per_pt, height / book.px_per_pt
    width, height = book.pdf[number - 1].get_size()
    return float(width), float(height)


def page_matrix(page: pypdfium2.PdfPage) -> Matrix:
    """PDF user space to points from the top left corner of the page as seen, rotation applied."""
    left, bottom, right, top = page.get_bbox()  # what is shown: the crop box may reach beyond the page
    turn = page.get_rotation() // 90
    w, h = right - left, top - bottom
    move = np.array([[1, 0, 0], [0, -1, 0], [-left, top, 1]], dtype=float)
    turns = [
        np.eye(3),
        np.array([[0, 1, 0], [-1, 0, 0], [h, 0, 1]], dtype=float),
        np.array([[-1, 0, 0], [0, -1, 0], [w, h, 1]], dtype=float),
        np.array([[0, -1, 0], [1, 0, 0], [0, w, 1]], dtype=float),
    ]
    return np.asarray(move @ turns[turn], dtype=np.float64)


def read_text(book: Book, number: int) -> tuple[list[Word], list[Box]]:
    """The words of the text layer, and the boxes of letters to read from pixels: neither font nor votes tell their meaning."""
    if book.pdf is None:
        return [], []
    page = book.pdf[number - 1]
    textpage = page.get_textpage()
    try:
        m = page_matrix(page)
        clipped = paths.clipped_texts(page.raw, m)
        words, unknown = text_layer.read_words(textpage.raw, m, clipped)
        if len(unknown) < UNKNOWN_LEAST:
            return words, []
        unmapped = text_layer.unmapped_words(textpage.raw, m, clipped, number)
        book.glyphs.add(unmapped, lambda: render(book, number))
        return text_layer.read_words(textpage.raw, m, clipped, book.glyphs.meanings(), number)
    finally:
        textpage.close()
        page.close()


def plain_text(book: Book, number: int) -> str:
    """The text layer of a page (from 1) in the order of the file; empty for images."""
    if book.pdf is None:
        return ""
    page = book.pdf[number - 1]
    textpage = page.get_textpage()
    try:
        text = str(textpage.get_text_range(0, min(textpage.count_chars(), text_layer.MAX_CHARS)))
        if not text_layer.largely_unmapped(text):
            return text
        if len(book.glyphs.pages) < GLYPH_PAGES:
            unmapped = text_layer.unmapped_words(textpage.raw, page_matrix(page), None, number)
            book.glyphs.add(unmapped, lambda: render(book, number), GLYPH_WORDS_SEARCH)
            book.glyphs.pages.add(number)
        return text_layer.plain_text(textpage.raw, book.glyphs.meanings(), number)
    finally:
        textpage.close()
        page.close()


def read_titles(book: Book, number: int) -> str:
    """The most prominent lines of a page whose text layer says nothing, read from what is drawn."""
    if book.pdf is None:
        return ""
    page = book.pdf[number - 1]
    width, height = page.get_size()
    sheet = Sheet(number, float(width), float(height))
    try:
        sheet.lines, _, _ = paths.read_paths(page.raw, page_matrix(page))
    except paths.TooMuch:
        return ""  # a traced photo has no title
    finally:
        page.close()
    sheet.words, unknown = read_text(book, number)
    found = list(sheet.words) + stroked_text.read_titles(sheet, MAX_TITLES)
    if unknown:
        found.extend(_read_unknown(book, number, unknown, MAX_TITLES))
    return " ".join(line.text for line in phrases.join(found, TITLE_GAP))


def count_paths(book: Book, number: int) -> tuple[int, int]:
    """How many path and image objects the page itself draws (forms count as 40 paths)."""
    if book.pdf is None:
        return 0, 1
    page = book.pdf[number - 1]
    drawn = images = 0
    for i in range(pdfium.FPDFPage_CountObjects(page.raw)):
        kind = pdfium.FPDFPageObj_GetType(pdfium.FPDFPage_GetObject(page.raw, i))
        drawn += 1 if kind == pdfium.FPDF_PAGEOBJ_PATH else FORM_PATHS if kind == pdfium.FPDF_PAGEOBJ_FORM else 0
        images += kind == pdfium.FPDF_PAGEOBJ_IMAGE
    page.close()
    return drawn, images


def render(book: Book, number: int, px_per_pt: float = RENDER_PX_PER_PT) -> tuple[Gray, float]:
    """The page as grey pixels and the scale it was drawn at."""
    if book.pdf is None:
        return book.images[number - 1], book.px_per_pt
    page = book.pdf[number - 1]
    width, height = page.get_size()
    scale = min(px_per_pt, (MAX_RENDER_PX / max(width * height, 1.0)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    pixels = np.ascontiguousarray(bitmap.to_numpy().reshape(bitmap.height, -1)[:, : bitmap.width])
    page.close()
    return pixels, scale


def read_sheet(book: Book, number: int) -> Sheet:
    """Everything on one page: text layer, drawn paths, and what pixels show where there are only pixels.

    Raises Permanent(TOO_LARGE) for a page of no paper's size, or with more strokes than any drawing has.
    """
    width, height = page_size(book, number)
    if book.pdf is not None and max(width, height) > MAX_SIDE_PT:
        raise Permanent(
            Failure.TOO_LARGE, f"page {number} measures {width:.0f} x {height:.0f} points: it is not a drawing"
        )
    sheet = Sheet(number, width, height)
    if book.pdf is None:
        paper, scale = render(book, number)
        raster.add(sheet, paper, scale, Box(0, 0, width, height))
        return upright(sheet)
    page = book.pdf[number - 1]
    try:
        sheet.lines, sheet.outlines, sheet.images = paths.read_paths(page.raw, page_matrix(page))
    except paths.TooMuch as error:
        raise Permanent(Failure.TOO_LARGE, f"page {number} is not a drawing: it has {error}") from error
    finally:
        page.close()
    sheet.words, unknown = read_text(book, number)
    if unknown:
        sheet.words.extend(_read_unknown(book, number, unknown))
    sheet.words.extend(stroked_text.read_strokes(sheet))
    areas = [b for b in sheet.images if raster.worth_reading(b, sheet)]
    if areas:
        paper, scale = render(book, number)
        for area in areas[:12]:
            raster.add(sheet, paper, scale, area)
    return upright(sheet)


def _read_unknown(book: Book, number: int, unknown: list[Box], most: int = text_detection.MAX_LINES) -> list[Word]:
    """Words of fonts that do not say what their letters mean, read from the rendered page."""
    paper, scale = render(book, number)
    boxes = [
        Box(b.x0 * scale, b.y0 * scale, b.x1 * scale, b.y1 * scale) for b in unknown if b.width > 0 and b.height > 0
    ]
    lines = sorted(text_detection.text_lines(boxes, scale), key=lambda line: -min(line[0].width, line[0].height))
    return text_reading.read_text(paper, lines[:most], scale, (0.0, 0.0))
