"""Shows a file before it is sent: an image, or a page of a PDF."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QLabel

DPI = 110


def render(path: Path, page: int) -> QImage:
    """A picture of the file (of the PDF's page, counted from 1). Raises ValueError with a reason a person understands."""
    if path.suffix.lower() != ".pdf":
        image = QImage(str(path))
        if image.isNull():
            raise ValueError(f"{path.name} is no image this program can show")
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
        self._image: QImage | None = None

    def show_image(self, image: QImage) -> None:
        self._image = image
        self._fit()

    def show_problem(self, text: str) -> None:
        self._image = None
        self.setText(text)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._image is not None:
            keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            self.setPixmap(QPixmap.fromImage(self._image).scaled(self.size(), keep, smooth))
