"""Where jobs, assets and deliveries stand."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a job stands; the arrows are in `db.jobs.jobs` and `db.jobs.leases`."""

    AWAITING_INPUT = "awaiting_input"
    QUEUED = "queued"
    LEASED = "leased"
    RUNNING = "running"
    FINALIZING = "finalizing"
    RETRY_WAIT = "retry_wait"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"


TERMINAL = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELED, State.EXPIRED})


class AssetState(StrEnum):
    UPLOADING = "uploading"
    VERIFYING = "verifying"
    READY = "ready"
    REJECTED = "rejected"


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
