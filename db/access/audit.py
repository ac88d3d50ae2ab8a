"""Who changed what, when."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.schema.tables_access import AuditEntry


def note(
    session: Session,
    now: datetime,
    tenant_id: UUID,
    *,
    actor: str,
    action: str,
    subject: str,
    detail: str | None = None,
) -> None:
    """Write one line; it commits with the change it speaks of."""
    session.add(
        AuditEntry(
            tenant_id=tenant_id, at=now, actor=actor[:160], action=action[:80], subject=subject[:160], detail=detail
        )
    )


def page(session: Session, tenant_id: UUID, limit: int, before: UUID | None = None) -> list[AuditEntry]:
    """The tenant's lines, newest first."""
    statement = select(AuditEntry).where(AuditEntry.tenant_id == tenant_id)
    if before is not None:
        statement = statement.where(AuditEntry.id < before)
    return [*session.scalars(statement.order_by(AuditEntry.id.desc()).limit(limit))]
