"""Draws a footprint: pads in millimetres, x right and y down, fitted to the widget."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

COPPER, HOLE, BACK, INK = QColor("#c8372d"), QColor("#f3efe6"), QColor("#10222e"), QColor("#ffffff")
MARGIN = 0.12
ROUND = frozenset({"circle", "oval"})


def extent(pads: list[dict[str, Any]]) -> QRectF:
    """The rectangle around all pads, in mm."""
    area = QRectF()
    for pad in pads:
        area = area.united(box(pad))
    return area


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

    def show_pads(self, pads: list[dict[str, Any]]) -> None:
        self._pads = pads
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
        area = extent(self._pads)
        scale = min(self.width() / area.width(), self.height() / area.height()) * (1 - 2 * MARGIN)
        middle = area.center()
        for pad in self._pads:
            self._draw(painter, pad, scale, middle)

    def _draw(self, painter: QPainter, pad: dict[str, Any], scale: float, middle: QPointF) -> None:
        mm = box(pad)
        shown = QRectF(0, 0, mm.width() * scale, mm.height() * scale)
        shown.moveCenter((mm.center() - middle) * scale + QPointF(self.width() / 2, self.height() / 2))
        radius = (
            min(shown.width(), shown.height()) / 2 if pad["shape"] in ROUND else (pad.get("corner_radius") or 0) * scale
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(COPPER if pad.get("w") else HOLE)
        painter.drawRoundedRect(shown, radius, radius)
        if pad.get("drill") and pad.get("w"):
            hole = QRectF(0, 0, pad["drill"][0] * scale, pad["drill"][-1] * scale)
            hole.moveCenter(shown.center())
            painter.setBrush(HOLE)
            painter.drawEllipse(hole)
        painter.setPen(INK)
        painter.drawText(shown, Qt.AlignmentFlag.AlignCenter, str(pad.get("number") or ""))
