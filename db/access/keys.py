"""API keys: minting, finding, rotating and revoking them. Only the hash of a secret is ever kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from db.schema.tables_access import ApiKey, Tenant

TOUCH_EVERY = timedelta(minutes=1)


class Scope(StrEnum):
    """What a key may be allowed; `admin` implies all the others, on every tenant."""

    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    ASSETS_WRITE = "assets:write"
    WEBHOOKS = "webhooks:*"
    KEYS = "keys:*"
    ADMIN = "admin"


@dataclass(frozen=True)
class Minted:
    """A new key: the row, and the token that is shown once."""

    row: ApiKey
    token: str


def allows(scopes: Collection[str], needed: Scope) -> bool:
    """Whether a key with these scopes may do what needs `needed`."""
    return Scope.ADMIN in scopes or needed in scopes


def create(
    session: Session,
    now: datetime,
    tenant_id: UUID,
    name: str,
    scopes: Collection[str],
    expires_at: datetime | None = None,
) -> Minted:
    """A new key of the tenant."""
    prefix = f"bm3_{secrets.token_hex(8)}"
    body = f"{prefix}_{secrets.token_hex(32)}"
    token = f"{body}_{_checksum(body)}"
    row = ApiKey(
        tenant_id=tenant_id,
        name=name,
        prefix=prefix,
        secret_sha256=_digest(token),
        scopes=sorted(scopes),
        created_at=now,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return Minted(row, token)


# Built once: every request asks this.
_BY_PREFIX = (
    select(ApiKey, Tenant).join(Tenant, Tenant.id == ApiKey.tenant_id).where(ApiKey.prefix == bindparam("prefix"))
)


def find(session: Session, now: datetime, token: str) -> tuple[ApiKey, Tenant] | None:
    """The living key that this token is, with its tenant; None for every other token, all alike."""
    prefix = _prefix(token)
    if prefix is None:
        return None
    row = session.execute(_BY_PREFIX, {"prefix": prefix}).one_or_none()
    kept = row[0].secret_sha256 if row is not None else "0" * 64
    matches = hmac.compare_digest(kept, _digest(token))
    if row is None or not matches or not is_alive(row[0], now):
        return None
    return row[0], row[1]


def is_alive(key: ApiKey, now: datetime) -> bool:
    """Neither revoked nor past its end."""
    revoked = key.revoked_at is not None and key.revoked_at <= now
    return not revoked and (key.expires_at is None or key.expires_at > now)


def touch(session: Session, now: datetime, key_id: UUID) -> None:
    """Note that a key is in use, to the minute."""
    stale = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < now - TOUCH_EVERY)
    session.execute(update(ApiKey).where(ApiKey.id == key_id, stale).values(last_used_at=now))


def of_tenant(session: Session, tenant_id: UUID) -> list[ApiKey]:
    """The tenant's keys, newest first."""
    return [*session.scalars(select(ApiKey).where(ApiKey.tenant_id == tenant_id).order_by(ApiKey.id.desc()))]


def get(session: Session, tenant_id: UUID, key_id: UUID) -> ApiKey | None:
    """One key of the tenant."""
    key = session.get(ApiKey, key_id)
    return key if key is not None and key.tenant_id == tenant_id else None


def revoke(session: Session, now: datetime, key: ApiKey) -> None:
    """End a key at once; revoking twice keeps the first time."""
    if key.revoked_at is None or key.revoked_at > now:
        session.execute(update(ApiKey).where(ApiKey.id == key.id).values(revoked_at=now))
        session.refresh(key)


def rotate(session: Session, now: datetime, key: ApiKey, overlap: timedelta) -> Minted:
    """A new key with the same name and scopes; the old one ends after `overlap`."""
    minted = create(session, now, key.tenant_id, key.name, key.scopes, key.expires_at)
    session.execute(update(ApiKey).where(ApiKey.id == key.id).values(revoked_at=now + overlap))
    return minted


def _prefix(token: str) -> str | None:
    """The public part of a well-formed token: the checksum keeps typing errors away from the database."""
    if len(token) > 200 or not token.isascii():
        return None
    body, _, checksum = token.rpartition("_")
    parts = body.split("_")
    well_formed = len(parts) == 3 and parts[0] == "bm3" and hmac.compare_digest(checksum, _checksum(body))
    return f"bm3_{parts[1]}" if well_formed else None


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
