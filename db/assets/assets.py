"""Uploaded inputs: begun, verified or rejected, the jobs that wait for them, and their end.

An asset goes in two steps. `hide` takes it from everybody, by `expires_at`, under a lock that a submit shares; then its
bytes go, then its row (`db.assets.discard`). Whatever breaks in between leaves a row that says what is left to do.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, delete, or_, select, update
from sqlalchemy.orm import Session

from db.documents.event_types import EventType
from db.failures import Failure
from db.jobs import jobs
from db.jobs.inputs import UNVERIFIED
from db.schema.tables import Asset, AssetState, Job, Outbox, Upload
from db.storage import objects

UPLOAD_LIFE = timedelta(days=7)  # long enough to go on after a weekend


@dataclass(frozen=True)
class NewAsset:
    """What its sender says of a file; `sha256` is checked where it is given."""

    id: UUID
    tenant_id: UUID
    filename: str
    declared_type: str
    size_bytes: int
    sha256: str | None = None

    @property
    def object_key(self) -> str:
        return f"assets/{self.tenant_id}/{self.id}"


@dataclass(frozen=True)
class Verified:
    """What its bytes say of a file."""

    size_bytes: int
    sha256: str
    sniffed_type: str | None


def begin(
    session: Session, now: datetime, new: NewAsset, started: objects.StoreUpload, mode: str
) -> tuple[Asset, Upload]:
    """Rows for an upload that the store has started; `mode` is `offset` or `multipart`."""
    asset = _row(now, new, AssetState.UPLOADING)
    session.add(asset)
    session.flush()
    upload = Upload(
        asset_id=asset.id,
        tenant_id=asset.tenant_id,
        mode=mode,
        part_bytes=started.part_size_bytes,
        store_upload_id=started.id,
        created_at=now,
        expires_at=now + UPLOAD_LIFE,
    )
    session.add(upload)
    session.flush()
    return asset, upload


def add_ready(session: Session, now: datetime, new: NewAsset, found: Verified) -> Asset:
    """An asset whose bytes are already in the store and checked."""
    asset = _row(now, new, AssetState.READY)
    asset.sha256, asset.sniffed_type, asset.ready_at = found.sha256, found.sniffed_type, now
    session.add(asset)
    session.flush()
    return asset


def find(session: Session, tenant_id: UUID, asset_id: UUID) -> Asset | None:
    """The tenant's asset; None for other tenants' alike."""
    asset = session.get(Asset, asset_id, populate_existing=True)
    hidden = asset is None or asset.tenant_id != tenant_id or asset.expires_at is not None
    return None if hidden else asset


def hold_all(session: Session, tenant_id: UUID, asset_ids: Collection[UUID]) -> dict[UUID, Asset]:
    """Those of the assets that are the tenant's, kept as they are until the transaction ends.

    Whoever settles or hides one of them meanwhile waits, and then sees the job that was submitted for it.
    """
    wanted = select(Asset).where(Asset.tenant_id == tenant_id, Asset.id.in_([*asset_ids]), Asset.expires_at.is_(None))
    locked = wanted.order_by(Asset.id).with_for_update(read=True).execution_options(populate_existing=True)
    return {asset.id: asset for asset in session.scalars(locked)}


def with_content(session: Session, tenant_id: UUID, sha256: str, size_bytes: int) -> Asset | None:
    """A verified asset of the tenant that holds these bytes already."""
    statement = select(Asset).where(
        Asset.tenant_id == tenant_id,
        Asset.sha256 == sha256,
        Asset.size_bytes == size_bytes,
        Asset.state == AssetState.READY,
        Asset.expires_at.is_(None),
    )
    return session.scalars(statement.order_by(Asset.id.desc()).limit(1)).first()


def begun(
    session: Session, now: datetime, tenant_id: UUID, sha256: str, size_bytes: int
) -> tuple[Asset, Upload] | None:
    """The newest upload of these bytes that the tenant has begun and not finished."""
    statement = select(Asset, Upload).join(Upload, Upload.asset_id == Asset.id)
    statement = statement.where(
        Asset.tenant_id == tenant_id,
        Asset.sha256 == sha256,
        Asset.size_bytes == size_bytes,
        Asset.state.in_([*UNVERIFIED]),
        Asset.expires_at.is_(None),
        or_(Asset.state == AssetState.VERIFYING, Upload.expires_at > now),
    )
    found = session.execute(statement.order_by(Asset.id.desc()).limit(1)).first()
    return None if found is None else (found[0], found[1])


def page(session: Session, tenant_id: UUID, limit: int, before: UUID | None = None) -> list[Asset]:
    """The tenant's assets, newest first."""
    statement = select(Asset).where(Asset.tenant_id == tenant_id, Asset.expires_at.is_(None))
    if before is not None:
        statement = statement.where(Asset.id < before)
    return [*session.scalars(statement.order_by(Asset.id.desc()).limit(limit))]


