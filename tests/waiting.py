"""Waiting for what another thread or process does. The time limit only guards against waiting for ever, so it is long."""

from __future__ import annotations

import time
from collections.abc import Callable

GUARD_S = 60.0
"""What takes milliseconds may take this long on a machine that others keep busy."""


def until(
    holds: Callable[[], object],
    what: str = "it did not come to pass",
    *,
    seconds: float = GUARD_S,
    meanwhile: Callable[[], object] = lambda: None,
) -> None:
    """Wait until something is so; the test fails with `what` when it is not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        meanwhile()
        time.sleep(0.02)
