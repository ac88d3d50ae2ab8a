"""The people who log in to the dashboard: names, roles, argon2id passwords, and a brake on guessing."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.access import tenants
from db.access.keys import Scope
from db.names import Role as Role
from db.schema.tables_access import DashboardSession, User
from db.schema.tables_dashboard import LoginThrottle

ADMIN_NAME = "admin"
MIN_PASSWORD_CHARS = 12
# Wrong passwords that cost nothing yet: of a browser that its user has logged in with before (`b`), else of a name from
# one address (`p`), of an address (`a`: many people may sit behind one proxy), of a name from anywhere (`n`).
FREE_FAILURES = {"b": 5, "p": 5, "a": 30, "n": 60}
FORGET_AFTER = timedelta(minutes=30)
FIRST_WAIT_S, LONGEST_WAIT_S = 15.0, 900.0


SCOPES: dict[Role, frozenset[str]] = {
    Role.VIEWER: frozenset({Scope.JOBS_READ}),
    Role.OPERATOR: frozenset({Scope.JOBS_READ, Scope.JOBS_WRITE, Scope.ASSETS_WRITE, Scope.WEBHOOKS}),
    Role.ADMIN: frozenset({Scope.JOBS_READ, Scope.JOBS_WRITE, Scope.ASSETS_WRITE, Scope.WEBHOOKS, Scope.KEYS}),
}
_HASHER = PasswordHasher()


class UserNameTaken(Exception):
    """Another user has this name."""


class WeakPassword(ValueError):
    """The password is too short."""


@dataclass(frozen=True)
class Guess:
    """An attempt to log in: the name, the client's address, and the browser where it is one that the user knows."""

    name: str
    address: str
    browser: str = ""


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
    """A new user. Raises UserNameTaken."""
    user = User(**new.__dict__, created_at=now)
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:
        raise UserNameTaken(new.name) from error
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


def browser_token(user: User) -> str:
    """What a browser keeps after a login, so that a stranger's guessing does not lock this user out of it."""
    nonce = secrets.token_hex(16)
    return f"{nonce}.{_browser_signature(user, nonce)}"


def known_browser(user: User | None, token: str) -> str:
    """The browser's own name if this user has logged in with it before, under the present password; else empty."""
    nonce, _, signature = token.partition(".")
    if user is None or not hmac.compare_digest(_browser_signature(user, nonce).encode(), signature.encode()):
        return ""
    return nonce


def admit(session: Session, now: datetime, guess: Guess) -> float:
    """Count an attempt before its password is looked at: 0, or the seconds to wait first.

    Counting comes first, and attempts of one name take turns, so that of many sent at once none slips through.
    """
    session.execute(delete(LoginThrottle).where(LoginThrottle.last_at < now - FORGET_AFTER))
    keys = _throttle_keys(guess)
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    for key in keys:
        session.execute(dialect.insert(LoginThrottle).values(key=key, failures=0, last_at=now).on_conflict_do_nothing())
    chosen = select(LoginThrottle).where(LoginThrottle.key.in_(keys)).order_by(LoginThrottle.key).with_for_update()
    rows = session.scalars(chosen.execution_options(populate_existing=True)).all()
    wait_s = max(_left_s(now, row) for row in rows)
    if wait_s == 0:
        for row in rows:
            row.failures, row.last_at = row.failures + 1, now
    return wait_s


def note_success(session: Session, guess: Guess) -> None:
    """A right password wipes the count of its browser, or of the name from its address, and takes back its own elsewhere."""
    for key in _throttle_keys(guess):
        this = LoginThrottle.key == key
        if key[0] in "bp":
            session.execute(delete(LoginThrottle).where(this))
        else:
            less = update(LoginThrottle).where(this, LoginThrottle.failures > 0)
            session.execute(less.values(failures=LoginThrottle.failures - 1))


def _left_s(now: datetime, row: LoginThrottle) -> float:
    beyond = row.failures - FREE_FAILURES[row.key[0]]
    if beyond < 0 or now - row.last_at > FORGET_AFTER:
        return 0.0
    pause_s = min(FIRST_WAIT_S * 2.0 ** min(beyond, 20), LONGEST_WAIT_S)
    return max(pause_s - (now - row.last_at).total_seconds(), 0.0)


def _throttle_keys(guess: Guess) -> list[str]:
    """What an attempt is counted under, always in the same order: two that share rows must not lock each other."""
    name = guess.name.lower()
    told = {"b": guess.browser} if guess.browser else {"a": guess.address, "n": name, "p": f"{name}\0{guess.address}"}
    return [kind + hashlib.sha256(text.encode(errors="replace")).hexdigest()[:63] for kind, text in told.items()]


def _browser_signature(user: User, nonce: str) -> str:
    message = f"browser|{user.id.hex}|{nonce}".encode(errors="replace")
    return hmac.new(user.password_argon2.encode(), message, hashlib.sha256).hexdigest()
