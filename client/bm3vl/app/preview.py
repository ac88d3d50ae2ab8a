"""Shows a file before it is sent: an image, or a page of a PDF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pypdfium2
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QLabel

DPI = 110
IMAGE_DPI = 200  # what the service takes an image for
MARK, MARK_PX, AROUND_PT = QColor("#3246c8"), 2, 1.5
Box = tuple[float, float, float, float]


def marked(path: Path, page: int, boxes: Sequence[Box]) -> QImage:
    """`render`, with boxes (in points of the page) drawn around what was read. Raises as it does."""
    image = render(path, page)
    if not boxes:
        return image
    scale = (DPI if path.suffix.lower() == ".pdf" else IMAGE_DPI) / 72
    shown = image.convertToFormat(QImage.Format.Format_RGB32)
    painter = QPainter(shown)
    painter.setPen(QPen(MARK, MARK_PX))
    for x0, y0, x1, y1 in boxes:
        around = QRectF(x0, y0, x1 - x0, y1 - y0).adjusted(-AROUND_PT, -AROUND_PT, AROUND_PT, AROUND_PT)
        painter.drawRect(QRectF(around.topLeft() * scale, around.size() * scale))
    painter.end()
    return shown


def render(path: Path, page: int) -> QImage:
    """A picture of the file (of the PDF's page, counted from 1). Raises ValueError with a reason a person understands."""
    if path.suffix.lower() != ".pdf":
        image = QImage(str(path))
        if image.isNull():
            raise ValueError(f"{path.name} is not an image that this program can show")
        return image
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise ValueError(f"{path.name} cannot be opened: {error}") from error
    try:
        if not 1 <= page <= len(document):
            raise ValueError(f"{path.name} has {len(document)} pages")
        bitmap = document[page - 1].render(scale=DPI / 72, rev_byteorder=True).to_numpy()
    finally:
        document.close()
    height, width, _ = bitmap.shape
    return QImage(bitmap.tobytes(), width, height, width * 3, QImage.Format.Format_RGB888).copy()


class Preview(QLabel):
    """A picture fitted to its place; rendering happens elsewhere (`render` in a task)."""

    def __init__(self) -> None:
        super().__init__("Open a PDF, or an outline and a land-pattern image")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumSize(280, 260)
        self.setWordWrap(True)
        self.setAccessibleName("Preview")
        self.image: QImage | None = None

    def show_image(self, image: QImage) -> None:
        self.image = image
        self._fit()

    def show_problem(self, text: str) -> None:
        self.image = None
        self.setText(text)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self.image is not None:
            keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            self.setPixmap(QPixmap.fromImage(self.image).scaled(self.size(), keep, smooth))
