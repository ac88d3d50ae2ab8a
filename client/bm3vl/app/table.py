"""Tables of the application: rows of texts that can be copied into a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QHeaderView, QTableWidget, QTableWidgetItem

ROW_PX = 26


class JobTable(QTableWidget):
    """A read-only table with headings; one of its columns takes the room that is left."""

    def __init__(self, columns: Sequence[str], name: str, wide: int = 0) -> None:
        super().__init__(0, len(columns))
        self.setHorizontalHeaderLabels([*columns])
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.setAccessibleName(name)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        heads = self.horizontalHeader()
        heads.setHighlightSections(False)
        heads.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        heads.setSectionResizeMode(wide, QHeaderView.ResizeMode.Stretch)

    def fill(self, rows: Sequence[Sequence[Any]]) -> None:
        """Show these rows instead of the present ones."""
        self.setRowCount(0)
        for row in rows:
            self.add(row)

    def add(self, row: Sequence[Any]) -> int:
        """Append a row; its number."""
        number = self.rowCount()
        self.insertRow(number)
        for column, value in enumerate(row):
            self.put(number, column, value)
        return number

    def put(self, row: int, column: int, value: Any) -> None:
        """Set one cell."""
        item = QTableWidgetItem("" if value is None else str(value))
        item.setToolTip(item.text())
        if isinstance(value, float | int):
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setItem(row, column, item)

    def text(self, row: int, column: int) -> str:
        """What a cell shows."""
        item = self.item(row, column)
        return "" if item is None else item.text()

    def as_text(self) -> str:
        """The whole table, columns separated by tabs."""
        heads = [item.text() if (item := self.horizontalHeaderItem(c)) else "" for c in range(self.columnCount())]
        rows = [[self.text(r, c) for c in range(self.columnCount())] for r in range(self.rowCount())]
        return "\n".join("\t".join(row) for row in [heads, *rows])

    def copy(self) -> None:
        """Put the whole table on the clipboard."""
        QApplication.clipboard().setText(self.as_text())
