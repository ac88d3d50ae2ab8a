"""Many datasheets: each with its own progress and error, everything saved at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from client.app.datasheet import Extracted, Request, extract
from client.app.server import ServerBar
from client.app.table import Table
from client.app.tasks import Report, Tasks
from client.sdk import Client

STATE, PADS = 1, 2


class BatchTab(QWidget):
    """The batch tab; one row a file."""

    def __init__(self, tasks: Tasks, server: ServerBar) -> None:
        super().__init__()
        self._tasks, self._server = tasks, server
        self.files: list[Path] = []
        self.results: dict[int, Extracted] = {}
        self.ended = 0
        self.table = Table(("file", "state", "pads"), "Files")
        self.status = QLabel("Add datasheets")
        buttons = QHBoxLayout()
        for text, act in (("&Add…", self._choose), ("&Start", self.start), ("Save &all…", self._choose_folder)):
            buttons.addWidget(_button(text, act))
        column = QVBoxLayout(self)
        column.addLayout(buttons)
        column.addWidget(self.table)
        column.addWidget(self.status)

    def add(self, files: list[Path]) -> None:
        """Add files at the end of the list."""
        for file in files:
            self.files.append(file)
            self.table.add([file.name, "waiting", None])
        self.status.setText(f"{len(self.files)} files")

    def start(self) -> None:
        """Extract every file that has no result yet; each on its own, so that one bad file stops no other."""
        self.ended = len(self.results)
        for row in range(len(self.files)):
            if row not in self.results:
                work = partial(_work, self._server.client(), Request((self.files[row],)))
                done, failed = partial(self._done, row), partial(self._failed, row)
                self._tasks.start(work, done, failed, partial(self.table.put, row, STATE))

    def save_all(self, folder: Path) -> int:
        """Write every result document and footprint into a folder; how many files were written."""
        written = 0
        for row, extracted in sorted(self.results.items()):
            stem = folder / f"{row + 1:03d}-{self.files[row].stem}"
            stem.with_suffix(".json").write_text(json.dumps(extracted.result, indent=1))
            written += 1
            if extracted.kicad is not None:
                stem.with_suffix(".kicad_mod").write_bytes(extracted.kicad)
                written += 1
        self.status.setText(f"{written} files written to {folder}")
        return written

    def _done(self, row: int, extracted: Extracted) -> None:
        self.results[row] = extracted
        self._end(row, "done", len(extracted.pads))

    def _failed(self, row: int, reason: str) -> None:
        self._end(row, reason, None)

    def _end(self, row: int, state: str, pads: int | None) -> None:
        self.ended += 1
        self.table.put(row, STATE, state)
        self.table.put(row, PADS, pads)
        self.status.setText(f"{self.ended} of {len(self.files)} ended, {len(self.results)} with a result")

    def _choose(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Datasheets", filter="Datasheets (*.pdf *.png *.jpg *.jpeg)")
        self.add([Path(name) for name in names])

    def _choose_folder(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self, "Save all results to"):
            self.save_all(Path(folder))


def _work(client: Client, request: Request, report: Report) -> Extracted:
    with client:
        return extract(client, request, report)


def _button(text: str, act: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.clicked.connect(lambda: act())
    return button
