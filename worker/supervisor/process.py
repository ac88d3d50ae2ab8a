"""The supervisor process: wires the parts together, ticks the clocks, and leaves in good order on SIGTERM."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from db.broker.queue import RedisSignals
from db.names import GPU
from db.schema.tables import Worker
from db.session import Database
from db.settings import Settings
from db.storage.open import open_store
from worker.handlers import HANDLERS
from worker.process.consumer import Consumer
from worker.process.persist import write
from worker.process.registration import describe, new_worker_id, report, sign_off
from worker.protocol import ResourceLimits, Setup
from worker.settings import WorkerSettings
from worker.supervisor.attempt import AttemptRegistry
from worker.supervisor.child_manager import ChildManager
from worker.supervisor.lease_renewer import LeaseRenewer
from worker.supervisor.live import CancelListener, LiveTextPublisher
from worker.supervisor.runner import WorkerServices
from worker.supervisor.supervisor import Supervisor
from worker.supervisor.watchdog import Watchdog

TICK_S = 0.05
BEAT_STEP_S = 0.25
REPORT_S = 10.0  # at most between reports of this worker: a page of workers is not older
EXIT_S = 0.6  # on top of the time that jobs have to stop: whatever hangs, the process ends
log = logging.getLogger(__name__)


def setup_of(worker: WorkerSettings, queue: str) -> Setup:
    """What the child is told first."""
    limits = ResourceLimits(
        memory_bytes=worker.memory_bytes, file_bytes=worker.file_bytes, open_files=worker.open_files
    )
    return Setup(
        models=tuple(worker.models),
        default_model=worker.default_model,
        handlers=HANDLERS,
        limits=limits,
        preload=worker.preload and queue == GPU,
        reload_s=worker.reload_s,
    )


class Process:
    """One worker process of a queue that is worked on by a model child."""

    def __init__(self, queue: str, settings: Settings, worker: WorkerSettings) -> None:
        self.id = new_worker_id(queue)
        self._queue, self._settings, self._worker = queue, settings, worker
        self._database = Database(settings.database(), RedisSignals(settings.redis_url), pool_size=worker.slots + 4)
        scratch = (worker.scratch_dir or settings.data_dir / "scratch").absolute()
        clean_scratch(scratch)
        self._scratch = scratch / self.id
        self._scratch.mkdir(parents=True)
        self._registry = AttemptRegistry()
        live = LiveTextPublisher(settings.redis_url)
        self._child_manager = ChildManager(setup_of(worker, queue), self._scratch, self._registry, live, worker)
        services = WorkerServices(self._database, open_store(settings), settings, worker, self._child_manager)
        self._supervisor = Supervisor(services, self._registry, queue, self.id, self._scratch)
        self._keeper = LeaseRenewer(self._database, settings, self._registry, self._supervisor.finish)
        self._watchdog = Watchdog(settings, worker, self._registry, self._child_manager)
        self._consumer = Consumer(settings.redis_url, queue, worker.slots, self._look_by_nudge)
        self._leaving = threading.Event()
        self._started_at = datetime.now(UTC)

    def run(self) -> int:
        """Work until SIGTERM or SIGINT."""
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._on_signal)
        CancelListener(
            self._settings.redis_url,
            self._supervisor.cancel,
            self._settings.redis_health_s,
            heard_stop=self._supervisor.finish,
        )
        self._consumer.start()
        self._every(BEAT_STEP_S, self._keeper.beat)
        self._every(min(self._settings.beat_s, REPORT_S), self._report)
        self._every(self._worker.poll_s, self._poll)
        self._every(min(1.0, self._worker.consumer_stall_s / 2), self._listen)
        while not self._leaving.wait(TICK_S):
            known = self._child_manager.models
            self._child_manager.ensure_running(time.monotonic())
            if self._child_manager.models != known:  # nudges that came before were for nothing
                threading.Thread(target=self._begin, name="begin", daemon=True).start()
            self._watchdog.check(time.monotonic())
        return self._leave()

    def _leave(self) -> int:
        """Hand everything back and go; a database that is away may not hold us, the leases run out without us."""
        threading.Timer(self._worker.drain_s + EXIT_S, os._exit, args=(0,)).start()
        self._consumer.close()
        self._supervisor.drain(self._worker.drain_s)
        self._child_manager.kill("leaving")
        try:
            with self._database.write() as session:
                sign_off(session, self.id)
        except SQLAlchemyError as error:
            log.warning("not signed off: %s", type(error).__name__)
        shutil.rmtree(self._scratch, ignore_errors=True)
        logging.shutdown()
        # Not sys.exit: threads of a broker or a download may hang, and the interpreter would wait for them.
        os._exit(0)

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        self._leaving.set()

    def _look_by_nudge(self) -> None:
        self._supervisor.look(wait_s=self._settings.renudge_s)

    def _begin(self) -> None:
        """Models can be used that could not before: tell others, and take what waits."""
        self._report()
        self._poll()

    def _poll(self) -> None:
        """Look into the database although nobody has called: a broker that is away only costs time."""
        for _ in range(self._supervisor.waiting()):
            threading.Thread(target=self._supervisor.look, name="poll", daemon=True).start()

    def _listen(self) -> None:
        self._consumer.check(self._supervisor.slots.free, self._worker.consumer_stall_s)

    def _report(self) -> None:
        row = Worker(
            id=self.id,
            role=self._queue,
            queues=[self._queue],
            slots=self._supervisor.offered,
            started_at=self._started_at,
            data=describe(
                self._child_manager.models if self._queue == GPU else (),
                [attempt.id for attempt in self._registry.all()],
            ),
        )
        try:
            draining = write(self._database, lambda session, now: report(session, now, row))
        except SQLAlchemyError as error:
            log.warning("no heartbeat: %s", type(error).__name__)
            return
        if draining and not self._supervisor.slots.closed:
            log.info("draining: no more jobs are taken")
            self._supervisor.slots.close()
            self._consumer.close()

    def _every(self, seconds: float, work: Callable[[], None]) -> None:
        """Call something again and again on a thread of its own, at once for the first time."""

        def loop() -> None:
            try:
                while not self._leaving.is_set():
                    work()
                    self._leaving.wait(seconds)
            finally:  # a bug: without this loop the worker is half alive, so it hands its jobs back and ends
                self._leaving.set()

        threading.Thread(target=loop, name=work.__name__.strip("_"), daemon=True).start()


def clean_scratch(scratch: Path) -> None:
    """Remove what workers that died on this machine have left; those that live, or run elsewhere, keep theirs."""
    for folder in scratch.glob(f"{socket.gethostname()[:60]}-*-*-*"):
        pid = folder.name.split("-")[-2]
        if pid.isdigit() and not Path("/proc", pid).exists():
            shutil.rmtree(folder, ignore_errors=True)
