"""Keeps deliveries on their way: begins each as soon as there is a place for it, and waits for none."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from db.session import Database
from db.webhooks import deliveries
from db.webhooks.deliveries import Due
from worker.webhooks.deliver import Clock, Sender, attempt, utc_now
from worker.webhooks.places import QUICK, SLOW, Places, Waiting
from worker.webhooks.schedule import DeliveryOutcome

WINDOW = 500  # due deliveries looked at together
ROUNDS = 20  # looks at most in one call; the next call goes on

log = logging.getLogger(__name__)


class Courier:
    """Attempts under way, each on a thread of its own. `done` hears how each went, on that thread."""

    def __init__(
        self, database: Database, sender: Sender, done: Callable[[DeliveryOutcome | None], None], clock: Clock = utc_now
    ) -> None:
        self._database, self._sender, self._done, self._clock = database, sender, done, clock
        self._places, self._lock = Places(), threading.Lock()
        self._pool = ThreadPoolExecutor(QUICK + SLOW, "webhook")

    @property
    def under_way(self) -> int:
        """How many attempts there are now."""
        return len(self._places)

    def start_due(self) -> int:
        """Begin attempts at deliveries that are due, as far as there are places; how many."""
        started, passed = 0, set[UUID]()
        for _ in range(ROUNDS):
            found = self._look(passed)
            passed |= {one.endpoint_id for one in found}
            started += self._start(found)
            if len(found) < WINDOW:
                break
        return started

    def close(self) -> None:
        """Begin nothing more; what is under way is claimed again by others."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _look(self, passed: set[UUID]) -> list[Waiting]:
        """Due deliveries of endpoints that have a place left and had no chance yet, each endpoint's first one first."""
        with self._lock:
            full = self._places.full(time.monotonic())
        with self._database.read() as session:
            rows = deliveries.due(session, self._clock(), passed.union(full), WINDOW)
        rank: dict[UUID, int] = {}
        ranked: list[tuple[int, Waiting]] = []
        for row in rows:
            rank[row.endpoint_id] = rank.get(row.endpoint_id, -1) + 1
            ranked.append((rank[row.endpoint_id], Waiting(row.id, row.endpoint_id, row.tenant_id, row.failing)))
        return [one for _, one in sorted(ranked, key=lambda pair: pair[0])]

    def _start(self, found: list[Waiting]) -> int:
        with self._lock:
            ids = [one.delivery_id for one in found if self._places.take(one, time.monotonic())]
        claimed: list[Due] = []
        try:
            if ids:
                with self._database.write() as session:
                    claimed = deliveries.claim(session, self._clock(), ids)
        finally:
            for delivery_id in {*ids} - {one.delivery_id for one in claimed}:
                self._leave(delivery_id)
        for one in claimed:
            self._pool.submit(self._attempt, one)
        return len(claimed)

    def _attempt(self, due: Due) -> None:
        outcome = None
        try:
            outcome = attempt(self._database, self._sender, self._clock, due)
        except SQLAlchemyError as error:  # it is claimed again when its time is up
            log.warning("a webhook attempt was not written down: %s", type(error).__name__)
        finally:
            self._leave(due.delivery_id)
            self._done(outcome)

    def _leave(self, delivery_id: UUID) -> None:
        with self._lock:
            self._places.leave(delivery_id)
