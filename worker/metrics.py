"""What the workers count and measure, under the names that dashboards and alerts use; no ids as labels."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

JOBS_FINISHED = Counter("bm3_jobs_finished", "Attempts ended here, by what became of the job", ["kind", "outcome"])
QUEUE_WAIT = Histogram(
    "bm3_job_queue_wait_seconds",
    "From queued to claimed",
    ["queue"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 1800, 7200),
)
REALTIME_FACTOR = Histogram(
    "bm3_realtime_factor_ratio",
    "Video seconds per second of work",
    ["kind"],
    buckets=(0.5, 1, 2, 4, 8, 16, 32, 64, 128),
)
MODELS_CONFIGURED = Gauge("bm3_models_configured", "Models that this worker is to serve")
MODELS_USABLE = Gauge("bm3_models_usable", "Models of this worker that are loaded and take jobs")
RUNNING = Gauge("bm3_jobs_running", "Attempts that run in this worker")
FENCED_WRITES = Counter("bm3_fenced_writes", "Writes refused because the lease was gone")
LEASES_LOST = Counter("bm3_leases_lost", "Attempts of this worker that lost their lease", ["why"])
CHILD_STARTS = Counter("bm3_child_starts", "Model children started")
CHILD_KILLS = Counter("bm3_child_kills", "Model children killed by their supervisor", ["why"])
CONSUMER_RESTARTS = Counter("bm3_consumer_restarts", "Queue consumers started anew because they heard nothing")
OUTAGES = Counter("bm3_database_outages", "Database calls that failed and were tried again")

WEBHOOK_ATTEMPTS = Counter("bm3_webhook_attempts", "Webhook requests, by how they went", ["outcome"])

LEADER = Gauge("bm3_dispatcher_leader", "1 while this dispatcher leads")
CLOCK_DOUBTED = Gauge("bm3_dispatcher_clock_doubted", "1 while nothing is purged because the clock is not believed")
LEASES_EXPIRED = Counter("bm3_lease_expired", "Leases that ran out without their worker")
REPOKES = Counter("bm3_repokes", "Queued jobs nudged again")
SWEPT = Counter("bm3_swept", "Rows dealt with by the dispatcher", ["step"])
STEP_SECONDS = Histogram("bm3_dispatcher_step_seconds", "Time of one dispatcher step", ["step"])
STEP_FAILURES = Counter("bm3_dispatcher_step_failures", "Dispatcher steps that failed", ["step"])
