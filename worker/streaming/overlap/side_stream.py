"""A stream of a device beside the one on which decode steps run: for vision and prefills of other streams of a model.

Nothing crosses from one to the other while it is in use. Work here begins when the decode stream has done what it was given
so far (whoever feeds a session makes and grows its buffers there), and the host goes on only when the work here is done. So a
buffer may be freed, moved or read by the decode stream as soon as a turn is over, and no tensor needs `record_stream`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from worker.streaming.overlap.capture_lock import CaptureLock


class SideStream:
    """The `Beside` of torch, for one thread. On a CPU streams are names only: what runs beside is the thread.

    `streams` is what makes streams and events: a module of torch for the device.
    """

    def __init__(self, device: torch.device, captures: CaptureLock, streams: Any = None) -> None:
        self._captures = captures
        self._streams: Any = streams or torch.get_device_module(device)
        self._decoding = self._streams.current_stream(device)
        self._side = self._streams.Stream(device)

    @contextmanager
    def work(self) -> Iterator[None]:
        """What this thread gives the device goes to the side stream and is done at the end, also when it fails."""
        with self._captures.work(), self._streams.stream(self._side):
            self._side.wait_stream(self._decoding)
            try:
                yield
            finally:
                self._finish()

    def _finish(self) -> None:
        done = self._streams.Event()
        done.record(self._side)
        done.synchronize()  # this thread alone waits: the decode steps go on
