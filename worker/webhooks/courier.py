"""Keeps deliveries on their way: begins each as soon as there is a place for it, and waits for none.

Attempts that have ended are written down together, by one thread: receivers that hang time out a hundred at once, and
as many transactions side by side would take the database, and this process, from all others for seconds.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from db.session import Database
from db.webhooks import deliveries
from db.webhooks.deliveries import Due
from worker.webhooks.deliver import Clock, Ended, Sender, attempt, utc_now, write_down
from worker.webhooks.places import QUICK, SLOW, DeliveryPlaces, Waiting
from worker.webhooks.schedule import DeliveryOutcome

WINDOW = 500  # due deliveries looked at together
ROUNDS = 20  # looks at most in one call; the next call goes on
TOGETHER = 50  # attempts written down in one transaction

log = logging.getLogger(__name__)


class Courier:
    """Attempts under way, each on a thread of its own. `done` hears how each went once it is written down."""

    def __init__(
        self, database: Database, sender: Sender, done: Callable[[DeliveryOutcome | None], None], clock: Clock = utc_now
    ) -> None:
        self._database, self._sender, self._done, self._clock = database, sender, done, clock
        self._places, self._lock = DeliveryPlaces(), threading.Lock()
        self._pool = ThreadPoolExecutor(QUICK + SLOW, "webhook")
        self._ended: queue.SimpleQueue[Ended | None] = queue.SimpleQueue()  # None: there is nothing more to write
        self._writer = threading.Thread(target=self._write, name="webhook log", daemon=True)
        self._writer.start()

    @property
    def under_way(self) -> int:
        """How many attempts there are now."""
        return len(self._places)

    def start_due(self) -> int:
        """Begin attempts at deliveries that are due, as far as there are places; how many. RuntimeError without a writer."""
        if not self._writer.is_alive():
            raise RuntimeError("webhook attempts are not written down any more")
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
        self._ended.put(None)

    def _look(self, passed: set[UUID]) -> list[Waiting]:
        """Due deliveries of endpoints that have a place left and had no chance yet, each endpoint's first one first."""
        with self._lock:
            full = self._places.full(time.monotonic())
        with self._database.read() as session:
            rows = deliveries.due(session, self._clock(), passed.union(full), WINDOW)
        rank: dict[UUID, int] = {}
        ranked: list[tuple[int, Waiting]] = []
        for delivery_id, endpoint_id, tenant_id, failing in rows:
            rank[endpoint_id] = rank.get(endpoint_id, -1) + 1
            ranked.append((rank[endpoint_id], Waiting(delivery_id, endpoint_id, tenant_id, failing)))
        return [one for _, one in sorted(ranked, key=lambda pair: pair[0])]

    def _start(self, found: list[Waiting]) -> int:
        with self._lock:
            ids = [one.delivery_id for one in found if self._places.take(one, time.monotonic())]
        claimed: list[Due] = []
        try:
            claimed = self._claimed(ids)
        finally:
            for delivery_id in {*ids} - {one.delivery_id for one in claimed}:
                self._leave(delivery_id)
        for one in claimed:
            self._pool.submit(self._attempt, one)
        return len(claimed)

    def _claimed(self, ids: list[UUID]) -> list[Due]:
        """Those that were claimed, once that is committed; a claim in doubt runs out by itself."""
        if not ids:
            return []
        with self._database.write() as session:
            return deliveries.claim(session, self._clock(), ids)

    def _attempt(self, due: Due) -> None:
        ended = None
        try:
            ended = attempt(self._sender, self._clock, due)
            self._ended.put(ended)
        finally:
            if ended is None:  # it is claimed again when its time is up
                self._leave(due.delivery_id)
                self._done(None)

    def _write(self) -> None:
        while batch := self._take():
            written = self._written(batch) or [one for one in batch if self._written([one])]
            for one in batch:
                self._leave(one.due.delivery_id)
                self._done(one.outcome if one in written else None)

    def _take(self) -> list[Ended]:
        """What has ended, waited for; nothing when no more will."""
        batch = [self._ended.get()]
        while None not in batch and len(batch) < TOGETHER and not self._ended.empty():
            batch.append(self._ended.get())
        return [one for one in batch if one is not None]

    def _written(self, batch: list[Ended]) -> list[Ended]:
        """The attempts, if they could be written down. Else they are made again when their claims have run out."""
        try:
            write_down(self._database, batch)
        except SQLAlchemyError as error:
            log.warning("%d webhook attempts were not written down: %s", len(batch), type(error).__name__)
            return []
        return batch

    def _leave(self, delivery_id: UUID) -> None:
        with self._lock:
            self._places.leave(delivery_id)
