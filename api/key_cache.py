"""Keys that were checked a moment ago, so that a busy client's requests do not each ask the database who he is."""

from __future__ import annotations

import hashlib
import time

from db.schema.tables_access import ApiKey, Tenant

LIFE_S = 2.0  # so long another process may go on to take a revoked key; the one that revokes it forgets at once
KNOWN_MAX = 10_000


class KnownKeys:
    """Keys and their tenants by the hash of the token; safe to share between threads."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[float, ApiKey, Tenant]] = {}

    def find(self, token: str) -> tuple[ApiKey, Tenant] | None:
        """The key and tenant of a token that was kept within the last seconds."""
        services = self._known.get(_digest(token))
        return services[1:] if services is not None and time.monotonic() < services[0] else None

    def keep(self, token: str, key: ApiKey, tenant: Tenant) -> None:
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        self._known[_digest(token)] = (time.monotonic() + LIFE_S, key, tenant)

    def forget(self) -> None:
        """Ask the database again for every key: one was revoked, or a quota changed."""
        self._known.clear()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
