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
TOKENS = Counter("bm3_tokens_generated", "Tokens that models generated in jobs that succeeded", ["kind"])
TOKENS_PER_SECOND = Histogram(
    "bm3_tokens_per_second",
    "Tokens a second of one stream or answer, while it was generated",
    ["kind"],
    buckets=(1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 250, 500),
)
FIRST_TOKEN = Histogram(
    "bm3_first_token_seconds",
    "From asking the model to the first token of an answer",
    ["kind"],
    buckets=(0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
GPU_SECONDS = Counter(
    "bm3_worker_busy_seconds", "Time of this worker that jobs took; those that run at once share it", ["queue", "kind"]
)
VIDEO_SECONDS = Counter("bm3_video_seconds", "Video captioned in jobs that succeeded")
GPU_HOUR_PRICE = Gauge("bm3_gpu_hour_price", "BM3_WORKER_GPU_HOUR_PRICE, in whatever currency it is; 0: none set")
GPU_MEMORY_USED = Gauge("bm3_gpu_memory_used_bytes", "Memory of a card that is used, by whomever", ["gpu"])
GPU_MEMORY_TOTAL = Gauge("bm3_gpu_memory_total_bytes", "Memory of a card", ["gpu"])
GPU_UTILISATION = Gauge("bm3_gpu_utilization_ratio", "Share of time that a card was computing lately", ["gpu"])
MODELS_CONFIGURED = Gauge("bm3_models_configured", "Models that this worker is to serve")
MODELS_USABLE = Gauge("bm3_models_usable", "Models of this worker that are loaded and take jobs")
RUNNING = Gauge("bm3_jobs_running", "Attempts that run in this worker")
FENCED_WRITES = Counter("bm3_fenced_writes", "Writes refused because the lease was gone")
LEASES_LOST = Counter("bm3_leases_lost", "Attempts of this worker that lost their lease", ["reason"])
CHILD_STARTS = Counter("bm3_child_starts", "Model children started")
CHILD_KILLS = Counter("bm3_child_kills", "Model children killed by their supervisor", ["reason"])
CONSUMER_RESTARTS = Counter("bm3_consumer_restarts", "Queue consumers restarted because they received nothing")
OUTAGES = Counter("bm3_database_outages", "Database calls that failed and were tried again")

WEBHOOK_ATTEMPTS = Counter("bm3_webhook_attempts", "Webhook requests, by how they went", ["outcome"])

LEADER = Gauge("bm3_dispatcher_leader", "1 while this dispatcher leads")
CLOCK_IMPLAUSIBLE = Gauge(
    "bm3_dispatcher_clock_implausible", "1 while nothing is purged because the clock is implausible"
)
LEASES_EXPIRED = Counter("bm3_lease_expired", "Leases that ran out without their worker")
NUDGES_REPEATED = Counter("bm3_nudges_repeated", "Queued jobs nudged again")
SWEPT = Counter("bm3_swept", "Rows processed by the dispatcher", ["step"])
STEP_SECONDS = Histogram("bm3_dispatcher_step_seconds", "Time of one dispatcher step", ["step"])
STEP_FAILURES = Counter("bm3_dispatcher_step_failures", "Dispatcher steps that failed", ["step"])
