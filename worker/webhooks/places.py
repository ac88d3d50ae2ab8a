"""How many attempts may be under way, shared so that no receiver and no tenant waits for another's: arithmetic, no threads.

An attempt begins on a quick place. When it lasts longer than `SLOW_S` its receiver is slow, and it goes on on one of the
slow places, which attempts at endpoints that failed last begin on. So receivers that never answer soon hold slow places
only, and the quick ones stay free for all others.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

QUICK, SLOW = 128, 256
SLOW_S = 1.0
OF_TENANT = 0.75  # the share of either kind that one tenant may hold
OF_ENDPOINT = 4  # attempts at once; one when the endpoint failed last, none more while one of them is slow


@dataclass(frozen=True)
class Waiting:
    """A delivery that is due."""

    delivery_id: UUID
    endpoint_id: UUID
    tenant_id: UUID
    failing: bool  # its endpoint's last attempt failed


class _Kind:
    """Places of one kind: how many are taken, by all and by each tenant and endpoint."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.taken = 0
        self.tenants, self.endpoints = Counter[UUID](), Counter[UUID]()

    def has_room(self, tenant_id: UUID) -> bool:
        return self.taken < self._most and self.tenants[tenant_id] < self._most * OF_TENANT

    def count(self, waiting: Waiting, change: int) -> None:
        self.taken += change
        for counter, key in ((self.tenants, waiting.tenant_id), (self.endpoints, waiting.endpoint_id)):
            counter[key] += change
            if not counter[key]:
                del counter[key]


class DeliveryPlaces:
    """The attempts under way. Times are monotonic seconds and never go back."""

    def __init__(self) -> None:
        self._quick, self._slow = _Kind(QUICK), _Kind(SLOW)
        self._in_quick: dict[UUID, tuple[Waiting, float]] = {}  # oldest first
        self._in_slow: dict[UUID, Waiting] = {}

    def __len__(self) -> int:
        return len(self._in_quick) + len(self._in_slow)

    def take(self, waiting: Waiting, now_s: float) -> bool:
        """Whether the attempt may begin; its place is then taken."""
        self._grow_slow(now_s)
        most = 1 if waiting.failing else OF_ENDPOINT
        kind = self._slow if waiting.failing else self._quick
        known = waiting.delivery_id in self._in_quick or waiting.delivery_id in self._in_slow
        busy = self._slow.endpoints[waiting.endpoint_id] or self._quick.endpoints[waiting.endpoint_id] >= most
        if known or busy or len(self) >= QUICK + SLOW or not kind.has_room(waiting.tenant_id):
            return False
        kind.count(waiting, +1)
        if waiting.failing:
            self._in_slow[waiting.delivery_id] = waiting
        else:
            self._in_quick[waiting.delivery_id] = (waiting, now_s)
        return True

    def leave(self, delivery_id: UUID) -> None:
        """The attempt has ended."""
        if (entry := self._in_quick.pop(delivery_id, None)) is not None:
            self._quick.count(entry[0], -1)
        elif (waiting := self._in_slow.pop(delivery_id, None)) is not None:
            self._slow.count(waiting, -1)

    def full(self, now_s: float) -> set[UUID]:
        """Endpoints that get no place now."""
        self._grow_slow(now_s)
        return {*self._slow.endpoints, *(one for one, taken in self._quick.endpoints.items() if taken >= OF_ENDPOINT)}

    def _grow_slow(self, now_s: float) -> None:
        """Move attempts that have lasted too long to slow places, of which there may then be more than begin there."""
        while self._in_quick:
            delivery_id, (waiting, began_s) = next(iter(self._in_quick.items()))
            if now_s - began_s <= SLOW_S:
                return
            del self._in_quick[delivery_id]
            self._in_slow[delivery_id] = waiting
            self._quick.count(waiting, -1)
            self._slow.count(waiting, +1)
