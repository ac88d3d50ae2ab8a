"""Answers already given, so that repeating a request is safe. The reservation commits together with what the request did.

Because both are one transaction, a crash leaves neither; a twin that arrives meanwhile waits a moment for the first.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, delete, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from db.schema.tables_access import IdempotencyKey

KEEP = timedelta(hours=24)
TWIN_WAIT_MS = 2000


class OtherBody(Exception):
    """The key was used for a different request."""


class InProgress(Exception):
    """The first request with this key is still at work."""


@dataclass(frozen=True)
class Given:
    """The answer that the first request got."""

    status: int
    body: dict[str, Any]


def fingerprint(method: str, path: str, body: bytes) -> str:
    """What makes two requests the same."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).hexdigest()


def reserve(session: Session, now: datetime, tenant_id: UUID, key: str, request_sha256: str) -> Given | None:
    """None: the caller is first, does the work and calls `answer` in the same transaction. Raises OtherBody, InProgress."""
    values = {"tenant_id": tenant_id, "key": key, "request_sha256": request_sha256, "created_at": now}
    if _insert(session, values):
        return None
    row = session.get_one(IdempotencyKey, (tenant_id, key), populate_existing=True)
    if row.created_at < now - KEEP:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.tenant_id == tenant_id, IdempotencyKey.key == key))
        session.expunge(row)
        return reserve(session, now, tenant_id, key, request_sha256)
    if row.request_sha256 != request_sha256:
        raise OtherBody(key)
    if row.status is None or row.body is None:
        raise InProgress(key)
    return Given(row.status, row.body)


def answer(session: Session, tenant_id: UUID, key: str, given: Given) -> None:
    """Keep the answer for whoever repeats the request."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.tenant_id == tenant_id, IdempotencyKey.key == key)
        .values(status=given.status, body=given.body)
    )


def purge(session: Session, now: datetime) -> int:
    """Forget answers older than a day; how many."""
    gone = session.execute(
        delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEEP).returning(IdempotencyKey.key)
    )
    return len(gone.all())


def _insert(session: Session, values: dict[str, Any]) -> bool:
    if session.get_bind().dialect.name == "sqlite":
        return _inserted(session, sqlite.insert(IdempotencyKey).values(**values).on_conflict_do_nothing())
    session.execute(text(f"SET LOCAL lock_timeout = {TWIN_WAIT_MS}"))
    try:
        return _inserted(session, postgresql.insert(IdempotencyKey).values(**values).on_conflict_do_nothing())
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":  # lock_not_available
            raise InProgress(values["key"]) from error
        raise


def _inserted(session: Session, statement: Insert) -> bool:
    return session.execute(statement.returning(IdempotencyKey.key)).first() is not None
