"""Where the two clients differ: how they wait, and what they do with calls that block. Not generated."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Sleep = Callable[[float], None]


def sleep(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


def unblocked(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of the call: here it may block."""
    return call(*args, **kwargs)
