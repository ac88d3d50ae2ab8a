"""Every event there is: what happens to jobs and assets, as histories, live streams and webhooks name it."""

from __future__ import annotations

from enum import StrEnum


class EventType(StrEnum):
    """What a client may be told by a webhook."""

    JOB_QUEUED = "job.queued"
    JOB_STARTED = "job.started"
    JOB_PROGRESS = "job.progress"
    JOB_SUCCEEDED = "job.succeeded"
    JOB_FAILED = "job.failed"
    JOB_CANCELED = "job.canceled"
    JOB_EXPIRED = "job.expired"
    CUE_MATCHED = "cue.matched"
    ASSET_VERIFIED = "asset.verified"
    ASSET_REJECTED = "asset.rejected"
    TEST = "webhook.test"


class HistoryEventType(StrEnum):
    """What stands in a job's history besides, and goes to nobody unasked."""

    RETRYING = "job.retrying"
    RELEASED = "job.released"
    SPLIT = "job.split"
    GAP = "job.gap"
    FRAME_BUDGET = "job.frame_budget"
