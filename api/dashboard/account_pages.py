"""Keys, usage, the audit log and settings."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response

from api import paging
from api.dashboard.people import Admin, Posted, Viewer, text
from api.dashboard.rendering import PageRoute, back, page
from api.deps import ServicesDep, now
from api.errors import NotFound, Problem, field_problem
from api.paging import Cursor
from api.routes import keys as routes
from api.routes.keys import KeyRequest, KeyRotation
from db.access import audit, keys, users
from db.access.keys import Scope
from db.access.users import NewUser, Role
from db.jobs import quotas

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ROWS = 100
LIFE_DAYS = (30, 90, 365)
LIMITS = {
    "max_queued": "Jobs waiting",
    "max_running": "Jobs at work",
    "max_bytes": "Bytes kept",
    "max_gpu_seconds_per_day": "Worker time in a day",
}


@router.get("/keys")
def keys_page(request: Request, services: ServicesDep, person: Admin) -> Response:
    """The tenant's keys."""
    return _keys(request, services, person, "")


@router.post("/keys")
def create_key(request: Request, services: ServicesDep, person: Admin, form: Posted) -> Response:
    """A new key; its token is shown once."""
    name = text(form, "name", 120)
    scopes = [Scope(str(one)) for one in form.getlist("scopes") if str(one) in set(Scope)]
    if not name or not scopes or not name.isprintable():
        raise field_problem("/name", "a key has a name and at least one scope")
    days = text(form, "days", 4)
    ends = now() + timedelta(days=int(days)) if days in map(str, LIFE_DAYS) else None
    made = routes.create_key(person.caller, services, KeyRequest(name=name, scopes=scopes, expires_at=ends))
    return _keys(request, services, person, made.token)


@router.post("/keys/{key_id}/revoke")
def revoke_key(request: Request, services: ServicesDep, person: Admin, key_id: UUID, _: Posted) -> Response:
    routes.revoke_key(person.caller, services, key_id)
    return back(request, "/keys", "revoked")


@router.post("/keys/{key_id}/rotate")
def rotate_key(request: Request, services: ServicesDep, person: Admin, key_id: UUID, _: Posted) -> Response:
    """A new key like an old one, which works for another day."""
    made = routes.rotate_key(person.caller, services, key_id, KeyRotation(overlap_s=86_400))
    return _keys(request, services, person, made.token)


@router.get("/usage")
def usage_page(request: Request, services: ServicesDep, person: Viewer) -> Response:
    """What the tenant uses of its limits."""
    with services.database.read() as session:
        used = quotas.used(session, now(), person.tenant_id)
    values = dict(zip(LIMITS, (used.queued, used.running, used.bytes_kept, used.gpu_seconds_last_day), strict=True))
    lines = [(name, words, values[name], getattr(person.login.tenant, name)) for name, words in LIMITS.items()]
    return page(request, person, "usage.html", lines=lines, tenant=person.login.tenant, cost=used.cost_last_day)


@router.get("/audit")
def audit_page(request: Request, services: ServicesDep, person: Admin, cursor: Cursor = None) -> Response:
    """Who changed what, when."""
    with services.database.read() as session:
        entries = audit.page(session, person.tenant_id, ROWS, paging.after(cursor))
    return page(request, person, "audit.html", entries=entries, older=paging.next_cursor(entries, ROWS))


@router.get("/settings")
def settings_page(request: Request, services: ServicesDep, person: Viewer) -> Response:
    """The person's password, the tenant's users, and what the service is set to."""
    with services.database.read() as session:
        found = users.of_tenant(session, person.tenant_id) if person.is_admin else []
    shown = services.settings.model_dump(include=SHOWN) | services.api.model_dump() if person.rules_installation else {}
    about = {
        name: services.settings.__class__.model_fields.get(name) or services.api.__class__.model_fields[name]
        for name in shown
    }
    told = [(name, shown[name], about[name].description or "") for name in shown]
    bucket = shown["s3_bucket"] if shown.get("object_store") == "s3" else None
    return page(request, person, "settings.html", users=found, roles=[*Role], told=told, bucket=bucket)


# Addresses may hold passwords, so the two URLs are not among them.
SHOWN = {
    "data_dir", "object_store", "s3_bucket", "s3_endpoint_url", "lease_s", "beat_s", "renudge_s", "max_queue_s",
    "max_run_s", "stall_s", "retry_limit", "allow_networks", "retention_days", "asset_retention_days",
}  # fmt: skip


@router.post("/settings/password")
def change_password(request: Request, services: ServicesDep, person: Viewer, form: Posted) -> Response:
    """A new password for oneself; every login ends."""
    guess = users.Guess(person.name, "", f"settings of {person.login.user.id}")
    with services.database.write() as session:
        wait_s = users.admit(session, now(), guess)
    if wait_s > 0:
        raise Problem(429, "too_many_attempts", f"too many attempts; try again in {wait_s:.0f} s")
    if not users.matches(person.login.user, str(form.get("old", ""))[:1000]):
        raise Problem(403, "wrong_password", "the present password is not this one")
    kept_hash = _hashed(str(form.get("new", ""))[:1000])
    with services.database.write() as session:
        users.note_success(session, guess)
        users.set_password(session, person.login.user, kept_hash)
        audit.note(
            session, now(), person.tenant_id, actor=person.caller.actor, action="user.password", subject=person.name
        )
    return back(request, "/login")


@router.post("/settings/users")
def add_user(request: Request, services: ServicesDep, person: Admin, form: Posted) -> Response:
    """A new user of the tenant."""
    name, role = text(form, "name", 120), text(form, "role")
    if not name or not name.isprintable() or role not in set(Role):
        raise field_problem("/name", "a user has a name and a role")
    kept_hash = _hashed(str(form.get("password", ""))[:1000])
    try:
        with services.database.write() as session:
            users.create(session, now(), NewUser(person.tenant_id, name, kept_hash, Role(role)))
            audit.note(session, now(), person.tenant_id, actor=person.caller.actor, action="user.create", subject=name)
    except users.UserNameTaken as error:
        raise Problem(409, "name_taken", "another user has this name") from error
    return back(request, "/settings", "added")


@router.post("/settings/users/{user_id}")
def change_user(request: Request, services: ServicesDep, person: Admin, user_id: UUID, form: Posted) -> Response:
    """Another role, or shut out, or let in again."""
    with services.database.write() as session:
        user = users.get(session, person.tenant_id, user_id)
        if user is None:
            raise NotFound("user")
        if user.id == person.login.user.id:
            raise Problem(409, "yourself", "somebody else has to change your own role")
        if text(form, "role") in set(Role):
            users.set_role(session, user, Role(text(form, "role")))
        if "disabled" in form:
            users.disable(session, now(), user, disabled=form["disabled"] == "yes")
        audit.note(session, now(), person.tenant_id, actor=person.caller.actor, action="user.change", subject=user.name)
    return back(request, "/settings", "saved")


def _keys(request: Request, services: ServicesDep, person: Admin, token: str) -> Response:
    with services.database.read() as session:
        found = keys.of_tenant(session, person.tenant_id)
    offered = [scope for scope in Scope if keys.allows(person.caller.scopes, scope)]
    return page(
        request,
        person,
        "keys.html",
        docs=services.api.docs,
        keys=found,
        scopes=offered,
        token_once=token,
        life_days=LIFE_DAYS,
        at=now(),
    )


def _hashed(password: str) -> str:
    try:
        return users.hashed(password)
    except users.WeakPassword as error:
        raise field_problem("/password", str(error)) from error
