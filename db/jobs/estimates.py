"""When a job will start and finish, from what was measured on the jobs before it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.jobs.counts import HEARTBEAT_LIFE
from db.jobs.jobs import ahead_of
from db.schema.tables import OWNED, TERMINAL, Job, JobAttempt, State, Worker

SAMPLE = 50  # attempts looked back on
KEPT_S = 5.0  # rates change slowly; submits must stay quick


@dataclass(frozen=True)
class Rates:
    """How fast a queue is worked off."""

    run_s: float | None = None  # mean seconds of a finished attempt
    realtime: float | None = None  # milliseconds of input done per millisecond
    slots: int = 0  # jobs that living workers run at once


@dataclass(frozen=True)
class Estimate:
    """`ahead`: queued jobs before this one. Times are None while nothing was measured or nobody works."""

    ahead: int
    starts_at: datetime | None
    finishes_at: datetime | None
    realtime: float | None


def measure(session: Session, now: datetime, queue: str, kind: str) -> Rates:
    """The rates of the last finished attempts of this kind, and the slots of the queue's living workers."""
    rows = session.execute(
        select(JobAttempt.started_at, JobAttempt.ended_at, JobAttempt.resumed_from_ms, JobAttempt.ended_at_ms)
        .join(Job, Job.id == JobAttempt.job_id)
        .where(Job.kind == kind, JobAttempt.outcome == "succeeded")
        .order_by(Job.finished_at.desc())
        .limit(SAMPLE)
    ).all()
    seconds = sum((ended - began).total_seconds() for began, ended, _, _ in rows if ended is not None)
    done_ms = sum(max(to_ms - from_ms, 0) for _, _, from_ms, to_ms in rows)
    return Rates(
        run_s=seconds / len(rows) if rows else None,
        realtime=done_ms / 1000 / seconds if seconds > 0 and done_ms > 0 else None,
        slots=_slots(session, now, queue),
    )


def estimate(session: Session, now: datetime, job: Job, rates: Rates) -> Estimate:
    """What the rates say of this job."""
    realtime = _own_speed(now, job) or rates.realtime
    if job.state in TERMINAL:
        return Estimate(0, job.started_at, job.finished_at, realtime)
    if job.state in OWNED:
        return Estimate(0, job.started_at, _finish(now, job, rates, realtime), realtime)
    ahead = ahead_of(session, job)
    starts_at = _start(now, job, ahead, rates)
    return Estimate(ahead, starts_at, _finish(starts_at, job, rates, realtime) if starts_at else None, realtime)


class Estimator:
    """Estimates with rates that are measured anew every few seconds; safe to share between threads."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[float, Rates]] = {}
        self._lock = threading.Lock()

    def of(self, session: Session, now: datetime, job: Job) -> Estimate:
        """The estimate for one job."""
        return estimate(session, now, job, self._rates(session, now, job.queue, job.kind))

    def _rates(self, session: Session, now: datetime, queue: str, kind: str) -> Rates:
        with self._lock:
            at, rates = self._kept.get((queue, kind), (float("-inf"), Rates()))
        if time.monotonic() - at > KEPT_S:
            rates = measure(session, now, queue, kind)
            with self._lock:
                self._kept[queue, kind] = (time.monotonic(), rates)
        return rates


def _slots(session: Session, now: datetime, queue: str) -> int:
    alive = select(Worker).where(Worker.heartbeat_at > now - HEARTBEAT_LIFE, Worker.draining.is_(False))
    return sum(worker.slots for worker in session.scalars(alive) if queue in worker.queues)


def _start(now: datetime, job: Job, ahead: int, rates: Rates) -> datetime | None:
    if job.state is State.AWAITING_INPUT or rates.slots == 0:
        return None
    earliest = max(job.available_at or now, now)
    if ahead == 0:
        return earliest
    return None if rates.run_s is None else earliest + timedelta(seconds=ahead / rates.slots * rates.run_s)


def _finish(start: datetime, job: Job, rates: Rates, realtime: float | None) -> datetime | None:
    if job.total_ms is not None and realtime:
        return start + timedelta(milliseconds=(job.total_ms - job.done_ms) / realtime)
    if rates.run_s is None:
        return None
    begun = job.started_at if job.state in OWNED and job.started_at else start
    return max(begun + timedelta(seconds=rates.run_s), start)


def _own_speed(now: datetime, job: Job) -> float | None:
    """The speed of a job that has run for a while."""
    if job.started_at is None or job.done_ms <= 0:
        return None
    seconds = ((job.finished_at or now) - job.started_at).total_seconds()
    return job.done_ms / 1000 / seconds if seconds > 1 else None
