"""The people who log in to the dashboard: names, roles, argon2id passwords, and a brake on guessing."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.access import tenants
from db.access.keys import Scope
from db.names import Role as Role
from db.schema.tables_access import DashboardSession, User
from db.schema.tables_dashboard import LoginThrottle

ADMIN_NAME = "admin"
MIN_PASSWORD_CHARS = 12
FREE_FAILURES = {"n": 5, "a": 30}  # of a name, of an address: many people may sit behind one proxy
FORGET_AFTER = timedelta(minutes=30)
LONGEST_WAIT_S = 900.0


SCOPES: dict[Role, frozenset[str]] = {
    Role.VIEWER: frozenset({Scope.JOBS_READ}),
    Role.OPERATOR: frozenset({Scope.JOBS_READ, Scope.JOBS_WRITE, Scope.ASSETS_WRITE, Scope.WEBHOOKS}),
    Role.ADMIN: frozenset({Scope.JOBS_READ, Scope.JOBS_WRITE, Scope.ASSETS_WRITE, Scope.WEBHOOKS, Scope.KEYS}),
}
_HASHER = PasswordHasher()


class NameTaken(Exception):
    """Another user has this name."""


class WeakPassword(ValueError):
    """The password is too short."""


@dataclass(frozen=True)
class NewUser:
    tenant_id: UUID
    name: str
    password_argon2: str
    role: Role


def hashed(password: str) -> str:
    """The argon2id hash of a password (tens of milliseconds: not inside a transaction). Raises WeakPassword."""
    if len(password) < MIN_PASSWORD_CHARS:
        raise WeakPassword(f"a password has at least {MIN_PASSWORD_CHARS} characters")
    return _HASHER.hash(password)


def matches(user: User | None, password: str) -> bool:
    """Whether this is the user's password; false for nobody and for disabled users, in the same time."""
    nobody = _nobody()  # asked for in either case: the first call takes long
    kept = user.password_argon2 if user is not None else nobody
    try:
        right = _HASHER.verify(kept, password)
    except VerificationError:
        return False
    return right and user is not None and user.disabled_at is None


@cache
def _nobody() -> str:
    """Verified when there is no such user, so that an answer takes as long as for one there is."""
    return _HASHER.hash(secrets.token_hex(16))


def create(session: Session, now: datetime, new: NewUser) -> User:
    """A new user. Raises NameTaken."""
    user = User(**new.__dict__, created_at=now)
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:
        raise NameTaken(new.name) from error
    return user


def by_name(session: Session, name: str) -> User | None:
    return session.scalars(select(User).where(User.name == name)).one_or_none()


def of_tenant(session: Session, tenant_id: UUID) -> list[User]:
    """The tenant's users, oldest first."""
    return [*session.scalars(select(User).where(User.tenant_id == tenant_id).order_by(User.id))]


def get(session: Session, tenant_id: UUID, user_id: UUID) -> User | None:
    user = session.get(User, user_id)
    return user if user is not None and user.tenant_id == tenant_id else None


def set_password(session: Session, user: User, password_argon2: str) -> None:
    """A new password ends every login of the user."""
    session.execute(update(User).where(User.id == user.id).values(password_argon2=password_argon2))
    session.execute(delete(DashboardSession).where(DashboardSession.user_id == user.id))


def set_role(session: Session, user: User, role: Role) -> None:
    session.execute(update(User).where(User.id == user.id).values(role=role))


def disable(session: Session, now: datetime, user: User, *, disabled: bool) -> None:
    """Shut a user out, or let him in again."""
    session.execute(update(User).where(User.id == user.id).values(disabled_at=now if disabled else None))
    session.execute(delete(DashboardSession).where(DashboardSession.user_id == user.id))


def first_admin(session: Session, now: datetime) -> str | None:
    """The password of a new user `admin` when there is no user at all, else None."""
    if session.scalars(select(func.count()).select_from(User)).one():
        return None
    password = secrets.token_urlsafe(15)
    tenant = tenants.default(session, now)
    create(session, now, NewUser(tenant.id, ADMIN_NAME, hashed(password), Role.ADMIN))
    return password


def wait_s(session: Session, now: datetime, name: str, address: str) -> float:
    """Seconds until this name may be tried again from this address; 0 when it may be now."""
    rows = session.scalars(select(LoginThrottle).where(LoginThrottle.key.in_(_throttle_keys(name, address)))).all()
    return max((_left_s(now, row) for row in rows), default=0.0)


def note_failure(session: Session, now: datetime, name: str, address: str) -> None:
    """Count a wrong password against the name and the address."""
    session.execute(delete(LoginThrottle).where(LoginThrottle.last_at < now - FORGET_AFTER))
    for key in _throttle_keys(name, address):
        row = session.get(LoginThrottle, key) or LoginThrottle(key=key, failures=0)
        row.failures, row.last_at = row.failures + 1, now
        session.add(row)


def note_success(session: Session, name: str, address: str) -> None:
    """A right password wipes the count of its name and address."""
    session.execute(delete(LoginThrottle).where(LoginThrottle.key.in_(_throttle_keys(name, address))))


def _left_s(now: datetime, row: LoginThrottle) -> float:
    beyond = row.failures - FREE_FAILURES[row.key[0]]
    if beyond < 0 or now - row.last_at > FORGET_AFTER:
        return 0.0
    pause_s = min(2.0 ** min(beyond + 1, 20), LONGEST_WAIT_S)
    return max(pause_s - (now - row.last_at).total_seconds(), 0.0)


def _throttle_keys(name: str, address: str) -> list[str]:
    told = {"n": name.lower(), "a": address}
    return [kind + hashlib.sha256(text.encode(errors="replace")).hexdigest()[:63] for kind, text in told.items()]
