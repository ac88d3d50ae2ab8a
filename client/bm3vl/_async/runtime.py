"""Where the two clients differ: how they wait, and what they do with calls that block."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
import anyio.to_thread

P = ParamSpec("P")
T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


async def sleep(seconds: float) -> None:
    """Let others run meanwhile."""
    await anyio.sleep(seconds)


async def unblocked(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of a call that reads or writes files, without holding up the event loop."""
    return await anyio.to_thread.run_sync(partial(call, *args, **kwargs))
