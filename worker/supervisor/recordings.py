"""Puts the parts of a recording into the object store as they come, beside the captions: counted, listed, or refused.

One thread stores part after part, so that a slow store delays no caption. Nothing here can fail a job: when a part cannot be
kept, the child hears why and records nothing more, and the result says so.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from db.jobs.leases import FileEntry
from db.jobs.live import recording
from db.jobs.quotas import QuotaExceeded
from db.session import Database
from db.storage.objects import ObjectError, ObjectStore, ObjectStoreUnavailable
from worker.process.abandonable import under_lease
from worker.process.persist import LeaseLost, persist
from worker.protocol import Record
from worker.supervisor.attempt import Attempt

UPLOAD_TRIES = 4
UPLOAD_PAUSE_S = 0.5
WAITING_PARTS = 4  # more on disk than this, and the store is too slow for the source
MEDIA_TYPE = "video/x-matroska"
log = logging.getLogger(__name__)


@dataclass
class Recordings:
    """The recording of one attempt."""

    database: Database
    objects: ObjectStore
    attempt: Attempt
    end: Callable[[Attempt, str], None]
    """Tells the child that nothing more is recorded, and why."""
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="recording"))
    _waiting: list[Future[None]] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def add(self, event: Record) -> None:
        """Store a part soon."""
        self._waiting = [one for one in self._waiting if not one.done()]
        path = Path(event.path)
        if path.parent != self.attempt.folder:
            log.error("job %s: a part of its recording lies outside the job's folder", self.attempt.id)
            return
        if self._ended.is_set() or len(self._waiting) >= WAITING_PARTS:
            path.unlink(missing_ok=True)
            self._end("the object store is slower than the source")
            return
        self._waiting.append(self._pool.submit(self._store, event.name, path))

    def settle(self) -> None:
        """Wait for the parts that are on their way; called before the job ends. Raises LeaseLost."""
        under_lease(self.attempt, self._pool.shutdown)

    def _store(self, name: str, path: Path) -> None:
        try:
            if not self._ended.is_set():
                self._keep(name, path)
        except QuotaExceeded as error:
            self._end(str(error))
        except (ObjectError, OSError, SQLAlchemyError) as error:
            log.warning("job %s: %s cannot be kept: %s", self.attempt.id, name, error)
            self._end("the object store does not take it")
        except LeaseLost:
            self._ended.set()
        finally:
            path.unlink(missing_ok=True)

    def _keep(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        key = f"jobs/{self.attempt.id}/recording/{name}"
        self._put(key, path)
        entry = FileEntry(name, key, MEDIA_TYPE, path.stat().st_size, digest)
        job_id, epoch = self.attempt.id, self.attempt.epoch
        try:
            listed = persist(self.database, self.attempt, lambda s, _: recording.add_recording(s, job_id, epoch, entry))
        except QuotaExceeded:
            self.objects.delete(key)
            raise
        if not listed:
            raise LeaseLost(str(job_id))

    def _put(self, key: str, path: Path) -> None:
        for left in reversed(range(UPLOAD_TRIES)):
            try:
                self.objects.put_file(key, path, MEDIA_TYPE)
                return
            except ObjectStoreUnavailable:
                if not left or self.attempt.stopping.wait(UPLOAD_PAUSE_S * 2 ** (UPLOAD_TRIES - left)):
                    raise

    def _end(self, why: str) -> None:
        if not self._ended.is_set():
            self._ended.set()
            self.end(self.attempt, why)
