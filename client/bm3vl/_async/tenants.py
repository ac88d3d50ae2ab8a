"""The tenants of an installation, for its administrators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from bm3vl._async.transport import AsyncTransport
from bm3vl.answers import parsed
from bm3vl.documents.answers.keys import NewKeyView, TenantView

PATH = "/v1/tenants"


class AsyncTenants:
    """`client.tenants`: who works here, with which limits; `quotas`: max_queued, max_running, max_bytes, max_gpu_seconds_per_day,
    requests_per_minute; None: unlimited."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(self) -> list[TenantView]:
        """Every tenant."""
        return [parsed(TenantView, item) for item in await self._transport.json("GET", PATH)]

    async def create(self, name: str, **quotas: int | None) -> TenantView:
        """A new tenant. Raises Conflict for a name that is taken."""
        return parsed(TenantView, await self._transport.json("POST", PATH, json={"name": name, **quotas}))

    async def change(self, tenant_id: UUID | str, **quotas: int | None) -> TenantView:
        """Change the quotas that are given."""
        return parsed(TenantView, await self._transport.json("PATCH", f"{PATH}/{tenant_id}", json=quotas))

    async def create_key(self, tenant_id: UUID | str, name: str, scopes: Sequence[str], **more: Any) -> NewKeyView:
        """A first key for a tenant; its token is told this once."""
        body = {"name": name, "scopes": [*scopes], **more}
        return parsed(NewKeyView, await self._transport.json("POST", f"{PATH}/{tenant_id}/keys", json=body))
