"""Draws pages with ruled tables and figures of pins as PDFs."""

from __future__ import annotations

import io
from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas

from worker.datasheet.page import pages
from worker.datasheet.pins import pin_pages
from worker.datasheet.pins.pin_pages import PinSources

Row = Sequence[str]
HIGH = 792.0


class Pages:
    """A document of 612 x 792 points; y is counted downwards from the top."""

    def __init__(self) -> None:
        self.file = io.BytesIO()
        self.canvas = Canvas(self.file, pagesize=(612, HIGH), pageCompression=0)

    def text(self, x: float, y: float, words: str, size: float = 8.0, upright: bool = False) -> None:
        """Centred at a point; read upwards if upright."""
        self.canvas.saveState()
        self.canvas.setFont("Helvetica", size)
        self.canvas.translate(x, HIGH - y)
        if upright:
            self.canvas.rotate(90)
        self.canvas.drawCentredString(0, -0.35 * size, words)
        self.canvas.restoreState()

    def table(
        self, x: float, y: float, widths: Sequence[float], rows: Sequence[Row], high: float = 16.0, inset: float = 0.0
    ) -> float:
        """A table with rules around every cell, or with boxes inside its cells. Gives its lower end."""
        for i, row in enumerate(rows):
            left = x
            for width, text in zip(widths, row, strict=True):
                self.canvas.rect(
                    left + inset, HIGH - y - (i + 1) * high + inset / 4, width - 2 * inset, high - inset / 2
                )
                lines = text.split("\n")
                for k, line in enumerate(() if inset else lines):
                    self.text(left + width / 2, y + (i + (k + 0.5) / len(lines)) * high, line, 7.0)
                left += width
        return y + len(rows) * high

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.canvas.line(x0, HIGH - y0, x1, HIGH - y1)

    def dual(self, x: float, y: float, names: Sequence[str], title: str = "") -> None:
        """A package from above, numbers inside and names outside: down on the left, up on the right."""
        half = (len(names) + 1) // 2
        self.text(x + 40, y - 20, title)
        self.canvas.rect(x, HIGH - y - half * 14, 80, half * 14)
        for i, name in enumerate(names):
            right = i >= half
            level = y + 7 + 14 * (len(names) - 1 - i if right else i)
            self.text(x + (70 if right else 10), level, str(i + 1), 7)
            width = self.canvas.stringWidth(name, "Helvetica", 7)
            self.text(x + (92 + width / 2 if right else -12 - width / 2), level, name, 7)

    def quad(self, x: float, y: float, names: Sequence[str]) -> None:
        """A package from above with as many pins on each of its four sides, counted from the upper left downwards."""
        side = len(names) // 4
        far = 20 + side * 14
        self.canvas.rect(x, HIGH - y - far - 10, far + 10, far + 10)
        for i, name in enumerate(names):
            k = 15 + 14 * (i % side)
            back = 15 + 14 * (side - 1 - i % side)
            reach = 12 + self.canvas.stringWidth(name, "Helvetica", 7) / 2
            px, py, out, upright = [
                (8.0, k, (-8 - reach, 0.0), False), (k, far + 2, (0.0, 8 + reach), True),
                (far + 2, back, (8 + reach, 0.0), False), (back, 8.0, (0.0, -8 - reach), True),
            ][i // side]  # fmt: skip
            self.text(x + px, y + py, str(i + 1), 6)
            self.text(x + px + out[0], y + py + out[1], name, 7, upright)

    def page(self) -> None:
        self.canvas.showPage()

    def pdf(self) -> bytes:
        """The file; nothing can be drawn afterwards."""
        if not self.file.getvalue():
            self.canvas.save()
        return self.file.getvalue()


def sources(document: Pages) -> PinSources:
    """Tables and figures of pins of every page."""
    book = pages.open_book([document.pdf()])
    try:
        every = list(range(1, book.pages + 1))
        return pin_pages.read(book, pin_pages.PinPages(every, []))
    finally:
        book.close()
