"""API keys of the tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from bm3vl._async.transport import AsyncTransport
from bm3vl.answers import parsed
from bm3vl.documents.answers.keys import KeyView, NewKeyView


class AsyncKeys:
    """`client.keys`: keys are given by their ids."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(self) -> list[KeyView]:
        """The tenant's keys, revoked ones too."""
        return [parsed(KeyView, item) for item in await self._transport.json("GET", "/v1/keys")]

    async def create(self, name: str, scopes: Sequence[str], *, expires_at: datetime | None = None) -> NewKeyView:
        """A new key with its token, which no later answer shows; `expires_at` with its time zone."""
        body: dict[str, Any] = {"name": name, "scopes": [*scopes]}
        if expires_at is not None:
            body["expires_at"] = expires_at.isoformat()
        return parsed(NewKeyView, await self._transport.json("POST", "/v1/keys", json=body))

    async def rotate(self, key: UUID | str, *, overlap_s: int = 0) -> NewKeyView:
        """A new key like an old one, which works for another `overlap_s` seconds."""
        answer = await self._transport.json("POST", f"/v1/keys/{key}/rotate", json={"overlap_s": overlap_s})
        return parsed(NewKeyView, answer)

    async def revoke(self, key: UUID | str) -> None:
        """End a key at once."""
        await self._transport.call("DELETE", f"/v1/keys/{key}")
