"""Who is asking, and whether they may: bearer keys or a dashboard login, scopes and the rate limit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from api import metrics, sessions
from api.deps import Services, ServicesDep, now
from api.errors import Problem
from db.access import keys
from db.access.keys import Scope
from db.schema.tables_access import ApiKey, Tenant

BEARER = HTTPBearer(
    auto_error=False, bearerFormat="bm3_<id>_<secret>_<checksum>", description="An API key", scheme_name="ApiKey"
)
TOUCHED_MAX = 10_000
DEAD = "this key is unknown, revoked or expired"


@dataclass(frozen=True)
class Caller:
    """The tenant and the key, or the dashboard user, behind a request."""

    tenant: Tenant
    key_id: UUID
    key_name: str
    scopes: frozenset[str]
    sort: str = "key"  # or user

    @property
    def tenant_id(self) -> UUID:
        return self.tenant.id

    @property
    def actor(self) -> str:
        """How the audit log names the caller."""
        return f"{self.sort} {self.key_name} ({self.key_id})"


Given = Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]


async def caller(request: Request, services: ServicesDep, given: Given) -> Caller:
    """The caller of this request. Raises 401 and 429."""
    if given is None:
        return await run_in_threadpool(_logged_in, request, services)
    found = await key_holder(request, services, given)
    if found.tenant.requests_per_minute is not None:
        await run_in_threadpool(_limit_rate, services, found.tenant_id, found.tenant.requests_per_minute)
    return found


async def key_holder(request: Request, services: ServicesDep, given: Given) -> Caller:
    """The caller by his key alone, whatever his rate. Raises 401."""
    if given is None:
        raise _unauthorized("send `Authorization: Bearer <key>`")
    at = now()
    found = services.known.find(given.credentials)
    key, tenant = found if found is not None else await run_in_threadpool(_look_up, services, given.credentials, at)
    if not keys.is_alive(key, at):
        raise _unauthorized(DEAD)
    request.state.tenant_id = str(tenant.id)
    return Caller(tenant, key.id, key.name, frozenset(key.scopes))


def needs(scope: Scope) -> Any:
    """A dependency that lets pass callers with this scope."""

    async def check(caller: Annotated[Caller, Depends(caller)]) -> Caller:
        if not keys.allows(caller.scopes, scope):
            raise missing(scope)
        return caller

    return Depends(check)


async def as_writer(request: Request, services: Services, given: HTTPAuthorizationCredentials | None) -> Caller:
    """The caller who may submit jobs, for a body that is read before its route. Raises 401, 403 and 429."""
    writer = await caller(request, services, given)
    if not keys.allows(writer.scopes, Scope.JOBS_WRITE):
        raise missing(Scope.JOBS_WRITE)
    return writer


def missing(scope: Scope) -> Problem:
    """The key lacks a scope."""
    return Problem(403, "missing_scope", f"this needs a key with the scope {scope}")


def _logged_in(request: Request, services: Services) -> Caller:
    """The dashboard's own calls: the cookie says who, the token that the page knows proves that the page asks."""
    login = sessions.current(request, services, now())
    if login is None:
        raise _unauthorized("send `Authorization: Bearer <key>`")
    if request.method not in sessions.SAFE_METHODS and not sessions.is_own(request, login):
        raise Problem(403, "csrf", "a change with a dashboard login needs its X-CSRF-Token")
    request.state.tenant_id = str(login.tenant.id)
    return as_caller(login)


def as_caller(login: sessions.Login) -> Caller:
    """A dashboard user as the routes know callers."""
    return Caller(login.tenant, login.user.id, login.user.name, sessions.scopes(login), "user")


def _look_up(services: Services, token: str, at: datetime) -> tuple[ApiKey, Tenant]:
    with services.database.read() as session:
        found = keys.find(session, at, token)
    if found is None:
        raise _unauthorized(DEAD)
    services.known.keep(token, *found)
    _touch(services, found[0].id, at)
    return found


def _limit_rate(services: Services, tenant_id: UUID, requests_per_minute: int) -> None:
    wait_s = services.limiter.wait_s(tenant_id, requests_per_minute)
    if wait_s is not None:
        metrics.RATE_LIMITED.inc()
        detail = f"more than {requests_per_minute} requests a minute"
        raise Problem(429, "rate_limited", detail, headers={"Retry-After": str(math.ceil(wait_s))})


def _touch(services: Services, key_id: UUID, at: datetime) -> None:
    """Write down the key's use at most once a minute: a read must not cost a write each time."""
    last = services.touched.get(key_id)
    if last is not None and at - last < keys.TOUCH_EVERY:
        return
    if len(services.touched) > TOUCHED_MAX:
        services.touched.clear()
    services.touched[key_id] = at
    with services.database.write() as session:
        keys.touch(session, at, key_id)


def _unauthorized(detail: str) -> Problem:
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="bm3"'})


JobsReader = Annotated[Caller, needs(Scope.JOBS_READ)]
JobsWriter = Annotated[Caller, needs(Scope.JOBS_WRITE)]
AssetsWriter = Annotated[Caller, needs(Scope.ASSETS_WRITE)]
WebhooksCaller = Annotated[Caller, needs(Scope.WEBHOOKS)]
KeysCaller = Annotated[Caller, needs(Scope.KEYS)]
AdminCaller = Annotated[Caller, needs(Scope.ADMIN)]
AnyCaller = Annotated[Caller, Depends(caller)]
KeyHolder = Annotated[Caller, Depends(key_holder)]
