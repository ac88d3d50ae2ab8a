"""The dispatcher process: lead if nobody else does, and run every step again and again, whatever breaks meanwhile."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType

import redis
from sqlalchemy.exc import SQLAlchemyError

from db.broker.queue import RedisSignals
from db.ops import clock
from db.session import Database, database_now
from db.settings import Settings
from db.storage.objects import ObjectError, ObjectStore
from db.storage.open import open_store
from worker import metrics
from worker.dispatcher import reap, relay
from worker.dispatcher.leader import Leadership
from worker.dispatcher.orphans import Orphans
from worker.dispatcher.sweep import Sweeper
from worker.process.registration import new_worker_id

SWEEP_EVERY = 15  # rounds between two sweeps: nothing in them is urgent
LEASE_ROUNDS = 5
LONGEST_PAUSE_S = 15.0
BREAKS = (SQLAlchemyError, ObjectError, redis.RedisError, OSError)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DispatchStep:
    """One scan, safe to run twice; `every` counts rounds. `by_age`: it ends or removes what is old, by a clock it trusts."""

    name: str
    run: Callable[[Database, Settings], int]
    every: int = 1
    by_age: bool = False


def steps(objects: ObjectStore) -> tuple[DispatchStep, ...]:
    """Everything the dispatcher does in a round, in this order."""
    sweeper = Sweeper(objects)
    return (
        DispatchStep("expired_leases", reap.expired_leases),
        DispatchStep("overdue", reap.overdue, by_age=True),
        DispatchStep("cancel_unanswered", reap.cancel_unanswered),
        DispatchStep("retries", relay.retries),
        DispatchStep("rejoined", relay.rejoined),
        DispatchStep("settled_inputs", relay.settled_inputs),
        DispatchStep("nudges", relay.nudges),
        DispatchStep("events", relay.events),
        DispatchStep("deliveries", relay.deliveries),
        DispatchStep("expired_jobs", sweeper.expired_jobs, SWEEP_EVERY, by_age=True),
        DispatchStep("deleted_jobs", sweeper.deleted_jobs, SWEEP_EVERY),
        DispatchStep("abandoned_uploads", sweeper.abandoned_uploads, SWEEP_EVERY, by_age=True),
        DispatchStep("unused_assets", sweeper.unused_assets, SWEEP_EVERY, by_age=True),
        DispatchStep("hidden_assets", sweeper.hidden_assets, SWEEP_EVERY),
        DispatchStep("orphans", Orphans(objects).sweep, SWEEP_EVERY, by_age=True),
        DispatchStep("records", sweeper.records, SWEEP_EVERY, by_age=True),
    )


class Dispatcher:
    """Runs the steps while it leads."""

    def __init__(self, database: Database, settings: Settings, plan: tuple[DispatchStep, ...], holder: str) -> None:
        self._database, self._settings, self._plan = database, settings, plan
        self.leadership = Leadership(database, holder, settings.dispatch_every_s * LEASE_ROUNDS)
        self._round = 0

    def round(self) -> int:
        """One round, if this process leads; how many steps failed. A failed step does not keep the others from running."""
        if not self._leads():
            return 1 if self.leadership.held else 0
        implausible = self._clock_is_implausible()
        due = (step for step in self._plan if self._round % step.every == 0 and not (step.by_age and implausible))
        failures = sum(not self._take(step) for step in due)
        self._round += 1
        return failures

    def _clock_is_implausible(self) -> bool:
        """Whether nothing may be removed for its age; said once a sweep."""
        try:
            with self._database.write() as session:
                reason = clock.implausible(session, database_now(session), datetime.now(UTC))
        except SQLAlchemyError as error:
            reason = f"cannot ask for the time: {type(error).__name__}"
        metrics.CLOCK_IMPLAUSIBLE.set(reason is not None)
        if reason is not None and self._round % SWEEP_EVERY == 0:
            log.error(
                "%s: nothing is expired or purged until it is set right, or has gone on like this for a day", reason
            )
        return reason is not None

    def _leads(self) -> bool:
        try:
            return self.leadership.renew()
        except SQLAlchemyError as error:
            log.warning("cannot read who leads: %s", type(error).__name__)
            return False

    def _take(self, step: DispatchStep) -> bool:
        began = time.monotonic()
        try:
            number = step.run(self._database, self._settings)
        except BREAKS as error:
            metrics.STEP_FAILURES.labels(step=step.name).inc()
            log.warning("%s failed: %s: %s", step.name, type(error).__name__, str(error)[:300])
            return False
        metrics.SWEPT.labels(step=step.name).inc(number)
        metrics.STEP_SECONDS.labels(step=step.name).observe(time.monotonic() - began)
        return True


def run(settings: Settings) -> int:
    """Dispatch until SIGTERM or SIGINT."""
    leaving = threading.Event()

    def leave(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a signal handler
        leaving.set()

    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, leave)
    database = Database(settings.database(), RedisSignals(settings.redis_url))
    objects = open_store(settings)
    Sweeper(objects).keep_lifecycle_rule()
    dispatcher = Dispatcher(database, settings, steps(objects), new_worker_id("dispatcher"))
    pause_s = settings.dispatch_every_s
    while not leaving.wait(pause_s):
        failed = dispatcher.round()
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S) if failed else settings.dispatch_every_s
    try:
        dispatcher.leadership.resign()
    except SQLAlchemyError as error:
        log.warning("leadership not handed over, it will run out: %s", type(error).__name__)
    return 0
