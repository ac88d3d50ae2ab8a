"""API keys and tenants."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from .base import FromAttributes


class KeyView(FromAttributes):
    """A key without its secret; `prefix` is what its token begins with."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewKeyView(KeyView):
    """A key that was just made."""

    token: str = Field(description="Shown once")


class TenantView(FromAttributes):
    """A tenant and its quotas; null: unlimited."""

    id: UUID
    name: str
    created_at: datetime
    max_queued: int | None
    max_running: int | None
    max_bytes: int | None
    max_gpu_seconds_per_day: int | None
    requests_per_minute: int | None
