"""One extraction: open files, look at them, extract, check the numbers, save."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from bm3vl.app.datasheet import DatasheetRequest, Extracted, evidence, extract, page_found
from bm3vl.app.footprint import FootprintView
from bm3vl.app.pairing import KINDS, is_pdf
from bm3vl.app.preview import Preview, marked
from bm3vl.app.server import ServerBar
from bm3vl.app.table import JobTable
from bm3vl.app.tasks import TaskReport, Tasks

PAD_COLUMNS = ("number", "type", "shape", "x", "y", "w", "h", "drill")
BODY_PX = 26 * 4 + 4  # its heads and three rows


class SingleTab(QWidget):
    """The datasheet tab."""

    def __init__(self, tasks: Tasks, server: ServerBar) -> None:
        super().__init__()
        self._tasks, self._server = tasks, server
        self._running: TaskReport | None = None
        self.files: tuple[Path, ...] = ()
        self.extracted: Extracted | None = None
        self.package, self.show_kind = QLineEdit(), QComboBox()
        self.show_kind.addItems(["both", "mechanical", "footprint"])
        self.mechanical_page, self.land_page = _page_box(), _page_box()
        self.preview, self.drawing = Preview(), FootprintView()
        self.body = JobTable(("body, mm", "min", "nom", "max", "status"), "Body dimensions")
        self.pads = JobTable(PAD_COLUMNS, "Pads")
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.extract_button = QPushButton("&Extract")
        self.copy_button, self.save_button = QPushButton("&Copy pads"), QPushButton("&Save…")
        self._lay_out()
        self.mechanical_page.valueChanged.connect(self._look)

    def open(self, files: list[Path]) -> None:
        """Take these files as the next input and show the first."""
        self.files, self.extracted = tuple(files), None
        self._offer()
        self.extract_button.setEnabled(bool(files))
        self.status.setText(", ".join(file.name for file in files))
        self._look()

    def extract(self) -> None:
        """Send the files; the button is idle until the answer is there."""
        request = DatasheetRequest(
            files=self.files,
            package=self.package.text().strip(),
            mechanical_page=self.mechanical_page.value() or None,
            land_page=self.land_page.value() or None,
            show=self.show_kind.currentText(),
        )

        client = self._server.client()

        def work(report: TaskReport) -> Extracted:
            with client:
                return extract(client, request, report)

        self.extract_button.setEnabled(False)
        self.status.setText("working")
        self._running = self._tasks.start(work, self._show, self._fail, lambda step: self.status.setText(step.words))

    def save(self, path: Path) -> None:
        """Write the footprint (.kicad_mod) or the result document (any other suffix)."""
        if self.extracted is None:
            return
        if path.suffix != ".kicad_mod":
            path.write_text(json.dumps(self.extracted.result, indent=1))
        elif self.extracted.kicad is not None:
            path.write_bytes(self.extracted.kicad)
        else:
            self.status.setText("the document states no land pattern: there is no footprint to save")
            return
        self.status.setText(f"saved {path}")

    def _look(self) -> None:
        """Show the page asked for; once there is a result the drawing found, with what was read from it."""
        if not self.files:
            return
        result = self.extracted.result if self.extracted is not None else {}
        page = page_found(result) if result else max(1, self.mechanical_page.value())
        is_document = is_pdf(self.files[0])
        file = self.files[0] if is_document else self.files[min(page, len(self.files)) - 1]
        boxes = evidence(result, page)
        self._tasks.start(lambda _: marked(file, page, boxes), self.preview.show_image, self.preview.show_problem)

    def _show(self, extracted: Extracted) -> None:
        self.extracted = extracted
        self.extract_button.setEnabled(True)
        body = extracted.result["body"]
        self.body.fill([[name, *(body[name].get(key) for key in ("min", "nom", "max", "status"))] for name in body])
        self.pads.fill([[_cell(pad.get(name)) for name in PAD_COLUMNS] for pad in extracted.pads])
        self.drawing.show_pads(extracted.pads, extracted.result.get("courtyard"))
        reasons = extracted.result.get("needs_review") or []
        self.status.setText(f"please check: {'; '.join(map(_text, reasons))}" if reasons else "done")
        self._offer()
        self._look()

    def _fail(self, reason: str) -> None:
        self.extract_button.setEnabled(True)
        self.status.setText(reason)

    def _choose(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "A PDF, or two images", filter=KINDS)
        if names:
            self.open([Path(name) for name in names])

    def _choose_target(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save", filter="KiCad footprint (*.kicad_mod);;JSON (*.json)")
        if name:
            self.save(Path(name))

    def _lay_out(self) -> None:
        choose = QPushButton("&Open…")
        choose.clicked.connect(self._choose)
        self.copy_button.clicked.connect(self.pads.copy)
        self.save_button.clicked.connect(self._choose_target)
        self.extract_button.clicked.connect(self.extract)
        self.extract_button.setEnabled(False)
        self._offer()
        top = QHBoxLayout()
        labelled = (
            ("Package", self.package),
            ("Outline page", self.mechanical_page),
            ("Land-pattern page", self.land_page),
        )
        top.addWidget(choose)
        for text, widget in (*labelled, ("Images show", self.show_kind)):
            widget.setAccessibleName(text)
            top.addWidget(QLabel(text))
            top.addWidget(widget)
        for button in (self.extract_button, self.copy_button, self.save_button):
            top.addWidget(button)
        numbers = QVBoxLayout()
        numbers.addWidget(self.body)
        numbers.addWidget(self.pads, 1)
        self.body.setFixedHeight(BODY_PX)
        parts = QHBoxLayout()
        parts.addWidget(self.preview, 4)
        parts.addLayout(numbers, 4)
        parts.addWidget(self.drawing, 3)
        column = QVBoxLayout(self)
        column.addLayout(top)
        column.addLayout(parts, 1)
        column.addWidget(self.status)

    def _offer(self) -> None:
        """The buttons that have something to do."""
        for button in (self.copy_button, self.save_button):
            button.setEnabled(self.extracted is not None)


def _page_box() -> QSpinBox:
    box = QSpinBox()
    box.setRange(0, 100_000)
    box.setSpecialValueText("find")
    return box


def _cell(value: Any) -> Any:
    return " x ".join(str(part) for part in value) if isinstance(value, list) else value


def _text(reason: Any) -> str:
    return str(reason.get("reason") or reason) if isinstance(reason, dict) else str(reason)
