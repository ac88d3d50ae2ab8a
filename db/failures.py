"""The stable failure codes a client may see, and what each means for the job.

A code never changes its meaning. `retryable` codes put the job back with a delay; the others fail it at once.
"""

from __future__ import annotations

from db.documents.answers.failures import Failure as Failure

RETRYABLE = frozenset(
    {
        Failure.WORKER_LOST,
        Failure.STORAGE,
        Failure.BROKER,
        Failure.DATABASE,
        Failure.ENGINE_UNREACHABLE,
        Failure.GPU_OOM,
    }
)
