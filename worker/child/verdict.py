"""What a piece of foreign work came to: its value, or the failure that the job gets for what it raised.

This is the one place that catches every exception: handlers and engines run code of many libraries over bytes of
strangers, and whatever they raise must end that one job and nothing else.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from db.failures import Failure
from worker.errors import NotReady, Permanent, Stopped, Transient

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class HandlerFailure:
    """Why there is no value; `code` is None when the work was told to stop. `not_begun`: see `NotReady`."""

    code: Failure | None
    message: str
    details: dict[str, Any] = field(default_factory=dict)
    not_begun: bool = False


def attempt(work: Callable[[], T]) -> T | HandlerFailure:
    """Do the work."""
    try:
        return work()
    except Stopped as stopped:
        return HandlerFailure(None, str(stopped))
    except Permanent as error:
        return HandlerFailure(error.code, str(error), error.details)
    except Transient as error:
        return HandlerFailure(error.code, str(error), not_begun=isinstance(error, NotReady))
    except Exception as error:  # the one place, see above
        log.exception("unexpected failure")
        return HandlerFailure(*_foreign(error))


def _foreign(error: Exception) -> tuple[Failure, str]:
    """The code for an exception that is not ours. Names only: a foreign message may hold paths or user data."""
    if type(error).__name__ == "OutOfMemoryError":  # torch's, which is not imported here
        return Failure.GPU_OOM, "the model ran out of GPU memory"
    if isinstance(error, MemoryError):
        return Failure.TOO_LARGE, "the work needs more memory than it is allowed"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure.STORAGE, "the worker's scratch folder is full"
    return Failure.INTERNAL, f"unexpected {type(error).__name__} in the handler"
