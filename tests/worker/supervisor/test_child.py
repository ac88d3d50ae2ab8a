"""What a child is told first, and that neither a slow start nor its death is taken for something else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.waiting import until
from tests.worker.supervisor.worker_harness import WorkerHarness
from worker.protocol import Setup, Start, Stop
from worker.settings import WorkerSettings
from worker.supervisor.attempt import StopReason
from worker.supervisor.child import SEND_TIMEOUT_S, Child, ChildGone
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


class Rude(Child):
    """A child that says something else than it should, and goes on."""

    def _spawn(self, control_fd: int, data_fd: int, scratch: str) -> subprocess.Popen[bytes]:
        said = "import os, sys, time; os.write(int(sys.argv[1]), bytes.fromhex(sys.argv[2])); time.sleep(600)"
        command = [sys.executable, "-c", said, str(data_fd), Path(scratch).read_text()]
        return subprocess.Popen(command, pass_fds=(control_fd, data_fd))


@pytest.mark.parametrize("said", [b"\xff\xff\xff\xff", b"\0\0\0\2no", b'\0\0\0\x10{"type":"hello"}'])
def test_a_child_that_says_what_is_no_message_is_killed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, said: bytes
) -> None:
    (tmp_path / "said").write_text(said.hex())
    heard: list[object] = []
    child = Rude(Setup(models=(), handlers={}), str(tmp_path / "said"), heard.append)
    until(child.gone.is_set)
    assert (child.process.returncode, heard) == (-signal.SIGKILL, [])
    assert "an invalid message" in caplog.text
    with pytest.raises(ChildGone):
        child.send(Stop(stream=1))
    child.ping()  # of no use, and no error
    assert not child.killed_from_outside


@pytest.mark.parametrize(
    ("signum", "ours", "outside"),
    [
        (signal.SIGKILL, False, True),
        (signal.SIGTERM, False, True),
        (signal.SIGSEGV, False, False),
        (signal.SIGKILL, True, False),
    ],
)
def test_who_sent_the_signal_that_a_child_died_of(
    tmp_path: Path, signum: signal.Signals, *, ours: bool, outside: bool
) -> None:
    (tmp_path / "said").write_text("")
    child = Rude(Setup(models=(), handlers={}), str(tmp_path / "said"), lambda _: None)
    child.killed_by_us = ours
    assert not child.killed_from_outside, "it lives"
    os.kill(child.process.pid, signum)
    until(child.gone.is_set)
    assert child.killed_from_outside is outside
