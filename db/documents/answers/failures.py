"""The stable failure codes that a client may see. A code never changes its meaning."""

from __future__ import annotations

from enum import StrEnum


class Failure(StrEnum):
    # The input cannot be worked on: retrying the same bytes cannot help.
    INVALID_MEDIA = "invalid_media"
    TRUNCATED_MEDIA = "truncated_media"
    TOO_LONG = "too_long"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    BLOCKED_ADDRESS = "blocked_address"
    FETCH_FAILED = "fetch_failed"
    BAD_DOCUMENT = "bad_document"
    BAD_PARAMS = "bad_params"
    CONTEXT_TOO_SMALL = "context_too_small"
    MODEL_UNAVAILABLE = "model_unavailable"
    # The work was stopped by a rule.
    POISON = "poison"
    STALLED = "stalled"
    RUN_TIME_EXCEEDED = "run_time_exceeded"
    RETRIES_EXHAUSTED = "retries_exhausted"
    INTERNAL = "internal"
    STORAGE_REFUSED = "storage_refused"
    # Something around the work broke: the next attempt may well succeed.
    WORKER_LOST = "worker_lost"
    STORAGE = "storage"
    BROKER = "broker"
    DATABASE = "database"
    ENGINE_UNREACHABLE = "engine_unreachable"
    GPU_OOM = "gpu_oom"
