"""Clears away what nobody needs any more: rows and their objects, uploads that were given up, old workers."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from db.assets import assets
from db.assets.discard import discard
from db.crash import crash_point
from db.jobs import idempotency
from db.ops import sweeps
from db.session import Database, database_now
from db.settings import Settings
from db.storage.objects import ObjectError, ObjectStore
from db.webhooks import endpoints

WEBHOOK_LOG_LIFE = timedelta(days=30)
ABANDONED_UPLOAD = timedelta(days=assets.UPLOAD_LIFE.days + 1)
log = logging.getLogger(__name__)


class Sweeper:
    """The steps that touch the object store as well as the database."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def keep_lifecycle_rule(self) -> None:
        """Ask the store to drop abandoned uploads by itself; what it does not do, `records` does."""
        try:
            self._objects.keep_lifecycle_rule(ABANDONED_UPLOAD.days)
        except ObjectError as error:
            log.warning("the bucket drops no abandoned uploads by itself, the dispatcher does: %s", error)

    def expired_jobs(self, database: Database, settings: Settings) -> int:
        """End jobs that waited too long; hide finished ones that are old enough."""
        with database.write() as session:
            ended = sweeps.expire(session, database_now(session), settings.max_queue_s)
        with database.write() as session:
            return ended + sweeps.retire(session, database_now(session), settings.retention_days)

    def deleted_jobs(self, database: Database, settings: Settings) -> int:
        """Purge hidden jobs: objects first, so that a crash in between leaves a row that says what is left to do."""
        with database.write() as session:
            sweeps.hide_segments(session, database_now(session))
        with database.read() as session:
            gone = sweeps.deleted(session, database_now(session))
        for job_id in gone:
            crash_point("dispatcher.sweeping")
            self._delete_files(database, job_id)
            with database.write() as session:
                sweeps.purge(session, job_id)
        return len(gone)

    def abandoned_uploads(self, database: Database, settings: Settings) -> int:
        """Reject uploads that were never completed and drop what had arrived."""
        with database.read() as session:
            late = sweeps.abandoned_uploads(session, database_now(session))
        for asset, upload in late:
            self._objects.abort_upload(assets.in_store(asset, upload))
            with database.write() as session:
                sweeps.give_up_upload(session, database_now(session), asset.id)
        return len(late)

    def unused_assets(self, database: Database, settings: Settings) -> int:
        """Hide uploads that no job uses and that are old enough; each is looked at again under a lock."""
        with database.read() as session:
            unused = sweeps.unused_assets(session, database_now(session), settings.asset_retention_days)
        for asset_id in unused:
            with database.write() as session:
                assets.hide(session, database_now(session), asset_id)
        return len(unused)

    def hidden_assets(self, database: Database, settings: Settings) -> int:
        """Remove hidden assets, bytes first."""
        with database.read() as session:
            gone = assets.hidden(session)
        for asset_id in gone:
            discard(database, self._objects, asset_id)
        return len(gone)

    def records(self, database: Database, settings: Settings) -> int:
        """Forget old idempotency keys, webhook logs and workers, and uploads the store alone knows of."""
        with database.write() as session:
            number = idempotency.purge(session, database_now(session))
        with database.write() as session:
            number += endpoints.purge(session, database_now(session) - WEBHOOK_LOG_LIFE)
        with database.write() as session:
            number += sweeps.forget_workers(session, database_now(session))
        return number + self._objects.abort_abandoned(ABANDONED_UPLOAD.total_seconds())

    def _delete_files(self, database: Database, job_id: UUID) -> None:
        """Delete a job's objects, those of its lost attempts included, but for those that other jobs point to."""
        with database.read() as session:
            named = sweeps.file_keys(session, job_id)
        keys = {*named, *(info.key for info in self._objects.list_prefix(f"jobs/{job_id}/"))}
        with database.read() as session:
            needed = sweeps.still_needed(session, job_id, sorted(keys))
        for key in sorted(keys - needed):
            self._objects.delete(key)
