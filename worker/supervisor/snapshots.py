"""A job's state snapshots in the object store: those that its checkpoint names, and one more while it is being replaced.

A snapshot is stored before the checkpoint that names it and removed after the first that does not: whoever takes the job up
finds every file it needs, and removes what a death left in between. Nothing here can fail a job: a restart without its
snapshot begins with a new state, and the result says so.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from db.crash import crash_point
from db.jobs import quotas
from db.schema.tables_access import Tenant
from db.session import Database
from db.storage.objects import ObjectError, ObjectStore, ObjectStoreUnavailable
from worker.process.abandonable import under_lease
from worker.protocol import Keep
from worker.supervisor.attempt import Attempt

UPLOAD_TRIES = 3
UPLOAD_PAUSE_S = 0.5
MEDIA_TYPE = "application/octet-stream"
log = logging.getLogger(__name__)


def named(checkpoint: dict[str, Any] | None) -> frozenset[str]:
    """The snapshots that a checkpoint needs."""
    return frozenset((checkpoint or {}).get("snapshots", ()))


@dataclass
class Snapshots:
    """The snapshots of one attempt's job."""

    database: Database
    objects: ObjectStore
    attempt: Attempt
    _named: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._named = named(self.attempt.job.checkpoint)
        self._booked_bytes = self.attempt.job.snapshot_bytes
        self.any = bool(self._named)  # whether there may be something in the store

    def fetch(self) -> dict[str, str]:
        """Bring the snapshots of the stored checkpoint into the attempt's folder: name -> path of those that are there."""
        if not self._named:
            return {}
        self.keep_only(self._named)
        found = {}
        for name in self._named:
            path = self.attempt.folder / name
            try:
                with self.objects.open_range(self._key(name)) as body, path.open("wb") as file:
                    for part in body:
                        file.write(part)
                        self.attempt.advanced()
                found[name] = str(path)
            except (ObjectError, OSError) as error:
                log.warning("job %s: no snapshot %s: %s", self.attempt.id, name, error)
        return found

    def keep(self, event: Keep) -> None:
        """Store a snapshot, once nothing is there that the last checkpoint does not name, and if the quota has room."""
        path = Path(event.path)
        if path.parent != self.attempt.folder:
            log.error("job %s: a snapshot lies outside the job's folder", self.attempt.id)
            return
        self.any = True
        self.keep_only(self._named)
        try:
            if self._has_room(path.stat().st_size):
                self._put(event.name, path)
        except (ObjectError, OSError, SQLAlchemyError) as error:
            log.warning("job %s: snapshot %s cannot be kept: %s", self.attempt.id, event.name, error)
        finally:
            path.unlink(missing_ok=True)

    def saved(self, checkpoint: dict[str, Any]) -> None:
        """A checkpoint is stored: what it does not name any more is superseded."""
        before, self._named = self._named, named(checkpoint)
        if before - self._named:
            self.keep_only(self._named)

    def keep_only(self, wanted: Collection[str]) -> None:
        """Remove every snapshot of the job but these."""
        left_bytes = 0
        try:
            for info in list(self.objects.list_prefix(self._key(""))):
                if info.key.rpartition("/")[2] in wanted:
                    left_bytes += info.size_bytes
                else:
                    self.objects.delete(info.key)
            if left_bytes != self._booked_bytes:
                with self.database.write() as session:
                    self._book(session, left_bytes)
        except (ObjectError, SQLAlchemyError) as error:
            log.warning("job %s: old snapshots cannot be removed now: %s", self.attempt.id, error)

    def _put(self, name: str, path: Path) -> None:
        crash_point("worker.keeping")
        store = partial(self.objects.put_file, self._key(name), path, MEDIA_TYPE)
        for left in reversed(range(UPLOAD_TRIES)):
            try:
                under_lease(self.attempt, store)
                break
            except ObjectStoreUnavailable:
                if not left or self.attempt.stopping.wait(UPLOAD_PAUSE_S):
                    raise
        self.attempt.advanced()
        crash_point("worker.kept")

    def _has_room(self, more_bytes: int) -> bool:
        """Whether the tenant's quota of bytes has room for one more; it is counted from now on then."""
        with self.database.write() as session:
            try:
                quotas.check_bytes(session, session.get_one(Tenant, self.attempt.job.tenant_id), more_bytes)
            except quotas.QuotaExceeded as error:
                log.warning("job %s: no snapshot is kept: %s", self.attempt.id, error)
                return False
            self._book(session, self._booked_bytes + more_bytes)
        return True

    def _book(self, session: Session, size_bytes: int) -> None:
        quotas.book_snapshots(session, self.attempt.id, self.attempt.epoch, size_bytes)
        self._booked_bytes = size_bytes

    def _key(self, name: str) -> str:
        return f"jobs/{self.attempt.id}/snapshots/{name}"
