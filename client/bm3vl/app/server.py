"""The server bar: address, key, and in plain words whether they work."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from bm3vl import Client
from bm3vl import login as logins
from bm3vl.app.tasks import TaskReport, Tasks
from bm3vl.errors import ConnectionFailed, Unauthorized

LOOK_EVERY_MS = 5000
ASK_TIMEOUT_S = 5.0  # a server that answers later than this is shown as not there; the window waits no longer


class ServerBar(QWidget):
    """Where the server is. `changed` tells the status text whenever it changes."""

    changed = Signal(str)

    def __init__(self, tasks: Tasks, login: logins.SavedLogin) -> None:
        super().__init__()
        self._tasks = tasks
        self._looking = False
        self.address = QLineEdit(login.server)
        self.address.setAccessibleName("Server address")
        self.key = QLineEdit(login.key)
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.key.setAccessibleName("API key")
        self.status = QLabel("not connected")
        keep = QPushButton("&Keep")
        keep.setToolTip("Remember address and key on this computer")
        keep.clicked.connect(lambda: logins.save(self.login))
        row = QHBoxLayout(self)
        for text, field in (("&Server", self.address), ("Ke&y", self.key)):
            label = QLabel(text)
            label.setBuddy(field)
            row.addWidget(label)
            row.addWidget(field)
        row.addWidget(keep)
        row.addWidget(self.status)
        self.address.editingFinished.connect(self.look)
        self.key.editingFinished.connect(self.look)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(LOOK_EVERY_MS)
        self.look()

    @property
    def login(self) -> logins.SavedLogin:
        return logins.SavedLogin(self.address.text().strip(), self.key.text().strip())

    def client(self, retries: int = 8) -> Client:
        """A connection for one piece of work, patient enough for a server's restart. Ask for it before the work begins:
        only the window's thread may read what stands in the fields."""
        login = self.login
        return Client(login.server, login.key, retries=retries)

    def look(self) -> None:
        """Ask the server whether it is there and takes the key; one question at a time."""
        if not self._looking:
            self._looking = True
            self._tasks.start(partial(_ask, self.login), self._say, self._say)

    def _say(self, status: str) -> None:
        self._looking = False
        if status != self.status.text():
            self.status.setText(status)
            self.changed.emit(status)


def _ask(login: logins.SavedLogin, _: TaskReport) -> str:
    """Whether the server is there and takes the key, in plain words."""
    with Client(login.server, login.key, timeout_s=ASK_TIMEOUT_S, retries=0) as client:
        try:
            queues = client.queues()
        except Unauthorized:
            return "key refused"
        except ConnectionFailed:
            return "server not reachable"
    queued = sum(queue.states.get("queued", 0) for queue in queues)
    return f"connected, {queued} jobs waiting"
