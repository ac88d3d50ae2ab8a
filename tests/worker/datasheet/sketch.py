"""Draws small package drawings as PDFs: pads or a body, dimension lines with filled arrow heads, and tables."""

from __future__ import annotations

import io

from reportlab.pdfgen.canvas import Canvas


class Sketch:
    """A page of 612 x 792 points; lengths are in millimetres of the part, `scale` in points per millimetre."""

    def __init__(self, scale: float = 30.0, at: tuple[float, float] = (300.0, 450.0)) -> None:
        self.file = io.BytesIO()
        self.canvas = Canvas(self.file, pagesize=(612, 792), pageCompression=0)
        self.scale, self.at = scale, at

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Page position of (x, y) in mm, y down."""
        return self.at[0] + x * self.scale, self.at[1] - y * self.scale

    def rect(self, x: float, y: float, w: float, h: float) -> None:
        px, py = self.point(x - w / 2, y + h / 2)
        self.canvas.rect(px, py, w * self.scale, h * self.scale)

    def oval(self, x: float, y: float, w: float, h: float) -> None:
        px, py = self.point(x - w / 2, y + h / 2)
        self.canvas.roundRect(px, py, w * self.scale, h * self.scale, min(w, h) * self.scale / 2)

    def circle(self, x: float, y: float, diameter: float) -> None:
        self.canvas.circle(*self.point(x, y), diameter * self.scale / 2)

    def text(self, x: float, y: float, words: str, size: float = 8.0) -> None:
        """Centred at page points."""
        self.canvas.setFont("Helvetica", size)
        self.canvas.drawCentredString(x, y - 0.35 * size, words)

    def across(self, x0: float, x1: float, at: float, words: str) -> None:
        """A dimension along x between two abscissas, drawn at height `at` (mm)."""
        (a, y), (b, _) = self.point(x0, at), self.point(x1, at)
        self._arrows(a, b, y, words, upright=False)

    def along(self, y0: float, y1: float, at: float, words: str) -> None:
        """A dimension along y between two heights, drawn at abscissa `at` (mm)."""
        (x, a), (_, b) = self.point(at, y1), self.point(at, y0)
        self._arrows(a, b, x, words, upright=True)

    def _arrows(self, a: float, b: float, at: float, words: str, upright: bool) -> None:
        half = 3.0 * len(words) / 2 + 5 if not upright else 7.0
        narrow = b - a < 2 * half + 14

        def place(along: float, across: float) -> tuple[float, float]:
            return (across, along) if upright else (along, across)

        for tip, way in ((a, -1 if narrow else 1), (b, 1 if narrow else -1)):
            self._head(place(tip, at), place(tip + way * 6, at + 1.2), place(tip + way * 6, at - 1.2))
            far = tip + way * 20 if narrow else (a + b) / 2 - way * half
            self.canvas.line(*place(tip, at), *place(far, at))
        self.text(*(place(b + 20 + half, at) if narrow else place((a + b) / 2, at)), words)

    def _head(self, *corners: tuple[float, float]) -> None:
        path = self.canvas.beginPath()
        path.moveTo(*corners[0])
        for corner in corners[1:]:
            path.lineTo(*corner)
        path.close()
        self.canvas.drawPath(path, stroke=0, fill=1)

    def page(self) -> None:
        self.canvas.showPage()

    def pdf(self) -> bytes:
        self.canvas.save()
        return self.file.getvalue()


def dual(pins: int, pitch: float, rows: float, w: float, h: float) -> Sketch:
    """A dual land pattern: two columns of pads, dimensioned by outer extent, pad size and pitch."""
    sketch = Sketch()
    sketch.text(300, 700, "RECOMMENDED LAND PATTERN", 11)
    sketch.text(300, 120, "ALL DIMENSIONS ARE IN MILLIMETERS")
    half = pins // 2
    ys = [(i - (half - 1) / 2) * pitch for i in range(half)]
    for y in ys:
        sketch.rect(-rows / 2, y, w, h)
        sketch.rect(rows / 2, y, w, h)
    top, bottom = ys[0] - h / 2, ys[-1] + h / 2
    sketch.across(-rows / 2 - w / 2, rows / 2 + w / 2, top - 1.0, f"{rows + w:.2f}")
    sketch.across(rows / 2 - w / 2, rows / 2 + w / 2, bottom + 0.9, f"{pins}X {w:.2f}")
    sketch.along(ys[0] - h / 2, ys[0] + h / 2, -rows / 2 - w / 2 - 0.8, f"{pins}X {h:.2f}")
    sketch.along(ys[0], ys[1], rows / 2 + w / 2 + 0.8, f"{pitch:.2f}")
    return sketch
