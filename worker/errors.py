"""Errors that decide what happens to a job.

    JobError
    +-- Permanent   the job fails now; `code` tells the client why
    +-- Transient   the job goes back to the queue with a delay, its progress kept
    |   +-- NotReady    it goes back as it came: it has not begun on what is away
    +-- Stopped     nobody wants the result any more: canceled, drained, or the lease is gone

The class decides the fate of the job, the code (db.failures) and message tell the client why.
"""

from __future__ import annotations

from typing import Any

from db.failures import RETRYABLE, Failure


class JobError(Exception):
    """Base of everything a handler may raise on purpose."""


class Permanent(JobError):
    """The same input will fail again; `code` is one of the non-retryable failures.

    `details` are for programs what the message is for people: JSON values, stored with the event of the failure.
    """

    def __init__(self, code: Failure, message: str, details: dict[str, Any] | None = None) -> None:
        if code in RETRYABLE:
            raise ValueError(f"{code} is retryable: raise Transient")
        super().__init__(message)
        self.code = code
        self.details = details or {}


class Transient(JobError):
    """The next attempt may succeed; `code` is one of the retryable failures."""

    def __init__(self, code: Failure, message: str) -> None:
        if code not in RETRYABLE:
            raise ValueError(f"{code} is not retryable: raise Permanent")
        super().__init__(message)
        self.code = code


class NotReady(Transient):
    """What the job needs is away, and the job has not begun on it: that says nothing of the job, and costs it no retry."""


class Stopped(JobError):
    """The job was canceled, drained or fenced: stop at once and write nothing more."""
