"""Work off the window's thread: nothing that talks to a server or reads a file may block the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot

from bm3vl.errors import ClientError

Work = Callable[["TaskReport"], Any]


class TaskReport(QObject):
    """How a piece of work speaks to the window; its signals arrive in the window's thread."""

    progress = Signal(object)
    done = Signal(object)
    failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.wanted = True

    def stop(self) -> None:
        """Nobody wants the result any more: the work ends at its next report."""
        self.wanted = False

    def tell(self, what: Any) -> None:
        """Say how far the work is. Raises Unwanted when the window has turned to something else."""
        if not self.wanted:
            raise Unwanted
        self.progress.emit(what)


class Unwanted(Exception):
    """The window does not wait for this any more."""


class _Task(QRunnable):
    def __init__(self, work: Work, report: TaskReport) -> None:
        super().__init__()
        self._work, self._report = work, report

    @Slot()
    def run(self) -> None:
        try:
            result = self._work(self._report)
        except Unwanted:
            return
        except (ClientError, OSError, ValueError) as error:
            self._report.failed.emit(str(error) or type(error).__name__)
        else:
            self._report.done.emit(result)


class Tasks:
    """Starts work and keeps its reports alive until the window closes."""

    def __init__(self) -> None:
        self._pool = QThreadPool()
        self._pool.setMaxThreadCount(12)  # they wait for the server most of the time
        self._reports: list[TaskReport] = []

    def start(
        self,
        work: Work,
        done: Callable[[Any], None],
        failed: Callable[[str], None],
        progress: Callable[[Any], None] | None = None,
    ) -> TaskReport:
        """Run `work` in a thread; the callbacks run in the window's thread."""
        report = TaskReport()
        report.done.connect(done)
        report.failed.connect(failed)
        if progress is not None:
            report.progress.connect(progress)
        self._reports.append(report)
        self._pool.start(_Task(work, report))
        return report

    def close(self) -> None:
        """Let running work end at its next report."""
        for report in self._reports:
            report.stop()
        self._pool.waitForDone(2000)
