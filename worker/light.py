"""The light worker: delivers webhooks and finishes checks that were left half done, whatever the GPUs are doing."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from db.assets import assets
from db.assets.verify import verify
from db.broker.queue import RedisSignals
from db.names import LIGHT
from db.schema.tables import Worker
from db.session import Database, database_now
from db.settings import Settings
from db.storage.objects import ObjectError, ObjectStore
from db.storage.open import open_store
from worker import metrics
from worker.egress.guard import Guard
from worker.process.consumer import Consumer
from worker.process.persist import write
from worker.process.registration import new_worker_id, report, sign_off, versions
from worker.settings import WorkerSettings
from worker.webhooks.courier import Courier
from worker.webhooks.deliver import Sender
from worker.webhooks.schedule import DeliveryOutcome

STUCK_AFTER = timedelta(minutes=10)
BREAKS = (SQLAlchemyError, ObjectError, OSError)
AGAIN_S = 0.25
LONGEST_PAUSE_S = 10.0  # between looks for due deliveries, whatever BM3_WORKER_POLL_S says
EXIT_S = 1.8  # from SIGTERM on, whatever hangs
Duty = Callable[[], int]
"""Does a part of what is to be done; how much it did. 0: nothing is left."""
log = logging.getLogger(__name__)


def verify_stuck(database: Database, objects: ObjectStore) -> int:
    """Check uploads whose check somebody began and never finished."""
    with database.read() as session:
        stuck = assets.stuck(session, database_now(session) - STUCK_AFTER)
    settled = [verify(database, objects, asset_id) for asset_id in stuck]
    return sum(asset is not None for asset in settled)


class LightWorker:
    """Delivers when nudged, when a delivery has ended, and now and then unasked; checks uploads on a thread of its own,
    which a large one may hold for minutes."""

    def __init__(self, settings: Settings, worker: WorkerSettings) -> None:
        self.id = new_worker_id(LIGHT)
        self._worker, self._pause_s = worker, min(worker.poll_s, LONGEST_PAUSE_S)
        self._database = Database(settings.database(), RedisSignals(settings.redis_url))
        self._objects, sender = open_store(settings), Sender(Guard.allowing(settings.allow_networks))
        self._courier = Courier(self._database, sender, self._delivered)
        self._leaving, self._wake = threading.Event(), threading.Event()
        self._consumer = Consumer(settings.redis_url, LIGHT, 1, self._wake.set)
        self._looking = threading.Lock()
        self._reported_s = float("-inf")
        self._started_at = datetime.now(UTC)

    def run(self) -> int:
        """Work until SIGTERM or SIGINT; deliveries under way may end, the rest are claimed again by others."""
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._on_signal)
        self._consumer.start()
        for turn in (self._deliver, self._verify):
            threading.Thread(target=self._again_and_again, args=(turn,), name=turn.__name__, daemon=True).start()
        self._leaving.wait()
        threading.Timer(EXIT_S, os._exit, args=(0,)).start()
        self._consumer.close()
        with self._looking, self._database.write() as session:
            sign_off(session, self.id)
        os._exit(0)

    def _again_and_again(self, turn: Callable[[], None]) -> None:
        """Take turns, apart from the thread that hears signals."""
        try:
            while not self._leaving.is_set():
                turn()
        finally:  # a bug: better end than be half alive
            self._leaving.set()

    def _deliver(self) -> None:
        self._wake.clear()
        with self._looking:
            self._report_now_and_then()
            self._do("deliver", self._courier.start_due)
        self._consumer.check(1, self._worker.consumer_stall_s)
        # While receivers are slow, places come free without anybody saying so.
        self._wake.wait(AGAIN_S if self._courier.under_way else self._pause_s)

    def _verify(self) -> None:
        self._do("verify", lambda: verify_stuck(self._database, self._objects))
        self._leaving.wait(self._pause_s)

    def _delivered(self, outcome: DeliveryOutcome | None) -> None:
        """A place has come free: there may be more to send."""
        if outcome is not None:
            metrics.WEBHOOK_ATTEMPTS.labels(outcome=outcome).inc()
        self._wake.set()

    def _do(self, name: str, duty: Duty) -> None:
        try:
            while not self._leaving.is_set() and duty():
                log.debug("%s: more to do", name)
        except BREAKS as error:
            log.warning("%s failed: %s: %s", name, type(error).__name__, str(error)[:300])

    def _report_now_and_then(self) -> None:
        if time.monotonic() - self._reported_s >= self._pause_s:
            self._reported_s = time.monotonic()
            self._report()

    def _report(self) -> None:
        row = Worker(
            id=self.id, role=LIGHT, queues=[LIGHT], slots=1, started_at=self._started_at, data=dict(versions())
        )
        try:
            write(self._database, lambda session, now: report(session, now, row))
        except SQLAlchemyError as error:
            log.warning("no heartbeat: %s", type(error).__name__)

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        self._leaving.set()
        self._wake.set()


def run(settings: Settings, worker: WorkerSettings) -> int:
    """The process `python -m worker light`."""
    return LightWorker(settings, worker).run()
