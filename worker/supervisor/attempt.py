"""One attempt at one job, as the supervisor's threads share it: whose it is, how it goes, why it shall stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from queue import Empty, Full, Queue
from uuid import UUID

from db.documents.kinds.live import is_live
from db.schema.tables import Job
from worker.protocol import Attach, Beat, Cues, Done, Failed, GapFound, Halted, Keep, Record, Split, Started
from worker.supervisor.child import Child

INBOX = 256  # events of one stream waiting to be written; then the data pipe fills and the handler waits
FULL_INBOX_S = 0.5  # between looks whether the runner of a full inbox has ended
Heard = Started | Beat | Cues | GapFound | Attach | Keep | Record | Done | Split | Failed | Halted


class StopReason(StrEnum):
    """Why an attempt is stopped before its end."""

    CANCELED = "canceled"
    DRAINED = "drained"
    LOST = "lost"  # the lease is gone or could not be renewed: write nothing more
    STALLED = "stalled"
    OVERTIME = "overtime"
    BROKEN = "broken"  # what the handler says cannot be stored


@dataclass(frozen=True)
class Gone:
    """The child died. `innocent`: we killed it because of another job. `shared`: something else did, and others died too."""

    innocent: bool
    shared: bool = False


@dataclass
class Attempt:
    """What the runner, the keeper, the ladder and the child's reader know of a running attempt. Times are monotonic."""

    job: Job
    stream: int
    folder: Path
    done_ms: int = 0
    renewed_at: float = field(default_factory=time.monotonic)
    began_at: float = field(default_factory=time.monotonic)
    progressed_at: float = field(default_factory=time.monotonic)
    stop_at: float | None = None
    stop_reason: StopReason | None = None
    child: Child | None = None
    done: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)
    finishing: bool = False  # somebody asked for the good end of live input
    stop_sent: bool = False
    terminated: bool = False
    cost_so_far: Callable[[], float | None] = lambda: None
    _gone: Gone | None = None
    _lost: threading.Event = field(default_factory=threading.Event)
    _inbox: Queue[Heard] = field(default_factory=lambda: Queue(INBOX))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def id(self) -> UUID:
        """The job's id."""
        return self.job.id

    @property
    def epoch(self) -> int:
        """The number of the claim, which every write carries."""
        return self.job.epoch

    @property
    def live(self) -> bool:
        """Whether it follows live input, which has no end of its own."""
        return is_live(self.job.params or {})

    @property
    def ends_well(self) -> bool:
        """Whether the handler is to end with a result although somebody stops it: what was seen live never comes again."""
        return self.live and self.stop_reason is StopReason.CANCELED

    @property
    def lost(self) -> bool:
        """Whether nothing may be written any more."""
        return self._lost.is_set()

    def lost_within(self, seconds: float) -> bool:
        """Wait so long, less if the lease is lost meanwhile; whether it is. Other reasons to stop cut no wait short."""
        return self._lost.wait(seconds)

    def stop(self, stop_reason: StopReason) -> None:
        """Ask for the end; the first reason stays, but a lost lease overrides any."""
        with self._lock:
            if self.stop_reason is None or stop_reason is StopReason.LOST:
                self.stop_reason = stop_reason
            if stop_reason is StopReason.LOST:
                self._lost.set()
            if self.stop_at is None:
                self.stop_at = time.monotonic()
        self.stopping.set()

    def advanced(self) -> None:
        """Note that the attempt made progress now."""
        self.progressed_at = time.monotonic()

    def hear(self, event: Heard) -> None:
        """Queue an event for the runner; waits while the runner is behind, and drops it once the runner has ended."""
        while not self.done.is_set():
            try:
                return self._inbox.put(event, timeout=FULL_INBOX_S)
            except Full:
                continue
        return None

    def child_exited(self, gone: Gone) -> None:
        """The child is dead: the runner hears of it after everything the child has said."""
        self._gone = gone

    def next_event(self, timeout_s: float) -> Heard | Gone | None:
        """The next event; None when none came in time."""
        gone = self._gone  # read first: whatever was said before the death is in the inbox by then
        try:
            return self._inbox.get(block=gone is None, timeout=timeout_s)
        except Empty:
            return gone


class AttemptRegistry:
    """The attempts that run here, by stream number."""

    def __init__(self) -> None:
        self._attempts: dict[int, Attempt] = {}
        self._last = 0
        self._lock = threading.Lock()

    def add(self, job: Job, scratch: Path) -> Attempt:
        """Register an attempt at a claimed job, with a stream number of its own and a folder of it in `scratch`."""
        with self._lock:
            self._last += 1
            attempt = Attempt(job, self._last, scratch / f"{job.id}-{job.epoch}")
            self._attempts[attempt.stream] = attempt
            return attempt

    def remove(self, attempt: Attempt) -> None:
        """Mark an attempt as done and forget it; once more is no error."""
        attempt.done.set()
        with self._lock:
            self._attempts.pop(attempt.stream, None)

    def all(self) -> list[Attempt]:
        """All attempts that run now."""
        with self._lock:
            return list(self._attempts.values())

    def find(self, stream: int) -> Attempt | None:
        """The attempt of a stream number, if it still runs."""
        with self._lock:
            return self._attempts.get(stream)

    def of_job(self, job_id: UUID) -> list[Attempt]:
        """The attempts at one job, of any epoch."""
        return [attempt for attempt in self.all() if attempt.id == job_id]
