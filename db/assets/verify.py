"""Checks an uploaded file: size and SHA-256 against what was declared, and what its first bytes say it is."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from uuid import UUID

from db.assets import assets, sniff
from db.assets.assets import Verified
from db.failures import Failure
from db.jobs.inputs import UNVERIFIED
from db.schema.tables import Asset, AssetState
from db.session import Database
from db.storage.objects import ObjectMissing, ObjectStore


def verify(database: Database, objects: ObjectStore, asset_id: UUID) -> Asset | None:
    """Read the object once and settle the asset, whose upload is complete; safe to do twice or by two at once."""
    with database.read() as session:
        asset = session.get(Asset, asset_id)
    if asset is None or asset.state not in UNVERIFIED:
        return asset
    try:
        found = measure(objects, asset.object_key)
    except ObjectMissing:
        return _settle(database, asset, None, (Failure.INVALID_MEDIA, "the uploaded bytes are gone"))
    settled = _settle(database, asset, found, objection(asset, found))
    if settled is not None and settled.state is AssetState.REJECTED:
        objects.delete(settled.object_key)
    return settled


def measure(objects: ObjectStore, key: str) -> Verified:
    """Size, hash and type of an object's bytes."""
    digest, head, size = hashlib.sha256(), b"", 0
    for chunk in objects.open_range(key):
        digest.update(chunk)
        size += len(chunk)
        if len(head) < sniff.HEAD_BYTES:
            head += chunk[: sniff.HEAD_BYTES]
    return Verified(size, digest.hexdigest(), sniff.sniff(head))


def objection(asset: Asset, found: Verified) -> tuple[Failure, str] | None:
    """Why these bytes are not what was declared; None when they are."""
    if found.size_bytes != asset.size_bytes:
        return Failure.INVALID_MEDIA, f"{found.size_bytes} bytes arrived, {asset.size_bytes} were declared"
    if asset.sha256 is not None and found.sha256 != asset.sha256:
        return Failure.INVALID_MEDIA, f"the SHA-256 is {found.sha256}, declared was {asset.sha256}"
    return type_objection(found.sniffed_type)


def type_objection(sniffed: str | None) -> tuple[Failure, str] | None:
    """Why a file that begins so is not taken. Bytes that nothing is known of are: their reader decides."""
    if sniffed == sniff.PLAYLIST:
        return Failure.UNSUPPORTED, "a playlist names other files; upload the media itself"
    if sniffed == sniff.PLAIN_TEXT:
        return Failure.INVALID_MEDIA, "the file is text: upload a video, an image or a PDF"
    return None


def _settle(
    database: Database, asset: Asset, found: Verified | None, problem: tuple[Failure, str] | None
) -> Asset | None:
    now = datetime.now(UTC)
    with database.write() as session:
        if problem is not None:
            assets.reject(session, now, asset.id, *problem)
        elif found is not None:
            assets.ready(session, now, asset.id, found)
        return session.get(Asset, asset.id, populate_existing=True)
