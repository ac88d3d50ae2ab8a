"""A worker's heart: slots that claim and run jobs, and the clocks that watch over them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from db.jobs import claims, leases
from db.jobs.claims import Served
from db.names import GPU
from db.schema.tables import Job
from worker import metrics
from worker.process.persist import write
from worker.supervisor.attempt import Attempt, AttemptRegistry, StopReason
from worker.supervisor.runner import WorkerServices, run
from worker.supervisor.shared_time import SharedTime

log = logging.getLogger(__name__)


class JobSlots:
    """How many jobs may run at once; closing it turns everybody away."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._changed = threading.Condition()
        self.closed = False

    @property
    def free(self) -> int:
        """Slots that may be taken; 0 once closed."""
        return 0 if self.closed else self._free

    @contextmanager
    def one(self, wait_s: float) -> Iterator[bool]:
        """A slot for the block, or False when none comes free in time."""
        with self._changed:
            got = self._changed.wait_for(lambda: self.closed or self._free > 0, wait_s) and not self.closed
            self._free -= got
        try:
            yield got
        finally:
            with self._changed:
                self._free += got
                self._changed.notify_all()

    def close(self) -> None:
        """Give out no slot any more, and wake whoever waits for one."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()


class Supervisor:
    """Claims jobs of one queue and runs them to their end."""

    def __init__(
        self, services: WorkerServices, registry: AttemptRegistry, queue: str, worker_id: str, scratch: Path
    ) -> None:
        self.registry, self.slots = registry, JobSlots(services.worker.slots)
        self.looks = 0
        self._shared = SharedTime()
        self._services, self._queue, self._worker_id, self._scratch = services, queue, worker_id, scratch

    @property
    def served(self) -> Served | None:
        """The models that jobs may be claimed for. Jobs of the other queues name no resident model: None."""
        return self._services.child_manager.served if self._queue == GPU else None

    @property
    def offered(self) -> int:
        """Slots to tell others of: none while there is no model to use them with."""
        return 0 if self.served is not None and not self.served else self._services.worker.slots

    def look(self, wait_s: float = 0.0) -> int:
        """Claim and run the best jobs of the queue, one after another, until none is left; how many.

        Without a free slot it waits a while, for the nudge that led here would otherwise be for nothing.
        """
        self.looks += 1
        done = 0
        with self.slots.one(wait_s) as free:
            while free and not self.slots.closed and (job := self._claim()) is not None:
                self._run(job)
                done += 1
        return done

    def waiting(self) -> int:
        """How many jobs could be begun here at once."""
        if not self.offered:
            return 0
        try:
            with self._services.database.read() as session:
                return claims.waiting(session, self._queue, self.served, self.slots.free)
        except SQLAlchemyError as error:
            log.warning("cannot look for jobs: %s", type(error).__name__)
            return 0

    def cancel(self, job_id: UUID) -> None:
        """Somebody asked to cancel a job that may run here."""
        for attempt in self.registry.of_job(job_id):
            attempt.stop(StopReason.CANCELED)

    def finish(self, job_id: UUID) -> None:
        """Somebody asked for the good end of a job that may run here."""
        for attempt in self.registry.of_job(job_id):
            self._services.child_manager.finish(attempt)

    def drain(self, seconds: float) -> None:
        """Take no more jobs, let the running ones stop at their checkpoints, hand the rest back as they are."""
        self.slots.close()
        deadline = time.monotonic() + seconds
        for attempt in self.registry.all():
            attempt.stop(StopReason.DRAINED)
            self._services.child_manager.stop(attempt)
        for attempt in self.registry.all():
            attempt.done.wait(max(0.0, deadline - time.monotonic()))
        for attempt in self.registry.all():
            self._give_back(attempt)

    def _claim(self) -> Job | None:
        if not self.offered:
            return None
        lease_s = self._services.settings.lease_s
        try:
            claimed = (self._queue, self._worker_id, lease_s, self.served)
            job = write(self._services.database, lambda s, now: leases.claim(s, now, *claimed))
        except SQLAlchemyError as error:
            metrics.OUTAGES.inc()
            log.warning("cannot claim: %s", type(error).__name__)
            return None
        if job is not None and job.queued_at is not None and job.progress_at is not None:
            metrics.QUEUE_WAIT.labels(queue=job.queue).observe((job.progress_at - job.queued_at).total_seconds())
        return job

    def _run(self, job: Job) -> None:
        attempt = self.registry.add(job, self._scratch)
        log.info("job %s: attempt %d, epoch %d", job.id, job.attempt, job.epoch)
        began = self._shared.begin(time.monotonic())
        attempt.cost_so_far = lambda: self._cost(self._shared.so_far(time.monotonic(), began))
        try:
            with metrics.RUNNING.track_inprogress():
                outcome = run(self._services, attempt)
        finally:
            self._services.child_manager.stop(attempt)
            self.registry.remove(attempt)
            seconds = self._shared.end(time.monotonic(), began)
            metrics.GPU_SECONDS.labels(queue=self._queue, kind=job.kind).inc(seconds)
        metrics.JOBS_FINISHED.labels(kind=job.kind, outcome=outcome).inc()
        if outcome == "succeeded" and attempt.done_ms > job.checkpoint_ms:
            factor = realtime_factor(attempt.done_ms - job.checkpoint_ms, time.monotonic() - attempt.began_at)
            metrics.REALTIME_FACTOR.labels(kind=job.kind).observe(factor)
        log.info("job %s: %s", job.id, outcome)

    def _cost(self, seconds: float) -> float | None:
        """Of so much of this worker's time; None where it has no price."""
        price = self._services.worker.gpu_hour_price
        return round(seconds / 3600 * price, 8) if price else None

    def _give_back(self, attempt: Attempt) -> None:
        """Release a job whose handler did not stop in time; its unsaved work is done again elsewhere."""
        usage = leases.Usage(busy_seconds=time.monotonic() - attempt.began_at, cost=attempt.cost_so_far())
        attempt.stop(StopReason.LOST)
        try:
            write(self._services.database, lambda s, now: leases.release(s, now, attempt.id, attempt.epoch, usage))
        except SQLAlchemyError as error:
            log.warning("job %s: not handed back, its lease will run out: %s", attempt.id, type(error).__name__)


def realtime_factor(done_ms: int, seconds: float) -> float:
    """How many seconds of video were done in one second of work."""
    return done_ms / 1000 / seconds
