"""The window: a server bar above three tabs."""

from __future__ import annotations

import sys

from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QTabWidget, QVBoxLayout, QWidget

from bm3vl import login as logins
from bm3vl.app.batch_tab import BatchTab
from bm3vl.app.server import ServerBar
from bm3vl.app.single_tab import SingleTab
from bm3vl.app.tasks import Tasks
from bm3vl.app.video_tab import VideoTab


class MainWindow(QMainWindow):
    """The application's window."""

    def __init__(self, login: logins.SavedLogin) -> None:
        super().__init__()
        self.setWindowTitle("BM3-VL")
        self.resize(1100, 720)
        self.tasks = Tasks()
        self.server = ServerBar(self.tasks, login)
        self.single = SingleTab(self.tasks, self.server)
        self.batch = BatchTab(self.tasks, self.server)
        self.video = VideoTab(self.tasks, self.server)
        self.tabs = QTabWidget()
        for tab, title in ((self.single, "&Datasheet"), (self.batch, "&Batch"), (self.video, "&Video")):
            self.tabs.addTab(tab, title)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.addWidget(self.server)
        column.addWidget(self.tabs)
        self.setCentralWidget(middle)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        self.tasks.close()
        super().closeEvent(event)


def run() -> int:
    """Open the window and stay until it is closed."""
    application = QApplication(sys.argv[:1])
    window = MainWindow(logins.load(None, None))
    window.show()
    return application.exec()
