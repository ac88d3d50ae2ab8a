"""Places for watchers, shared fairly among tenants."""

from __future__ import annotations

import asyncio
from uuid import UUID

from api.live.feed import cut_off
from api.live.positions import Item


class Seats:
    """The places for watchers, shared fairly: when all are taken, a tenant with fewer takes one of the tenant with most."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._of_tenant: dict[UUID, dict[asyncio.Queue[Item], None]] = {}
        self.taken = 0

    def take(self, tenant_id: UUID, queue: asyncio.Queue[Item]) -> bool:
        """Whether there was a place; the newest watcher of the largest tenant may be sent away for it."""
        if self.taken >= self._limit and not self._take_from_largest(tenant_id):
            return False
        self._of_tenant.setdefault(tenant_id, {})[queue] = None
        self.taken += 1
        return True

    def free(self, tenant_id: UUID, queue: asyncio.Queue[Item]) -> None:
        """Leave a place; it may have been taken away before."""
        seats = self._of_tenant.get(tenant_id, {})
        if queue in seats:
            del seats[queue]
            self.taken -= 1
            if not seats:
                del self._of_tenant[tenant_id]

    def _take_from_largest(self, tenant_id: UUID) -> bool:
        largest = max(self._of_tenant, key=lambda one: len(self._of_tenant[one]), default=tenant_id)
        if len(self._of_tenant.get(largest, {})) <= len(self._of_tenant.get(tenant_id, {})) + 1:
            return False
        queue = next(reversed(self._of_tenant[largest]))
        self.free(largest, queue)
        cut_off(queue)
        return True
