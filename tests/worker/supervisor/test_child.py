"""What a child is told first, and that neither a slow start nor its death is taken for something else."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from tests.waiting import until
from tests.worker.supervisor.worker_harness import WorkerHarness
from worker.protocol import Start
from worker.settings import WorkerSettings
from worker.supervisor.attempt import StopReason
from worker.supervisor.child import SEND_TIMEOUT_S
from worker.supervisor.process import setup_of

pytestmark = pytest.mark.processes


@pytest.mark.parametrize(
    ("queue", "asked", "preloaded"), [("gpu", True, True), ("gpu", False, False), ("cpu", True, False)]
)
def test_only_gpu_workers_load_their_models_before_the_first_job(queue: str, *, asked: bool, preloaded: bool) -> None:
    assert setup_of(WorkerSettings(preload=asked), queue).preload is preloaded


def test_no_job_is_given_to_a_child_that_has_died(harnesses: Callable[..., WorkerHarness]) -> None:
    harness = harnesses("fake=fake")
    manager = harness.child_manager
    manager.ensure_running(time.monotonic())
    child = manager.child
    assert child is not None
    until(child.ready.is_set)
    manager.ensure_running(time.monotonic())  # takes the news that it is ready
    child.kill()
    until(child.gone.is_set)
    harness.submit()
    attempt = harness.claim()
    start = Start(stream=attempt.stream, job_id="x", kind="chat.complete", params={}, folder=str(attempt.folder))
    threading.Timer(0.5, attempt.stop, args=(StopReason.DRAINED,)).start()
    assert manager.begin(attempt, start) is False
    assert attempt.child is None


@pytest.mark.slow
def test_a_child_that_is_silent_while_it_loads_is_heard_afterwards(harness: WorkerHarness) -> None:
    manager = harness.child_manager
    manager.ensure_running(time.monotonic())
    child = manager.child
    assert child is not None
    os.kill(child.process.pid, signal.SIGSTOP)
    time.sleep(SEND_TIMEOUT_S + 1)
    os.kill(child.process.pid, signal.SIGCONT)
    until(child.ready.is_set)
