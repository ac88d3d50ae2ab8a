"""What Prometheus reads: requests of this api's processes, and the state of the queues as the database has it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from db.jobs import counts
from db.session import Database

SHARED = "PROMETHEUS_MULTIPROC_DIR"  # read by prometheus_client as it is imported: where processes put their counts
PROCESS = CollectorRegistry()
REQUESTS = Counter("bm3_http_requests_total", "Requests answered", ["method", "route", "status"], registry=PROCESS)
SECONDS = Histogram(
    "bm3_http_request_duration_seconds",
    "Time to answer",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=PROCESS,
)
WATCHERS = Gauge("bm3_event_stream_watchers", "Open event streams", registry=PROCESS, multiprocess_mode="livesum")
RATE_LIMITED = Counter("bm3_rate_limited_requests_total", "Requests refused by the rate limit", registry=PROCESS)
LIMITER_OPEN = Counter(
    "bm3_rate_limit_unchecked_total", "Requests let through because Redis was not reachable", registry=PROCESS
)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answer; streams count with the time they stayed open."""
    name = method if method in METHODS else "other"
    REQUESTS.labels(name, route, str(status)).inc()
    SECONDS.labels(name, route).observe(seconds)


class QueueCollector(Collector):
    """Gauges read from the database when they are asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[Metric]:
        now = datetime.now(UTC)
        with self._database.read() as session:
            states, oldest = counts.by_state(session), counts.oldest_queued(session)
            deliveries, alive = counts.pending_deliveries(session), counts.alive_workers(session, now)
        jobs = GaugeMetricFamily("bm3_jobs", "Jobs by queue, kind and state", labels=["queue", "kind", "state"])
        for (queue, kind, state), number in states.items():
            jobs.add_metric([queue, kind, state], number)
        yield jobs
        age = GaugeMetricFamily("bm3_queue_oldest_age_seconds", "Age of the oldest queued job", labels=["queue"])
        for queue, since in oldest.items():
            age.add_metric([queue], (now - since).total_seconds())
        yield age
        workers = GaugeMetricFamily("bm3_workers_alive", "Workers with a recent heartbeat", labels=["role"])
        for role, number in alive.items():
            workers.add_metric([role], number)
        yield workers
        yield GaugeMetricFamily("bm3_webhook_deliveries_pending", "Deliveries not settled yet", value=deliveries)


def exposition(database: Database) -> bytes:
    """Everything in Prometheus's text format."""
    queues = CollectorRegistry()
    queues.register(QueueCollector(database))
    return generate_latest(_processes()) + generate_latest(queues)


def forget_the_dead() -> None:
    """Drop what processes that ended have left behind as being the case now."""
    for file in Path(os.environ[SHARED]).glob("gauge_live*_*.db"):
        pid = int(file.stem.rsplit("_", 1)[1])
        if not Path("/proc", str(pid)).exists():
            mark_process_dead(pid)  # type: ignore[no-untyped-call]


def _processes() -> CollectorRegistry:
    """The counts of this process, or of all that share its port."""
    if SHARED not in os.environ:
        return PROCESS
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared
