"""Tenants: the organisations whose jobs nobody else sees, and the first one with its admin key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.access import keys
from db.names import DEFAULT_TENANT
from db.schema.tables_access import ApiKey, Tenant

DEFAULT = DEFAULT_TENANT


class TenantNameTaken(Exception):
    """Another tenant has this name."""


@dataclass(frozen=True)
class Quotas:
    """What a tenant may use; None means unlimited."""

    max_queued: int | None = None
    max_running: int | None = None
    max_bytes: int | None = None
    max_gpu_seconds_per_day: int | None = None
    requests_per_minute: int | None = None


def create(session: Session, now: datetime, name: str, quotas: Quotas | None = None) -> Tenant:
    """A new tenant. Raises NameTaken."""
    tenant = Tenant(name=name, created_at=now, **(quotas or Quotas()).__dict__)
    session.add(tenant)
    try:
        session.flush()
    except IntegrityError as error:
        raise TenantNameTaken(name) from error
    return tenant


def listed(session: Session) -> list[Tenant]:
    """Every tenant, oldest first."""
    return [*session.scalars(select(Tenant).order_by(Tenant.id))]


def get(session: Session, tenant_id: UUID) -> Tenant | None:
    return session.get(Tenant, tenant_id)


def change_quotas(session: Session, tenant_id: UUID, values: dict[str, Any]) -> None:
    """Set the quotas named in `values`."""
    if values:
        session.execute(update(Tenant).where(Tenant.id == tenant_id).values(**values))


def default(session: Session, now: datetime) -> Tenant:
    """The tenant of a fresh installation, made when it is not there."""
    found = session.scalars(select(Tenant).where(Tenant.name == DEFAULT)).one_or_none()
    return found if found is not None else create(session, now, DEFAULT)


def first_admin_key(session: Session, now: datetime) -> str | None:
    """An admin key when the installation has no key at all, else None: it is made, and shown, once."""
    if session.scalars(select(func.count()).select_from(ApiKey)).one():
        return None
    return keys.create(session, now, default(session, now).id, "first admin key", [keys.Scope.ADMIN]).token
