"""Decodes ahead of the model in a thread of its own, a small bounded number of chunks."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
AHEAD_CHUNKS = 2


@contextmanager
def prefetched(items: Generator[T], ahead: int = AHEAD_CHUNKS) -> Iterator[Iterator[T]]:
    """Iterate `items` at most `ahead` items in advance. What the generator raises is raised to the consumer, in its place.

    Leaving the block waits for the item under way and closes the generator.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="decode") as pool:
        waiting: deque[Future[T | None]] = deque()
        try:
            yield _in_order(items, pool, waiting, ahead)
        finally:
            for future in waiting:
                future.cancel()
            pool.submit(items.close).result()


def _in_order(
    items: Generator[T], pool: ThreadPoolExecutor, waiting: deque[Future[T | None]], ahead: int
) -> Iterator[T]:
    for _ in range(ahead):
        waiting.append(pool.submit(next, items, None))
    while (item := waiting.popleft().result()) is not None:
        waiting.append(pool.submit(next, items, None))
        yield item
