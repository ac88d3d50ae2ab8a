"""Draws a footprint: pads, courtyard and pin 1 in millimetres, x right and y down, fitted to the widget."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

COPPER, HOLE, BACK, INK = QColor("#b4652a"), QColor("#f3efe6"), QColor("#10222e"), QColor("#ffffff")
YARD, FIRST = QColor("#7f95a3"), QColor("#ffc400")
MARGIN, LARGEST_TEXT_PX = 0.06, 15
ROUND = frozenset({"circle", "oval"})


def extent(pads: list[dict[str, Any]], yard: QRectF) -> QRectF:
    """The rectangle around all pads and the courtyard, in mm."""
    for pad in pads:
        yard = yard.united(box(pad))
    return yard


def box(pad: dict[str, Any]) -> QRectF:
    """A pad's copper, or its hole where it has none."""
    drill = pad.get("drill") or [0, 0]
    width, height = pad.get("w") or drill[0], pad.get("h") or drill[-1]
    return QRectF(pad["x"] - width / 2, pad["y"] - height / 2, width, height)


class FootprintView(QWidget):
    """Shows pads; empty until it gets some."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(260, 220)
        self.setAccessibleName("Footprint drawing")
        self._pads: list[dict[str, Any]] = []
        self._yard = QRectF()

    def show_pads(self, pads: list[dict[str, Any]], courtyard: dict[str, float] | None) -> None:
        self._pads = pads
        corners = [courtyard[name] for name in ("x0", "y0", "x1", "y1")] if courtyard else [0.0] * 4
        self._yard = QRectF(QPointF(*corners[:2]), QPointF(*corners[2:]))
        self.setAccessibleDescription(f"{len(pads)} pads")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), BACK)
        painter.setPen(INK)
        if not self._pads:
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "no land pattern")
            return
        area = extent(self._pads, self._yard)
        scale = min(self.width() / area.width(), self.height() / area.height()) * (1 - 2 * MARGIN)
        painter.translate(self.width() / 2, self.height() / 2)
        painter.setPen(QPen(YARD, 1, Qt.PenStyle.DashLine))
        painter.drawRect(_shown(self._yard, scale, area.center()))
        places = [_shown(box(pad), scale, area.center()) for pad in self._pads]
        letters = letter_px(self._pads, places)
        for pad, place in zip(self._pads, places, strict=True):
            self._draw(painter, pad, scale, place)
            self._write(painter, str(pad.get("number") or ""), place, letters)

    def _draw(self, painter: QPainter, pad: dict[str, Any], scale: float, shown: QRectF) -> None:
        first = pad.get("number") in ("1", "A1")
        round_px = min(shown.width(), shown.height()) / 2
        radius = round_px if pad["shape"] in ROUND else (pad.get("corner_radius") or 0) * scale
        painter.setPen(QPen(FIRST, 2) if first else Qt.PenStyle.NoPen)
        painter.setBrush(COPPER if pad.get("w") else HOLE)
        if pad["shape"] == "d_shape":
            painter.drawPath(d_outline(pad, shown))
        else:
            painter.drawRoundedRect(shown, radius, radius)
        painter.setPen(Qt.PenStyle.NoPen)
        if pad.get("drill") and pad.get("w"):
            hole = QRectF(0, 0, pad["drill"][0] * scale, pad["drill"][-1] * scale)
            hole.moveCenter(shown.center())
            painter.setBrush(HOLE)
            painter.drawEllipse(hole)

    def _write(self, painter: QPainter, number: str, shown: QRectF, letters: int) -> None:
        font = painter.font()
        font.setPixelSize(letters)
        painter.setFont(font)
        painter.setPen(INK)
        painter.drawText(shown, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, number)


def letter_px(pads: list[dict[str, Any]], places: list[QRectF]) -> int:
    """One height of letters for all numbers, which fits into the numbered pad with the least room."""
    numbers = [str(pad.get("number") or "") for pad in pads]
    room = [
        min(place.height() * 0.8, place.width() * 1.4 / len(number))
        for number, place in zip(numbers, places, strict=True)
        if number
    ]
    return max(1, int(min([LARGEST_TEXT_PX, *room])))


def d_outline(pad: dict[str, Any], shown: QRectF) -> QPainterPath:
    """A rectangle whose end towards the middle of the pattern is a half circle."""
    flat = shown.width() >= shown.height()
    path, square = QPainterPath(), QRectF(shown)
    radius = min(shown.width(), shown.height()) / 2
    path.addRoundedRect(shown, radius, radius)
    if flat:
        square.setWidth(shown.width() / 2)
        square.moveRight(shown.right()) if pad["x"] > 0 else square.moveLeft(shown.left())
    else:
        square.setHeight(shown.height() / 2)
        square.moveBottom(shown.bottom()) if pad["y"] > 0 else square.moveTop(shown.top())
    corners = QPainterPath()
    corners.addRect(square)
    return path.united(corners)


def _shown(mm: QRectF, scale: float, middle: QPointF) -> QRectF:
    """Where a rectangle of the footprint lies on the widget, whose own middle is the origin."""
    at = QRectF(0, 0, mm.width() * scale, mm.height() * scale)
    at.moveCenter((mm.center() - middle) * scale)
    return at
