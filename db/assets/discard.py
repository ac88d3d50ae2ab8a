"""Removes a hidden asset: its bytes first, then its row, so that a break in between leaves a row that says what is left."""

from __future__ import annotations

from uuid import UUID

from db.assets import assets
from db.crash import crash_point
from db.schema.tables import Asset
from db.session import Database
from db.storage.objects import ObjectStore


def discard(database: Database, objects: ObjectStore, asset_id: UUID) -> None:
    """Finish what `assets.hide` began; safe to repeat. Raises ObjectError, after which the row is still there."""
    with database.read() as session:
        asset = session.get(Asset, asset_id)
        if asset is None or asset.expires_at is None:
            return
        upload = assets.upload_of(session, asset_id)
    if upload is not None:
        objects.abort_upload(assets.in_store(asset, upload))
    objects.delete(asset.object_key)
    crash_point("asset.discarding")
    with database.write() as session:
        assets.forget(session, asset_id)
