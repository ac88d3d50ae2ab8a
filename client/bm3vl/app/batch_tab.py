"""Many datasheets: each with its own progress and error, everything saved at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from bm3vl import Client
from bm3vl.app.datasheet import DatasheetRequest, Extracted, ExtractionStep, extract
from bm3vl.app.pairing import KINDS, requests
from bm3vl.app.server import ServerBar
from bm3vl.app.table import JobTable
from bm3vl.app.tasks import TaskReport, Tasks

PACKAGE, BAR, STATE, PADS = 1, 2, 3, 4


class BatchTab(QWidget):
    """The batch tab; one row an input: a PDF, an image, or the two images of one part."""

    def __init__(self, tasks: Tasks, server: ServerBar) -> None:
        super().__init__()
        self._tasks, self._server = tasks, server
        self.inputs: list[DatasheetRequest] = []
        self.packages: list[QLineEdit] = []
        self.bars: list[QProgressBar] = []
        self.results: dict[int, Extracted] = {}
        self.failed: set[int] = set()
        self.running: set[int] = set()
        self.table = JobTable(("file", "package", "progress", "state", "pads"), "Files", wide=STATE)
        self.status = QLabel("Add datasheets")
        self.start_button, self.save_button = _button("&Start", self.start), _button("Save &all…", self._choose_folder)
        buttons = QHBoxLayout()
        for button in (_button("&Add…", self._choose), self.start_button, self.save_button):
            buttons.addWidget(button)
        buttons.addStretch()
        self._offer()
        column = QVBoxLayout(self)
        column.addLayout(buttons)
        column.addWidget(self.table)
        column.addWidget(self.status)

    def add(self, files: list[Path]) -> None:
        """Add files at the end of the list; two images of one part (by their names) are one row."""
        for request in requests(files):
            name = " + ".join(file.name for file in request.files)
            self.inputs.append(request)
            self.bars.append(_bar(name))
            self.packages.append(_package(name))
            row = self.table.add([name, None, None, "waiting", None])
            self.table.setCellWidget(row, PACKAGE, self.packages[-1])
            self.table.setCellWidget(row, BAR, self.bars[-1])
        self.status.setText(f"{len(self.inputs)} datasheets")
        self._offer()

    @property
    def ended(self) -> int:
        """How many files have a result or an error."""
        return len(self.results) + len(self.failed)

    def start(self) -> None:
        """Extract every file that has no result yet; each on its own, so that one bad file stops no other."""
        for row in {*range(len(self.inputs))} - self.running - self.results.keys():
            self.failed.discard(row)
            self.running.add(row)
            request = replace(self.inputs[row], package=self.packages[row].text().strip())
            work = partial(_work, self._server.client(), request)
            done, failed = partial(self._done, row), partial(self._failed, row)
            self._tasks.start(work, done, failed, partial(self._show, row))
        self._offer()

    def save_all(self, folder: Path) -> int:
        """Write every result document and footprint into a folder; how many files were written."""
        written = 0
        for row, extracted in sorted(self.results.items()):
            stem = folder / f"{row + 1:03d}-{self.inputs[row].files[0].stem}"
            stem.with_suffix(".json").write_text(json.dumps(extracted.result, indent=1))
            written += 1
            if extracted.kicad is not None:
                stem.with_suffix(".kicad_mod").write_bytes(extracted.kicad)
                written += 1
        self.status.setText(f"{written} files written to {folder}")
        return written

    def _show(self, row: int, step: ExtractionStep) -> None:
        self.table.put(row, STATE, step.words)
        self.bars[row].setRange(0, 0 if step.ratio is None else 100)
        self.bars[row].setValue(round(100 * (step.ratio or 0)))

    def _offer(self) -> None:
        """The buttons that have something to do."""
        self.start_button.setEnabled(len(self.results) + len(self.running) < len(self.inputs))
        self.save_button.setEnabled(bool(self.results))

    def _done(self, row: int, extracted: Extracted) -> None:
        self.results[row] = extracted
        self.table.put(row, PADS, len(extracted.pads))
        self._end(row, ExtractionStep("done", 1.0))

    def _failed(self, row: int, reason: str) -> None:
        self.failed.add(row)
        self._end(row, ExtractionStep(reason, 0.0))

    def _end(self, row: int, step: ExtractionStep) -> None:
        self.running.discard(row)
        self._show(row, step)
        self.status.setText(f"{self.ended} of {len(self.inputs)} ended, {len(self.results)} with a result")
        self._offer()

    def _choose(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Datasheets", filter=KINDS)
        self.add([Path(name) for name in names])

    def _choose_folder(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self, "Save all results to"):
            self.save_all(Path(folder))


def _work(client: Client, request: DatasheetRequest, report: TaskReport) -> Extracted:
    with client:
        return extract(client, request, report)


def _button(text: str, act: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.clicked.connect(lambda: act())
    return button


def _package(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setPlaceholderText("found by itself")
    field.setAccessibleName(f"Package of {name}")
    return field


def _bar(name: str) -> QProgressBar:
    bar = QProgressBar()
    bar.setRange(0, 100)
    bar.setValue(0)
    bar.setAccessibleName(f"Progress of {name}")
    return bar
