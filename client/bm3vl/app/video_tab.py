"""A video: submit it, read the captions as they come, save WebVTT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from bm3vl import finished
from bm3vl.app.server import ServerBar
from bm3vl.app.tasks import TaskReport, Tasks
from bm3vl.clock import clock

VIDEOS = (
    "Videos (*.mp4 *.mkv *.webm *.mov *.avi *.ts *.mts *.m2ts *.mpg *.mod *.3gp *.dv *.asf *.wmv *.flv);;All files (*)"
)


class VideoTab(QWidget):
    """The video tab."""

    def __init__(self, tasks: Tasks, server: ServerBar) -> None:
        super().__init__()
        self._tasks, self._server = tasks, server
        self._running: TaskReport | None = None
        self.job_id: str | None = None
        self.vtt: bytes = b""
        self.prompt = QLineEdit()
        self.prompt.setPlaceholderText("Describe what happens in the video as it happens.")
        self.prompt.setAccessibleName("Prompt")
        self.captions = QPlainTextEdit(readOnly=True)
        self.captions.setAccessibleName("Captions")
        self.captions.setPlaceholderText("Captions appear here while the video is read.")
        self.bar, self.status = QProgressBar(), QLabel("Open a video")
        self.save_button = QPushButton("&Save WebVTT…")
        self._lay_out()

    def submit(self, file: Path) -> None:
        """Upload and follow a video; a new one takes the place of the old one on the screen."""
        if self._running is not None:
            self._running.stop()
        self.captions.clear()
        self.save_button.setEnabled(False)
        prompt, client = self.prompt.text().strip(), self._server.client()

        def work(report: TaskReport) -> bytes:
            with client:
                asset = client.upload(file, lambda sent, size: report.tell({"sent": sent, "size": size}))
                params = {"video": {"asset_id": str(asset.id)}} | ({"prompt": prompt} if prompt else {})
                job = client.submit("video.caption", params)
                report.tell({"job": str(job.id)})
                for event in client.watch(job):
                    report.tell({event.type: event.data})
                finished(client.job(job))
                return client.read(job, "captions.vtt")

        self._running = self._tasks.start(work, self._done, self.status.setText, self._show)

    def save(self, path: Path) -> None:
        """Write the captions."""
        path.write_bytes(self.vtt)
        self.status.setText(f"saved {path}")

    def _show(self, what: dict[str, Any]) -> None:
        match what:
            case {"sent": sent, "size": size}:
                self._advance(sent, size, "sending")
            case {"job": job_id}:
                self.job_id = job_id
                self.status.setText(f"job {job_id}")
            case {"cue": cue}:
                self.captions.appendPlainText(f"{clock(cue['start_ms'])}  {cue['text']}")
            case {"gap": gap}:
                self.captions.appendPlainText(f"-- gap: {gap['data'].get('reason')}")
            case {"progress": progress}:
                self._advance(progress["done_ms"], progress["total_ms"], clock(progress["done_ms"]))

    def _advance(self, done: int, whole: int | None, text: str) -> None:
        self.bar.setRange(0, 1000 if whole else 0)
        self.bar.setValue(min(1000, done * 1000 // whole) if whole else 0)
        self.status.setText(text)

    def _done(self, vtt: bytes) -> None:
        self.vtt = vtt
        self.save_button.setEnabled(True)
        self.bar.setRange(0, 1000)
        self.bar.setValue(1000)
        self.status.setText("done")

    def _choose(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "A video", filter=VIDEOS)
        if name:
            self.submit(Path(name))

    def _choose_target(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save", filter="WebVTT (*.vtt)")
        if name:
            self.save(Path(name))

    def _lay_out(self) -> None:
        choose = QPushButton("&Open a video…")
        choose.clicked.connect(self._choose)
        self.save_button.clicked.connect(self._choose_target)
        self.save_button.setEnabled(False)
        top = QHBoxLayout()
        for widget in (choose, QLabel("Prompt"), self.prompt, self.save_button):
            top.addWidget(widget)
        column = QVBoxLayout(self)
        column.addLayout(top)
        column.addWidget(self.bar)
        column.addWidget(self.captions)
        column.addWidget(self.status)
