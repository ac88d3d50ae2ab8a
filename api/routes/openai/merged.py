"""Several streams as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

HELD = 64  # pieces that wait for a slow reader

Piece = str | Exception | None


async def merged(sources: Sequence[AsyncGenerator[str]]) -> AsyncGenerator[str]:
    """What the sources yield, as it comes, in the order of each. Raises what the first of them raises, and ends the rest.

    Each source is run by a task of its own, from its first step to its end: those with time limits inside need that.
    """
    queue: asyncio.Queue[Piece] = asyncio.Queue(HELD)
    tasks = [asyncio.ensure_future(_run(source, queue)) for source in sources]
    try:
        for _ in tasks:
            while (told := await queue.get()) is not None:
                if isinstance(told, Exception):
                    raise told
                yield told
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _run(source: AsyncGenerator[str], queue: asyncio.Queue[Piece]) -> None:
    """Every piece, and how it ended: None, or the error."""
    end: Exception | None = None
    try:
        async with aclosing(source):
            async for piece in source:
                await queue.put(piece)
    except Exception as error:  # noqa: BLE001 - raised where the pieces are read
        end = error
    await queue.put(end)
