"""Listens to one stream of the child until it ends, and stores what it says as it comes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from db.crash import crash_point
from db.documents.event_types import HistoryEventType
from db.jobs import leases, progress
from db.jobs.progress import JobProgress, ProgressStep
from db.session import Database
from worker import metrics
from worker.process.persist import LeaseLost, Write, persist
from worker.protocol import Attach, Beat, Cues, Done, Failed, GapFound, Halted, Keep, Record, Split, Started
from worker.supervisor.attempt import Attempt, Gone, StopReason
from worker.supervisor.recordings import Recordings
from worker.supervisor.snapshots import Snapshots

TICK_S = 0.5
log = logging.getLogger(__name__)
Ended = Done | Split | Failed | Halted | Gone
T = TypeVar("T", Beat, Started | Beat | Cues | GapFound | Attach | Keep | Record)


@dataclass
class EventRecorder:
    """The database side of a running stream."""

    database: Database
    attempt: Attempt
    progress_s: float
    snapshots: Snapshots
    recordings: Recordings
    files: dict[str, Attach] = field(default_factory=dict)
    _wrote_progress_at: float = 0.0
    _last_ms: int = -1
    _unwritten: Beat | None = None

    def until_end(self) -> Ended:
        """Store what comes until the stream ends; once nothing can be stored, only wait for the end."""
        while True:
            event = self.attempt.next_event(TICK_S)
            if isinstance(event, (Done, Split, Failed, Halted, Gone)):
                self._last_progress()
                return event
            if event is not None and self.attempt.stop_reason not in (StopReason.LOST, StopReason.BROKEN):
                self._try(self._store, event)

    def _try(self, store: Callable[[T], None], event: T) -> None:
        try:
            store(event)
        except LeaseLost:
            log.warning("job %s: the lease is gone", self.attempt.id)
        except SQLAlchemyError:  # not an outage, those are waited for: the handler says what cannot be stored
            log.exception("job %s: %s cannot be stored", self.attempt.id, event.type)
            self.attempt.stop(StopReason.BROKEN)

    def _store(self, event: Started | Beat | Cues | GapFound | Attach | Keep | Record) -> None:
        match event:
            case Started():
                self._start()
            case Beat():
                self._progress(event)
            case Cues():
                self._save(event)
            case GapFound(gap=gap):
                self._note(HistoryEventType.GAP, gap.model_dump(mode="json"))
            case Attach(name=name):
                self.files[name] = event
            case Keep():
                self.snapshots.keep(event)
            case Record():
                self.recordings.add(event)

    def _start(self) -> None:
        crash_point("worker.started")
        job_id, epoch = self.attempt.id, self.attempt.epoch
        self._write(lambda session, now: leases.start(session, now, job_id, epoch))

    def _progress(self, beat: Beat) -> None:
        if beat.done_ms != self._last_ms:
            self._last_ms = self.attempt.done_ms = beat.done_ms
            self.attempt.advanced()
        if time.monotonic() - self._wrote_progress_at < self.progress_s:
            self._unwritten = beat
        else:
            self._tell(beat)

    def _last_progress(self) -> None:
        """Short jobs say their last word sooner than progress is written again."""
        if self._unwritten is not None and self.attempt.stop_reason is None:
            self._try(self._tell, self._unwritten)

    def _tell(self, beat: Beat) -> None:
        self._wrote_progress_at, self._unwritten = time.monotonic(), None
        job_id, epoch, reached = (
            self.attempt.id,
            self.attempt.epoch,
            JobProgress(beat.done_ms, beat.total_ms, beat.note),
        )
        self._write(lambda session, now: progress.report(session, now, job_id, epoch, reached))

    def _save(self, event: Cues) -> None:
        crash_point("worker.saving")
        self.attempt.advanced()
        job_id, epoch, step = (
            self.attempt.id,
            self.attempt.epoch,
            ProgressStep(event.cues, event.checkpoint, event.done_ms),
        )
        self._write(lambda session, now: progress.save(session, now, job_id, epoch, step))
        crash_point("worker.saved")
        self.snapshots.saved(event.checkpoint)

    def _note(self, event_type: HistoryEventType, data: dict[str, Any]) -> None:
        job_id, epoch = self.attempt.id, self.attempt.epoch
        self._write(lambda session, now: leases.note(session, now, job_id, epoch, event_type, data))

    def _write(self, work: Write[bool]) -> None:
        """Store something under the lease. Raises LeaseLost when it is not ours any more."""
        if not persist(self.database, self.attempt, work):
            self.attempt.stop(StopReason.LOST)
            metrics.FENCED_WRITES.inc()
            raise LeaseLost(str(self.attempt.id))
