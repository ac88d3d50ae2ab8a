"""Finds objects that no row knows any more, as a crash between two stores may leave them, and removes them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from sqlalchemy.orm import Session

from db.ops import sweeps
from db.session import Database, database_now
from db.settings import Settings
from db.storage.objects import ObjectInfo, ObjectStore

BATCH = 1000  # objects looked at in one step; the listing goes on in the next
AGE = timedelta(days=1)  # an object may be written long before its row
FEW = 10
log = logging.getLogger(__name__)


class Orphans:
    """Walks through the store again and again, a batch a step."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._listing: Iterator[ObjectInfo] = iter(())

    def sweep(self, database: Database, settings: Settings) -> int:
        """Remove the orphans of the next batch; how many. Raises ObjectError, after which it begins anew."""
        batch = self._next()
        with database.read() as session:
            judged = _old_enough(session, database_now(session), batch)
            orphans = sweeps.orphans(session, {info.key: owner(info.key) for info in judged})
        if len(orphans) > max(FEW, len(judged) // 2):
            log.error(
                "%d of %d objects have no row: does this store belong to this database? Nothing is removed.",
                len(orphans),
                len(judged),
            )
            return 0
        for key in orphans:
            log.warning("removing %s, which no row knows", key)
            self._objects.delete(key)
        return len(orphans)

    def _next(self) -> list[ObjectInfo]:
        batch = [*islice(self._listing, BATCH)]
        if not batch:
            self._listing = self._objects.list_prefix("")
            batch = [*islice(self._listing, BATCH)]
        return batch


def owner(key: str) -> UUID | None:
    """The job or asset an object belongs to, by its key; None for keys that are not ours."""
    match key.split("/"):
        case ["jobs", job_id, _, *_]:
            return _uuid(job_id)
        case ["assets", _, asset_id]:
            return _uuid(asset_id)
    return None


def _old_enough(session: Session, now: datetime, batch: Sequence[ObjectInfo]) -> list[ObjectInfo]:
    """Those this database may judge: ours by name, a day old, and not older than the database itself."""
    born = sweeps.born(session)
    if born is None:
        return []
    return [info for info in batch if born < info.modified_at < now - AGE and owner(info.key) is not None]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
