"""Parts of a live source that wait for the model: few, and when it is too slow the oldest are emptied and told as gaps."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from db.documents.kinds.video import Gap
from worker.video.source.frame_sampler import ClipPart

Ended = Literal["stopped", "max_duration", "source_ended", "gave_up"]
TOO_SLOW = "the model is slower than the source: skipped to the live edge"
MOST_PARTS = 8  # with frames
FULL_QUEUE_S = 0.25  # between looks whether the oldest parts have become too late
LEAST_BEHIND_MS = 4000


@dataclass(frozen=True)
class LiveEnd:
    """After the last part: where the job's timeline ends, and why."""

    end_ms: int
    ended: Ended


class PartQueue:
    """Between the thread that reads the source and the one that asks the model.

    `now_ms` tells how late a part is on the job's timeline; None where parts are never late, and the reader waits instead.
    """

    def __init__(self, chunk_ms: int, now_ms: Callable[[], int] | None) -> None:
        self._behind_ms = max(2 * chunk_ms, LEAST_BEHIND_MS)
        self._now_ms = now_ms
        self._parts: deque[ClipPart] = deque()
        self._end: LiveEnd | Exception | None = None
        self._closed = False
        self._changed = threading.Condition()
        self.dropped_ms = 0

    def put(self, part: ClipPart) -> None:
        """Add a part, once there is room."""
        with self._changed:
            self._parts.append(part)
            self._drop_late()
            self._changed.notify_all()
            while not self._closed and sum(bool(one.chunk.frames) for one in self._parts) > MOST_PARTS:
                self._changed.wait(FULL_QUEUE_S)
                self._drop_late()

    def finish(self, end: LiveEnd | Exception) -> None:
        """Nothing more comes; an error is raised to whoever takes."""
        with self._changed:
            self._end = end
            self._changed.notify_all()

    def take(self, wait_s: float) -> ClipPart | LiveEnd | None:
        """The next part, or the end; None when nothing came in time. Raises what the reader raised."""
        with self._changed:
            self._changed.wait_for(lambda: self._parts or self._end is not None, wait_s)
            self._drop_late()
            if self._parts:
                self._changed.notify_all()
                return self._parts.popleft()
            if isinstance(self._end, Exception):
                raise self._end
            return self._end

    def close(self) -> None:
        """Let the reader go: nobody takes any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _drop_late(self) -> None:
        """Empty the parts that are late, but for the newest: the live edge."""
        if self._now_ms is None or self._end is not None:
            return
        now_ms = self._now_ms()
        for place in range(len(self._parts) - 1):
            chunk = self._parts[place].chunk
            if chunk.frames and now_ms - chunk.end_ms > self._behind_ms:
                gap = Gap(start_ms=chunk.start_ms, end_ms=chunk.end_ms, reason=TOO_SLOW)
                self._parts[place] = ClipPart(replace(chunk, frames=()), (gap,))
                self.dropped_ms += chunk.end_ms - chunk.start_ms
