"""A capture has the process to itself: while PyTorch captures a CUDA graph, no thread may give the device other work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class CaptureLock:
    """A readers-writer lock: the work of several threads may hold it, or one capture. A capture that waits comes next."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._working = 0
        self._captures = 0  # that wait or run

    @contextmanager
    def work(self) -> Iterator[None]:
        """Work that no capture may see. Not to be entered again by a thread that is in it."""
        with self._changed:
            self._changed.wait_for(lambda: not self._captures)
            self._working += 1
        try:
            yield
        finally:
            with self._changed:
                self._working -= 1
                self._changed.notify_all()

    @contextmanager
    def capture(self) -> Iterator[None]:
        """Nobody else works from here on; the thread that decodes captures, one graph after the other."""
        with self._changed:
            self._captures += 1
            self._changed.wait_for(lambda: not self._working)
        try:
            yield
        finally:
            with self._changed:
                self._captures -= 1
                self._changed.notify_all()
