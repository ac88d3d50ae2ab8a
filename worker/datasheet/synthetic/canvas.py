"""The sheet a synthetic drawing is made on: lines, shapes and text in points, with the box of every text kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfgen.canvas import Canvas

from worker.datasheet.synthetic import strokes

A4_PT = (595.0, 842.0)
CAP = 0.72  # height of capitals and digits, as a part of the font size
GREY = (0.75, 0.75, 0.75)
BLACK = (0.0, 0.0, 0.0)
HAN_FONT = "STSong-Light"
registerFont(UnicodeCIDFont(HAN_FONT))


@dataclass(frozen=True, slots=True)
class Printed:
    """A text as printed: 1-based page, box in points from the top left, and what it states."""

    page: int
    box: tuple[float, float, float, float]
    text: str
    what: str = ""


class SheetCanvas:
    """Draws pages of one document; the same calls always write the same bytes."""

    def __init__(self, path: Path, font: str = "Helvetica", pen_pt: float = 0.6, rotated: bool = False) -> None:
        self.width, self.height = A4_PT
        self.font, self.pen_pt = font, pen_pt
        self.printed: list[Printed] = []
        self.page = 1
        self._rotated = rotated
        self._canvas = Canvas(str(path), pagesize=A4_PT, invariant=1, pageCompression=1)
        self._canvas.setAuthor("BM3-VL")
        self._begin()

    def _begin(self) -> None:
        if self._rotated:  # stored on its side, the page says how to turn it; the library swaps width and height
            self._canvas.setPageRotation(90)
            self._canvas.transform(0, 1, -1, 0, self.height, 0)
        self._canvas.setLineWidth(self.pen_pt)
        self._canvas.setLineJoin(0)

    def next_page(self) -> None:
        """End this page and begin the next."""
        self._canvas.showPage()
        self.page += 1
        self._begin()

    def save(self) -> None:
        """End the last page and write the document."""
        self._canvas.showPage()
        self._canvas.save()

    def _y(self, y: float) -> float:
        return self.height - y

    def line(
        self, x0: float, y0: float, x1: float, y1: float, dash: tuple[float, ...] = (), pen: float | None = None
    ) -> None:
        """A straight stroke, in points from the top left; `dash` and `pen` in points."""
        self._canvas.setLineWidth(self.pen_pt if pen is None else pen)
        self._canvas.setDash(*(([*dash],) if dash else ([],)))
        self._canvas.line(x0, self._y(y0), x1, self._y(y1))
        self._canvas.setDash([])

    def rect(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        radius: float = 0.0,
        fill_style: str = "outline",
        dash: tuple[float, ...] = (),
    ) -> None:
        """`fill_style`: outline, filled or hatched."""
        self._canvas.setLineWidth(self.pen_pt)
        self._canvas.setDash([*dash])
        self._canvas.setFillColorRGB(*GREY)
        fill, w, h = int(fill_style == "filled"), x1 - x0, y1 - y0
        if radius > 0:
            self._canvas.roundRect(x0, self._y(y1), w, h, min(radius, w / 2, h / 2), 1, fill)
        else:
            self._canvas.rect(x0, self._y(y1), w, h, 1, fill)
        self._canvas.setDash([])
        if fill_style == "hatched":
            self._hatch(x0, y0, x1, y1)

    def _hatch(self, x0: float, y0: float, x1: float, y1: float, step: float = 4.0) -> None:
        w, h = x1 - x0, y1 - y0
        for i in range(1, int((w + h) / step) + 1):
            d = i * step
            a = (x0 + min(d, w), y0 + max(0.0, d - w))
            b = (x0 + max(0.0, d - h), y0 + min(d, h))
            self.line(*a, *b, pen=0.3)

    def circle(self, x: float, y: float, radius: float, fill_style: str = "outline", dark: bool = False) -> None:
        """A circle by centre and radius, in points from the top left; `fill_style`: outline or filled."""
        self._canvas.setLineWidth(self.pen_pt)
        self._canvas.setFillColorRGB(*(BLACK if dark else GREY))
        self._canvas.circle(x, self._y(y), radius, 1, int(fill_style == "filled"))

    def d_shape(self, x0: float, y0: float, x1: float, y1: float, round_end: str, fill_style: str = "outline") -> None:
        """A rectangle whose one end (left, right, top, bottom) is a half circle."""
        path = self._canvas.beginPath()
        self._canvas.setLineWidth(self.pen_pt)
        self._canvas.setFillColorRGB(*GREY)
        points = d_points(x0, y0, x1, y1, round_end)
        kappa = 0.5523
        path.moveTo(points[0][0], self._y(points[0][1]))
        for kind, p in zip(("line", "arc", "arc", "line"), (points[1], points[2], points[3], points[4]), strict=True):
            if kind == "line":
                path.lineTo(p[0], self._y(p[1]))
                last = p
                continue
            corner = _corner(last, p, round_end)
            c1 = (last[0] + kappa * (corner[0] - last[0]), last[1] + kappa * (corner[1] - last[1]))
            c2 = (p[0] + kappa * (corner[0] - p[0]), p[1] + kappa * (corner[1] - p[1]))
            path.curveTo(c1[0], self._y(c1[1]), c2[0], self._y(c2[1]), p[0], self._y(p[1]))
            last = p
        path.close()
        self._canvas.drawPath(path, 1, int(fill_style == "filled"))

    def polygon(self, points: list[tuple[float, float]], filled: bool = True) -> None:
        """A closed polygon through points (x, y), in points from the top left, black where `filled`."""
        path = self._canvas.beginPath()
        path.moveTo(points[0][0], self._y(points[0][1]))
        for x, y in points[1:]:
            path.lineTo(x, self._y(y))
        path.close()
        self._canvas.setFillColorRGB(*BLACK)
        self._canvas.setLineWidth(0.2 if filled else self.pen_pt)
        self._canvas.drawPath(path, 1, int(filled))

    def text_width(self, text: str, size: float) -> float:
        """How wide a text is in points at a letter size in points."""
        if self.font == "strokes":
            return strokes.width(text, size)
        return float(stringWidth(text, self.font, size))

    def text(
        self, x: float, y: float, text: str, size: float, what: str = "", upwards: bool = False
    ) -> tuple[float, float, float, float]:
        """Text whose middle stands at (x, y); `upwards` turns it to read from below. Returns its box."""
        half, tall = self.text_width(text, size) / 2, CAP * size / 2
        box = (x - tall, y - half, x + tall, y + half) if upwards else (x - half, y - tall, x + half, y + tall)
        if self.font == "strokes":
            self._strokes(box, text, size, upwards)
        else:
            self._letters(box, text, size, upwards)
        self.printed.append(Printed(self.page, tuple(round(v, 2) for v in box), text, what))  # type: ignore[arg-type]
        return box

    def han(self, x: float, y: float, text: str, size: float) -> None:
        """Chinese text around (x, y) in a font that every PDF reader is expected to have."""
        plain, self.font = self.font, HAN_FONT
        self.text(x, y, text, size)
        self.font = plain

    def _letters(self, box: tuple[float, float, float, float], text: str, size: float, upwards: bool) -> None:
        self._canvas.setFillColorRGB(*BLACK)
        self._canvas.setFont(self.font, size)
        if not upwards:
            self._canvas.drawString(box[0], self._y(box[3]), text)
            return
        self._canvas.saveState()
        self._canvas.translate(box[2], self._y(box[3]))
        self._canvas.rotate(90)
        self._canvas.drawString(0, 0, text)
        self._canvas.restoreState()

    def _strokes(self, box: tuple[float, float, float, float], text: str, size: float, upwards: bool) -> None:
        for run in strokes.runs(text, size):
            placed = [(box[2] - v, box[3] - u) if upwards else (box[0] + u, box[3] - v) for u, v in run]
            for (xa, ya), (xb, yb) in pairwise(placed):
                self.line(xa, ya, xb, yb, pen=0.08 * size)


def d_points(x0: float, y0: float, x1: float, y1: float, round_end: str) -> list[tuple[float, float]]:
    """The square end's two corners around the half circle: corner, start of arc, its middle, its end, corner."""
    if round_end in ("top", "bottom"):
        r = (x1 - x0) / 2
        tip, base, inner = (y0, y1, y0 + r) if round_end == "top" else (y1, y0, y1 - r)
        return [(x0, base), (x0, inner), ((x0 + x1) / 2, tip), (x1, inner), (x1, base)]
    r = (y1 - y0) / 2
    tip, base, inner = (x0, x1, x0 + r) if round_end == "left" else (x1, x0, x1 - r)
    return [(base, y0), (inner, y0), (tip, (y0 + y1) / 2), (inner, y1), (base, y1)]


def _corner(a: tuple[float, float], b: tuple[float, float], round_end: str) -> tuple[float, float]:
    """The corner of the square around a quarter circle from `a` to `b`; the tip side decides which of the two."""
    ends = sorted((a, b), key=lambda p: {"top": p[1], "bottom": -p[1], "left": p[0], "right": -p[0]}[round_end])
    tip, side = ends
    return (side[0], tip[1]) if round_end in ("top", "bottom") else (tip[0], side[1])


def unit(dx: float, dy: float) -> tuple[float, float]:
    """A direction as a vector of length 1; (0, 0) stays what it is."""
    size = math.hypot(dx, dy) or 1.0
    return dx / size, dy / size
