"""Who is logged in, as the cookie says; read by the pages and by the API routes that the pages call."""

from __future__ import annotations

import hmac
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from fastapi import Request, Response

from api.deps import Services
from db.access import dashboard_sessions, tenants
from db.access.dashboard_sessions import LIFE, Login
from db.access.keys import Scope
from db.access.users import SCOPES, Role

__all__ = ["SAFE_METHODS", "Login", "current", "is_own", "scopes"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"
TENANT_COOKIE = "bm3_tenant"


def current(request: Request, services: Services, now: datetime) -> Login | None:
    """The login of this request. Administrators of the installation may look at another tenant."""
    token = request.cookies.get(cookie_name(request, services))
    if token is None:
        return None
    with services.database.read() as session:
        login = dashboard_sessions.find(session, now, token)
        if login is None or not rules_installation(login):
            return login
        other = _uuid(request.cookies.get(TENANT_COOKIE, ""))
        chosen = tenants.get(session, other) if other is not None else None
    return replace(login, tenant=chosen) if chosen is not None else login


def rules_installation(login: Login) -> bool:
    """Whether the user administers all tenants: an admin of the first one."""
    return login.user.role == Role.ADMIN and login.home == tenants.DEFAULT


def scopes(login: Login) -> frozenset[str]:
    """What the user's role lets him do through the API."""
    own = SCOPES[Role(login.user.role)]
    return own | {Scope.ADMIN} if rules_installation(login) else own


def is_own(request: Request, login: Login, form_token: str = "") -> bool:
    """Whether a change comes from our own page: only that knows the token."""
    given = request.headers.get(CSRF_HEADER) or form_token
    return hmac.compare_digest(given.encode(), login.csrf_token.encode())


def is_secure(request: Request, services: Services) -> bool:
    return request.url.scheme == "https" or services.api.public_url.startswith("https://")


def cookie_name(request: Request, services: Services) -> str:
    """`__Host-` pins the cookie to this host over TLS; plain HTTP (loopback) cannot have it."""
    return "__Host-bm3" if is_secure(request, services) else "bm3"


def set_cookie(response: Response, request: Request, services: Services, token: str) -> None:
    response.set_cookie(
        cookie_name(request, services),
        token,
        max_age=int(LIFE.total_seconds()),
        path="/",
        secure=is_secure(request, services),
        httponly=True,
        samesite="lax",
    )


def clear_cookie(response: Response, request: Request, services: Services) -> None:
    response.delete_cookie(
        cookie_name(request, services), path="/", secure=is_secure(request, services), httponly=True, samesite="lax"
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
