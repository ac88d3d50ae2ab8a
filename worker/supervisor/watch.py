"""Listens to one stream of the child until it ends, and stores what it says as it comes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from db import leases
from db.crash import crash_point
from db.session import Database
from db.transitions import record_for
from worker.supervisor.attempt import Attempt, Gone
from worker.supervisor.persist import LeaseLost, persist
from worker.supervisor.protocol import Attach, Beat, Cues, Done, Failed, GapFound, Halted, Started

TICK_S = 0.5
Ended = Done | Failed | Halted | Gone


@dataclass
class Watch:
    """The database side of a running stream."""

    database: Database
    attempt: Attempt
    progress_s: float
    files: dict[str, Attach] = field(default_factory=dict)
    _wrote_progress_at: float = 0.0
    _done_ms: int = -1
    _note: str = ""

    def until_end(self) -> Ended | None:
        """Store what comes until the stream ends. None: the lease is lost or we have waited for the end long enough."""
        try:
            while not self.attempt.lost:
                event = self.attempt.next_event(TICK_S)
                if isinstance(event, (Done, Failed, Halted, Gone)):
                    return event
                if event is not None:
                    self._store(event)
        except LeaseLost:
            pass
        return None

    def _store(self, event: Started | Beat | Cues | GapFound | Attach) -> None:
        match event:
            case Started():
                self._start()
            case Beat():
                self._progress(event)
            case Cues():
                self._save(event)
            case GapFound(gap=gap):
                data = gap.model_dump(mode="json")
                self._persist(lambda s, now: record_for(s, now, self.attempt.id, self.attempt.epoch, "job.gap", data))
            case Attach(name=name):
                self.files[name] = event

    def _start(self) -> None:
        crash_point("worker.started")
        self._persist(lambda s, now: leases.start(s, now, self.attempt.id, self.attempt.epoch))

    def _progress(self, beat: Beat) -> None:
        if (beat.done_ms, beat.note) == (self._done_ms, self._note):
            return
        if beat.done_ms != self._done_ms:
            self.attempt.advanced()
        if time.monotonic() - self._wrote_progress_at < self.progress_s:
            return
        self._done_ms, self._note, self._wrote_progress_at = beat.done_ms, beat.note, time.monotonic()
        standing = leases.Standing(beat.done_ms, beat.total_ms, beat.note)
        self._persist(lambda s, now: leases.progress(s, now, self.attempt.id, self.attempt.epoch, standing))

    def _save(self, event: Cues) -> None:
        crash_point("worker.saving")
        self.attempt.advanced()
        batch = leases.Batch(event.cues, event.checkpoint, event.done_ms)
        job_id, epoch = self.attempt.id, self.attempt.epoch
        self._persist(
            lambda s, now: leases.save(s, now, job_id, epoch, batch),
            lambda s, now: leases.save_again(s, now, job_id, epoch, batch),
        )
        crash_point("worker.saved")
