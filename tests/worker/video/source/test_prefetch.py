"""Reading ahead: same items, same errors, in the same places; bounded; closed when left."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator

import pytest

from worker.video.source.prefetch import AHEAD_CHUNKS, prefetched


def counting(made: list[int], closed: list[bool], fail_at: int = -1) -> Generator[int]:
    try:
        for number in range(20):
            if number == fail_at:
                raise KeyError(number)
            made.append(number)
            yield number
    finally:
        closed.append(True)


def test_items_come_in_order_and_never_too_far_ahead() -> None:
    made: list[int] = []
    closed: list[bool] = []
    with prefetched(counting(made, closed)) as items:
        for seen, item in enumerate(items):
            assert item == seen
            time.sleep(0.002)
            assert len(made) <= seen + 1 + AHEAD_CHUNKS
    assert seen == 19
    assert closed == [True]


def test_an_error_comes_after_the_items_before_it() -> None:
    made: list[int] = []
    seen: list[int] = []
    with prefetched(counting(made, [], fail_at=5)) as items:
        seen.extend(next(items) for _ in range(5))
        with pytest.raises(KeyError):
            next(items)
    assert seen == [0, 1, 2, 3, 4]


def test_leaving_early_closes_the_source_and_its_thread() -> None:
    closed: list[bool] = []
    before = threading.active_count()
    with prefetched(counting([], closed)) as items:
        assert next(items) == 0
    assert closed == [True]
    assert threading.active_count() == before
