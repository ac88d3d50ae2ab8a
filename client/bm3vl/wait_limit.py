"""How long a job is waited for."""

from __future__ import annotations

import time

from bm3vl.errors import WaitTimeout

SILENCE_S = 60.0
LOOK_S = 2.0
"""With a deadline: how long a silent stream is listened to before the clock is looked at."""


class WaitLimit:
    """When waiting ends; never, for None."""

    def __init__(self, timeout_s: float | None) -> None:
        self._timeout_s = timeout_s
        self._end_s = None if timeout_s is None else time.monotonic() + timeout_s

    def silence_s(self) -> float:
        """How long a stream may be silent. Raises WaitTimeout when the time is over."""
        if self._end_s is None:
            return SILENCE_S
        left = self._end_s - time.monotonic()
        if left <= 0:
            raise WaitTimeout(f"the job has not ended within {self._timeout_s:g} s; it goes on")
        return min(LOOK_S, left)
