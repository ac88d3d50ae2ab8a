"""The order of a side stream's work and of the decode stream's, on a simulated device: the same code as on a real one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import torch

from tests.worker.engines.models import OPTIONS, TINY, chunk, resident_of
from tests.worker.streaming.overlap.simulated import SimulatedDevice, Watched
from worker.streaming.batch import Batcher
from worker.streaming.cache import StreamCache
from worker.streaming.forward import Forward
from worker.streaming.hybrid import open_session
from worker.streaming.overlap.capture_lock import CaptureLock
from worker.streaming.overlap.side_stream import SideStream

CPU = torch.device("cpu")


def test_work_on_the_side_comes_after_what_was_given_before_and_is_done_at_the_end() -> None:
    device = SimulatedDevice()
    side = SideStream(CPU, CaptureLock(), device)
    buffer = torch.zeros(4)
    device.give("zeros", writes=[buffer])
    with side.work():
        assert device.current_stream().number == 1
        device.give("prefill", writes=[buffer])
    assert device.current_stream().number == 0
    device.give("decode", reads=[buffer])
    assert device.races == []
    assert device.done[1] == 1


def test_work_that_fails_is_done_all_the_same_when_the_failure_is_told() -> None:
    device = SimulatedDevice()
    side = SideStream(CPU, CaptureLock(), device)

    def work() -> None:
        with side.work():
            device.give("half of it")
            raise ValueError("no such picture")

    with pytest.raises(ValueError, match="no such picture"):
        work()
    assert device.done[1] == 1
    with side.work():
        device.give("the next")
    assert device.done[1] == 2


def test_on_a_cpu_the_side_is_the_thread_alone() -> None:
    side = SideStream(CPU, CaptureLock())
    buffer = torch.zeros(3)
    with side.work():
        buffer += 1
    assert buffer.tolist() == [1, 1, 1]


class WatchedCache(StreamCache):
    """A cache whose moves a simulated device is given."""

    device: SimulatedDevice

    def drop(self, *given: Any) -> None:
        with Watched(self.device):
            super().drop(*given)

    def move(self, *given: Any) -> None:
        with Watched(self.device):
            super().move(*given)


class OnSimulated(Forward):
    """A `Forward` whose work, with all its memory, a simulated device is given."""

    device: SimulatedDevice

    def new_cache(self, *given: Any) -> WatchedCache:
        with Watched(self.device):
            cache: Any = super().new_cache(*given)
        cache.__class__ = WatchedCache
        cache.device = self.device
        return cache  # type: ignore[no-any-return]

    def encode_images(self, *given: Any) -> Any:
        with Watched(self.device):
            return super().encode_images(*given)

    def prefill(self, *given: Any) -> Any:
        with Watched(self.device):
            return super().prefill(*given)

    def decode(self, *given: Any) -> Any:
        with Watched(self.device):
            return super().decode(*given)


class Hasty(SideStream):
    """Hands over before the device is done."""

    def _finish(self) -> None:
        """Does not wait."""


class Deaf(SimulatedDevice):
    """Streams that wait for nobody."""

    def Stream(self, device: Any = None) -> Any:  # noqa: N802
        stream = super().Stream(device)
        stream.wait_stream = lambda _: None  # type: ignore[method-assign]
        return stream


def streamed(family: str, device: SimulatedDevice, side_class: type[SideStream] = SideStream) -> SimulatedDevice:
    """Three streams at once, long enough that text moves and frames leave, each with a restart in between."""
    loaded = resident_of(family, TINY, OnSimulated)
    loaded.batcher.close()
    forward: Any = loaded.forward
    forward.device = device
    loaded = replace(loaded, batcher=Batcher(forward, side_class(CPU, CaptureLock(), device)))

    def watch(first: int) -> None:
        session = open_session(loaded, OPTIONS)
        for index in range(first, first + 6):
            session.feed(chunk(index))
        again = open_session(loaded, OPTIONS, session.checkpoint())
        session.close()
        for index in range(first + 3, first + 6):
            again.rewatch(chunk(index))
        again.feed(chunk(first + 6))

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(watch, 10 * stream) for stream in range(3)]:
            done.result()
    loaded.batcher.close()
    return device


@pytest.mark.slow
@pytest.mark.parametrize("family", ["qwen3_vl", "qwen2_5_vl"])
def test_no_memory_is_met_in_unordered(family: str) -> None:
    device = streamed(family, SimulatedDevice())
    assert device.works > 1000
    assert device.done[1] > 1000
    assert device.races == []


@pytest.mark.slow
def test_a_side_that_hands_over_too_early_is_found() -> None:
    races = streamed("qwen3_vl", SimulatedDevice(), Hasty).races
    assert any(race.endswith("unordered") and "on stream 0" in race for race in races)


@pytest.mark.slow
def test_a_side_that_begins_too_early_is_found() -> None:
    races = streamed("qwen3_vl", Deaf()).races
    assert any("on stream 1" in race for race in races)


def test_the_side_is_used_by_one_turn_at_a_time() -> None:
    """What bounds the memory in flight: activations of one turn beside those of one decode step."""
    inside, most, lock = 0, 0, threading.Lock()

    class Counting(Forward):
        def prefill(self, *given: Any) -> Any:
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            try:
                return super().prefill(*given)
            finally:
                with lock:
                    inside -= 1

    loaded = resident_of("qwen3_vl", TINY, Counting)
    loaded.batcher.close()
    forward: Any = loaded.forward
    loaded = replace(loaded, batcher=Batcher(forward, forward.beside()))
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda first: open_session(loaded, OPTIONS).feed(chunk(first)), (0, 10, 20)))
    loaded.batcher.close()
    assert most == 1
