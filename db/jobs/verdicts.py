"""What the end of an attempt amounts to, with what came before it taken into account. Decides only; nothing is written."""

from __future__ import annotations

from db.failures import RETRYABLE, Failure
from db.schema.tables import Job, State
from db.settings import Settings


def verdict(job: Job, code: Failure, message: str, settings: Settings, *, blamed: bool) -> tuple[Failure, str]:
    """The code that the attempt's end amounts to, with what came before taken into account. `blamed`: `counts_as_loss`."""
    if code not in RETRYABLE:
        return code, message
    if blamed and job.losses_here + 1 >= settings.poison_losses:
        return (
            Failure.POISON,
            f"{job.losses_here + 1} workers were lost at {job.checkpoint_ms} ms of this job; last: {message}",
        )
    if job.setbacks + 1 > settings.retry_limit:
        return (
            Failure.RETRIES_EXHAUSTED,
            f"{job.setbacks + 1} attempts without progress; last: {code}: {message}",
        )
    return code, message


def counts_as_loss(job: Job, code: Failure, *, shared: bool) -> bool:
    """Whether the job may be what its worker died of: only a handler that was at work can have killed anything.

    Not where others died with it of something from outside (`shared`): the kernel or an operator killed them all, and
    whose memory was too much cannot be told.
    """
    return code is Failure.WORKER_LOST and job.state is State.RUNNING and not shared