def upload_of(session: Session, asset_id: UUID) -> Upload | None:
    """The upload under way for an asset; None once it is verified or rejected."""
    return session.scalars(select(Upload).where(Upload.asset_id == asset_id)).one_or_none()


def in_store(asset: Asset, upload: Upload) -> objects.StoreUpload:
    """The upload as the object store knows it."""
    return objects.StoreUpload(upload.store_upload_id or "", asset.object_key, asset.size_bytes, upload.part_bytes or 0)


def verifying(session: Session, asset_id: UUID) -> None:
    """All bytes have arrived; they are being checked."""
    _set(session, asset_id, {AssetState.UPLOADING}, {"state": AssetState.VERIFYING})


def ready(session: Session, now: datetime, asset_id: UUID, found: Verified) -> Asset | None:
    """The bytes are what was declared: queue the jobs that wait. None when somebody else decided first."""
    values = {"state": AssetState.READY, "ready_at": now, "sha256": found.sha256, "sniffed_type": found.sniffed_type}
    asset = _set(session, asset_id, UNVERIFIED, values)
    if asset is not None:
        session.execute(delete(Upload).where(Upload.asset_id == asset_id))
        jobs.input_ready(session, now, asset_id)
        _announce(session, now, asset, EventType.ASSET_VERIFIED)
    return asset


def reject(session: Session, now: datetime, asset_id: UUID, code: Failure, message: str) -> Asset | None:
    """The bytes are not what was declared: fail the jobs that wait."""
    values = {"state": AssetState.REJECTED, "failure": code, "failure_message": message[:4000]}
    asset = _set(session, asset_id, UNVERIFIED, values)
    if asset is not None:
        session.execute(delete(Upload).where(Upload.asset_id == asset_id))
        jobs.input_rejected(session, now, asset_id, code, message)
        _announce(session, now, asset, EventType.ASSET_REJECTED)
    return asset


def in_use(session: Session, asset_id: UUID) -> bool:
    """Whether a job that is not finished names the asset, anywhere in its parameters."""
    named = cast(Job.params, String).contains(str(asset_id))
    unfinished = select(Job.id).where(Job.finished_at.is_(None), or_(Job.asset_id == asset_id, named))
    return session.scalars(unfinished.limit(1)).first() is not None


def hide(session: Session, now: datetime, asset_id: UUID) -> bool:
    """Take the asset from everybody, for good. False: an unfinished job needs it."""
    session.execute(select(Asset.id).where(Asset.id == asset_id).with_for_update())
    if in_use(session, asset_id):
        return False
    session.execute(update(Asset).where(Asset.id == asset_id, Asset.expires_at.is_(None)).values(expires_at=now))
    return True


def hidden(session: Session, limit: int = 20) -> list[UUID]:
    """Assets whose bytes and rows are still to go, the longest hidden first."""
    gone = select(Asset.id).where(Asset.expires_at.is_not(None)).order_by(Asset.expires_at, Asset.id)
    return [*session.scalars(gone.limit(limit))]


def forget(session: Session, asset_id: UUID) -> None:
    """Remove the row of a hidden asset whose bytes are gone, and that of its upload."""
    session.execute(delete(Upload).where(Upload.asset_id == asset_id))
    session.execute(delete(Asset).where(Asset.id == asset_id, Asset.expires_at.is_not(None)))


def stuck(session: Session, before: datetime, limit: int = 20) -> list[UUID]:
    """Assets whose check was begun and never finished: whoever did it has died."""
    statement = select(Asset.id).where(Asset.state == AssetState.VERIFYING, Asset.created_at < before)
    return [*session.scalars(statement.order_by(Asset.id).limit(limit))]


def _row(now: datetime, new: NewAsset, state: AssetState) -> Asset:
    return Asset(
        id=new.id,
        tenant_id=new.tenant_id,
        state=state,
        filename=new.filename,
        declared_type=new.declared_type,
        size_bytes=new.size_bytes,
        sha256=new.sha256,
        object_key=new.object_key,
        created_at=now,
    )


def _set(session: Session, asset_id: UUID, sources: Collection[AssetState], values: dict[str, Any]) -> Asset | None:
    statement = update(Asset).where(Asset.id == asset_id, Asset.state.in_([*sources])).values(**values)
    options = {"synchronize_session": False, "populate_existing": True}
    return session.scalars(statement.returning(Asset).execution_options(**options)).one_or_none()


def _announce(session: Session, now: datetime, asset: Asset, event_type: EventType) -> None:
    data = {"asset_id": str(asset.id), "state": asset.state, "filename": asset.filename, "size_bytes": asset.size_bytes}
    if asset.failure is not None:
        data |= {"code": asset.failure, "message": asset.failure_message or ""}
    row = Outbox(tenant_id=asset.tenant_id, type=event_type, subject_id=asset.id, data=data, created_at=now)
    session.add(row)
