"""A capture is alone: it waits for work that is under way, and work that comes meanwhile waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import pytest
import torch

from tests.waiting import until
from tests.worker.engines.models import TINY, resident_of
from worker.streaming.forward import Forward
from worker.streaming.overlap.capture_lock import CaptureLock

SOON_S, LATE_S = 0.2, 60


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def entered(lock: AbstractContextManager[None], order: list[str], name: str) -> None:
    with lock:
        order.append(name)


def waits(work: Future[Any]) -> bool:
    try:
        work.result(SOON_S)
    except TimeoutError:
        return True
    return False


def test_work_of_several_threads_goes_on_together(pool: ThreadPoolExecutor) -> None:
    lock = CaptureLock()
    with lock.work():
        pool.submit(entered, lock.work(), [], "another").result(LATE_S)


def test_a_capture_waits_for_work_and_goes_before_work_that_comes_later(pool: ThreadPoolExecutor) -> None:
    lock = CaptureLock()
    order: list[str] = []
    with lock.work():
        pool.submit(entered, lock.capture(), order, "capture")
        until(lambda: lock._captures)
        later = pool.submit(entered, lock.work(), order, "work")
        assert waits(later)
    later.result(LATE_S)
    assert order == ["capture", "work"]


def test_work_goes_on_after_a_capture_that_failed(pool: ThreadPoolExecutor) -> None:
    lock = CaptureLock()
    with pytest.raises(RuntimeError), lock.capture():
        raise RuntimeError("no graph of this")
    with pytest.raises(ValueError, match="none"), lock.work():
        raise ValueError("none")
    pool.submit(entered, lock.capture(), [], "capture").result(LATE_S)


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="captures of a card need the card's model")
def test_a_decode_step_is_captured_while_nobody_works_and_no_stream_is_opened(pool: ThreadPoolExecutor) -> None:
    loaded = resident_of("qwen3_vl", TINY, Forward)
    loaded.batcher.close()
    forward: Any = loaded.forward
    seen: list[bool] = []

    def capture(run: Any) -> Any:
        opened = pool.submit(forward.new_cache, 8, 8)
        seen.append(waits(opened))
        return run

    side = forward.beside()
    with side.work():
        captured = pool.submit(forward._decoder(capture)._capture, lambda: torch.zeros(1))
        assert waits(captured)
        assert seen == []
    captured.result(LATE_S)
    assert seen == [True], "memory for a stream is made after the capture"
