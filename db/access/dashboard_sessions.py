"""Logins to the dashboard: the cookie holds a token, the row only its hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.schema.tables_access import DashboardSession, Tenant, User

LIFE = timedelta(hours=12)


@dataclass(frozen=True)
class Login:
    """Who is logged in; `tenant` is the one looked at, `home` the name of the user's own."""

    user: User
    tenant: Tenant
    csrf_token: str
    home: str


def begin(session: Session, now: datetime, user: User) -> str:
    """A new login; the token for the cookie."""
    session.execute(delete(DashboardSession).where(DashboardSession.expires_at < now))
    token = secrets.token_urlsafe(32)
    row = DashboardSession(
        token_sha256=_digest(token),
        user_id=user.id,
        csrf_token=secrets.token_urlsafe(24),
        created_at=now,
        expires_at=now + LIFE,
    )
    session.add(row)
    return token


def find(session: Session, now: datetime, token: str) -> Login | None:
    """The login this token belongs to, unless it has expired or its user was disabled."""
    row = session.execute(
        select(DashboardSession, User, Tenant)
        .join(User, User.id == DashboardSession.user_id)
        .join(Tenant, Tenant.id == User.tenant_id)
        .where(DashboardSession.token_sha256 == _digest(token))
        .where(DashboardSession.expires_at > now, User.disabled_at.is_(None))
    ).one_or_none()
    return None if row is None else Login(row[1], row[2], row[0].csrf_token, row[2].name)


def end(session: Session, token: str) -> None:
    """Log out."""
    session.execute(delete(DashboardSession).where(DashboardSession.token_sha256 == _digest(token)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
