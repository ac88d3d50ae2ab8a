"""API keys of the tenant, and the tenants themselves (administrators only)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, Field
from sqlalchemy.orm import Session

from api.auth import AdminCaller, Caller, KeysCaller, needs
from api.deps import ServicesDep, now
from api.documents.requests import Closed
from api.errors import NotFound, Problem
from db.access import audit, keys, tenants
from db.access.keys import Minted, Scope
from db.access.tenants import Quotas, TenantNameTaken
from db.documents.answers.keys import KeyView, NewKeyView, TenantView
from db.schema.tables_access import ApiKey, Tenant

router = APIRouter(prefix="/v1", tags=["keys"])
Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
Quota = Annotated[int | None, Field(ge=0, lt=2**31, description="null: unlimited")]
Bytes = Annotated[int | None, Field(ge=0, lt=2**63, description="null: unlimited")]


class KeyRequest(Closed):
    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1)]
    expires_at: AwareDatetime | None = None


class KeyRotation(Closed):
    overlap_s: Annotated[int, Field(ge=0, le=7 * 86_400, description="The old key works for this long")] = 0


AT_ONCE = KeyRotation()


class QuotaFields(Closed):
    max_queued: Quota = None
    max_running: Quota = None
    max_bytes: Bytes = None
    max_gpu_seconds_per_day: Quota = None
    requests_per_minute: Quota = None


class TenantRequest(QuotaFields):
    name: Name


@router.post("/keys", status_code=201)
def create_key(caller: KeysCaller, services: ServicesDep, request: KeyRequest) -> NewKeyView:
    """A new key of the tenant. Nobody can give away a scope that he does not hold."""
    _check_scopes(caller, request.scopes)
    with services.database.write() as session:
        minted = keys.create(session, now(), caller.tenant_id, request.name, request.scopes, request.expires_at)
        _note(session, caller, "key.create", minted.row.id)
    return _new(minted)


@router.get("/keys")
def list_keys(caller: KeysCaller, services: ServicesDep) -> list[KeyView]:
    """The tenant's keys, revoked ones too."""
    with services.database.read() as session:
        return [KeyView.model_validate(key) for key in keys.of_tenant(session, caller.tenant_id)]


@router.delete("/keys/{key_id}", status_code=204)
def revoke_key(caller: KeysCaller, services: ServicesDep, key_id: UUID) -> Response:
    """Revoke a key: it stops working at once."""
    with services.database.write() as session:
        keys.revoke(session, now(), _find(session, caller, key_id))
        _note(session, caller, "key.revoke", key_id)
    services.known.forget()
    return Response(status_code=204)


@router.post("/keys/{key_id}/rotate", status_code=201)
def rotate_key(caller: KeysCaller, services: ServicesDep, key_id: UUID, request: KeyRotation = AT_ONCE) -> NewKeyView:
    """A new key like an old one, which ends after the overlap."""
    with services.database.write() as session:
        old = _find(session, caller, key_id)
        if not keys.is_alive(old, now()):
            raise Problem(409, "key_revoked", "a revoked or expired key is not rotated; create another")
        _check_scopes(caller, old.scopes)
        minted = keys.rotate(session, now(), old, timedelta(seconds=request.overlap_s))
        _note(session, caller, "key.rotate", key_id)
    services.known.forget()
    return _new(minted)


@router.post("/tenants", status_code=201)
def create_tenant(caller: AdminCaller, services: ServicesDep, request: TenantRequest) -> TenantView:
    """A new tenant."""
    quotas = Quotas(**request.model_dump(exclude={"name"}))
    try:
        with services.database.write() as session:
            tenant = tenants.create(session, now(), request.name, quotas)
            _note(session, caller, "tenant.create", tenant.id)
    except TenantNameTaken as error:
        raise Problem(409, "name_taken", "another tenant has this name") from error
    return TenantView.model_validate(tenant)


@router.get("/tenants", dependencies=[needs(Scope.ADMIN)])
def list_tenants(services: ServicesDep) -> list[TenantView]:
    """Every tenant."""
    with services.database.read() as session:
        return [TenantView.model_validate(tenant) for tenant in tenants.listed(session)]


@router.patch("/tenants/{tenant_id}")
def change_tenant(caller: AdminCaller, services: ServicesDep, tenant_id: UUID, request: QuotaFields) -> TenantView:
    """Change the quotas that are given."""
    with services.database.write() as session:
        _tenant(session, tenant_id)
        tenants.change_quotas(session, tenant_id, request.model_dump(exclude_unset=True))
        _note(session, caller, "tenant.change", tenant_id)
        session.expire_all()
        changed = TenantView.model_validate(_tenant(session, tenant_id))
    services.known.forget()
    return changed


@router.post("/tenants/{tenant_id}/keys", status_code=201)
def create_tenant_key(caller: AdminCaller, services: ServicesDep, tenant_id: UUID, request: KeyRequest) -> NewKeyView:
    """A first key for a tenant."""
    with services.database.write() as session:
        _tenant(session, tenant_id)
        minted = keys.create(session, now(), tenant_id, request.name, request.scopes, request.expires_at)
        _note(session, caller, "key.create", minted.row.id)
    return _new(minted)


def _tenant(session: Session, tenant_id: UUID) -> Tenant:
    tenant = tenants.get(session, tenant_id)
    if tenant is None:
        raise NotFound("tenant")
    return tenant


def _find(session: Session, caller: Caller, key_id: UUID) -> ApiKey:
    key = keys.get(session, caller.tenant_id, key_id)
    if key is None:
        raise NotFound("key")
    return key


def _check_scopes(caller: Caller, scopes: list[Scope] | list[str]) -> None:
    missing = [scope for scope in scopes if not keys.allows(caller.scopes, Scope(scope))]
    if missing:
        raise Problem(403, "missing_scope", f"your own key does not have {', '.join(missing)}")


def _new(minted: Minted) -> NewKeyView:
    return NewKeyView(**KeyView.model_validate(minted.row).model_dump(), token=minted.token)


def _note(session: Session, caller: Caller, action: str, subject: UUID) -> None:
    audit.note(session, now(), caller.tenant_id, actor=caller.actor, action=action, subject=str(subject))
