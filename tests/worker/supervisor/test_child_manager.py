"""A real model child: jobs given to it, its death and who is told what of it, and its next life."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from db.failures import Failure
from tests.waiting import GUARD_S, until
from tests.worker.supervisor.worker_harness import WorkerHarness
from worker import metrics
from worker.errors import Transient
from worker.protocol import Done, ModelReport, Start, Started
from worker.supervisor.attempt import Attempt, Gone, StopReason
from worker.supervisor.child import Child

LONG = {"messages": [{"role": "user", "content": "a long story " * 100}]}

pytestmark = pytest.mark.processes


@pytest.fixture
def slow(harnesses: Callable[..., WorkerHarness]) -> WorkerHarness:
    """One whose child takes ten seconds for an answer."""
    harness = harnesses("fake=fake?delay_ms=10000")
    harness.keep_running()
    return harness


def start(attempt: Attempt) -> Start:
    return Start(
        stream=attempt.stream,
        job_id=str(attempt.id),
        kind="chat.complete",
        params=attempt.job.params,
        folder=str(attempt.folder),
    )


def begun(harness: WorkerHarness) -> Attempt:
    """A job that the child has begun."""
    harness.submit("chat.complete", LONG)
    attempt = harness.claim()
    assert harness.child_manager.begin(attempt, start(attempt))
    assert isinstance(heard(attempt), Started)
    return attempt


def heard(attempt: Attempt, seconds: float = GUARD_S) -> object:
    """The next event that tells more than progress; the end of a test that waits for ever."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        event = attempt.next_event(0.1)
        if event is not None and getattr(event, "type", "") != "beat":
            return event
    raise AssertionError("nothing was heard")


def alive(harness: WorkerHarness) -> Child:
    child = harness.child_manager.child
    assert child is not None
    return child


def killed(why: str) -> float:
    return metrics.CHILD_KILLS.labels(reason=why)._value.get()


def test_a_job_is_done_by_the_child_and_heard_by_its_attempt_alone(running: WorkerHarness) -> None:
    attempts = []
    for _ in range(2):
        running.submit()
        attempts.append(running.claim())
    for attempt in attempts:
        assert running.child_manager.begin(attempt, start(attempt))
    for attempt in attempts:
        events = [heard(attempt), heard(attempt)]
        assert [type(event) for event in events] == [Started, Done]
        assert {event.stream for event in events} == {attempt.stream}
        running.registry.remove(attempt)


def test_before_a_child_is_ready_no_model_is_served_and_a_stopped_job_does_not_wait_for_one(
    harnesses: Callable[..., WorkerHarness],
) -> None:
    harness = harnesses("good=fake")
    assert not harness.child_manager.served
    harness.submit()
    attempt = harness.claim()
    attempt.stop(StopReason.CANCELED)
    assert harness.child_manager.begin(attempt, start(attempt)) is False


@pytest.mark.parametrize(
    ("models", "default"), [("good=fake bad=fake?nonsense=1", True), ("bad=fake?nonsense=1 good=fake", False)]
)
def test_jobs_for_a_model_that_cannot_be_loaded_are_left_to_others(
    harnesses: Callable[..., WorkerHarness], models: str, *, default: bool, caplog: pytest.LogCaptureFixture
) -> None:
    harness = harnesses(models)
    harness.keep_running()
    served = harness.child_manager.served
    assert (served.names, served.default) == (["good"], default)
    assert "no job is taken for model bad" in caplog.text


def test_what_is_wrong_with_a_model_is_told_once_however_often_its_nodes_are_looked_at(
    harnesses: Callable[..., WorkerHarness], caplog: pytest.LogCaptureFixture
) -> None:
    harness = harnesses("split=fake")
    harness.keep_running()

    def say(problem: str, trip_ms: float) -> None:
        reports = (ModelReport(name="split", info={"nodes": [{"round_trip_ms": trip_ms}]}, problem=problem),)
        alive(harness).models = reports
        until(lambda: harness.child_manager.models == reports)

    say("node 1 is away", 1.0)
    say("node 1 is away", 2.0)
    say("node 2 is away", 2.0)
    until(lambda: "node 2 is away" in caplog.text)
    assert [caplog.text.count(f"node {number} is away") for number in (1, 2)] == [1, 1]


def test_without_a_model_in_time_the_job_is_tried_elsewhere(harnesses: Callable[..., WorkerHarness]) -> None:
    harness = harnesses("fake=fake", load_s=0.3)
    harness.submit()
    attempt = harness.claim()
    with pytest.raises(Transient) as caught:
        harness.child_manager.begin(attempt, start(attempt))
    assert caught.value.code is Failure.ENGINE_UNREACHABLE


@pytest.mark.parametrize(
    ("signum", "shared"), [(signal.SIGKILL, True), (signal.SIGTERM, True), (signal.SIGABRT, False)]
)
def test_all_jobs_of_a_dead_child_hear_whether_somebody_from_outside_killed_it(
    slow: WorkerHarness, signum: signal.Signals, *, shared: bool
) -> None:
    first, second, dead = begun(slow), begun(slow), alive(slow)
    os.kill(dead.process.pid, signum)  # a process brings SIGABRT on itself
    assert [heard(one) for one in (first, second)] == [Gone(innocent=False, shared=shared)] * 2
    until(lambda: slow.child_manager.child not in (None, dead) and alive(slow).ready.is_set())
    assert isinstance(begun(slow), Attempt)


def test_a_child_that_dies_with_one_job_may_have_died_of_it(slow: WorkerHarness) -> None:
    only = begun(slow)
    os.kill(alive(slow).process.pid, signal.SIGKILL)
    assert heard(only) == Gone(innocent=False, shared=False)


def test_who_runs_beside_the_job_that_the_child_is_killed_for_is_innocent(slow: WorkerHarness) -> None:
    guilty, innocent = begun(slow), begun(slow)
    slow.child_manager.kill("a test", guilty.stream)
    assert heard(guilty) == Gone(innocent=False, shared=False)
    assert heard(innocent) == Gone(innocent=True, shared=False)
    assert killed("a test") == 1


def test_a_job_that_is_deaf_to_its_stop_loses_the_child_step_by_step(slow: WorkerHarness) -> None:
    deaf, beside = begun(slow), begun(slow)
    before = killed("no reaction to stop"), killed("no reaction to SIGTERM")
    os.kill(alive(slow).process.pid, signal.SIGSTOP)  # nothing but SIGKILL gets through
    asked = time.monotonic()
    deaf.stop(StopReason.CANCELED)
    assert heard(deaf) == Gone(innocent=False)
    assert heard(beside) == Gone(innocent=True)
    assert time.monotonic() - asked >= slow.worker.stop_s + slow.worker.kill_s
    assert killed("no reaction to stop") == before[0] + 1
    assert killed("no reaction to SIGTERM") > before[1]


def test_a_job_that_listens_to_its_stop_costs_no_child(slow: WorkerHarness) -> None:
    willing, beside, child = begun(slow), begun(slow), alive(slow)
    willing.stop(StopReason.CANCELED)
    assert getattr(heard(willing), "type", None) == "halted"
    assert alive(slow) is child
    assert beside.next_event(0.2) is None or not child.gone.is_set()


@pytest.mark.slow
def test_a_silent_child_is_replaced(harnesses: Callable[..., WorkerHarness]) -> None:
    harness = harnesses("fake=fake", silent_s=6.5)
    harness.keep_running()
    first, began = alive(harness), time.monotonic()
    until(lambda: first.answered_at > began + 4)  # it answers pings
    assert not first.gone.is_set()
    os.kill(first.process.pid, signal.SIGSTOP)
    until(first.gone.is_set)
    until(lambda: harness.child_manager.child not in (None, first))


def test_a_child_that_loads_for_too_long_is_killed(harness: WorkerHarness) -> None:
    before, manager = killed("loading"), harness.child_manager
    manager.ensure_running(time.monotonic())
    child = alive(harness)
    manager.ensure_running(child.started_at + harness.worker.load_s)
    assert killed("loading") == before
    manager.ensure_running(child.started_at + harness.worker.load_s + 1)
    assert killed("loading") == before + 1
    until(child.gone.is_set)


def test_the_pause_before_the_next_child_doubles(harness: WorkerHarness) -> None:
    manager, now = harness.child_manager, time.monotonic()
    pauses = []
    for _ in range(4):
        manager.ensure_running(now)
        child = alive(harness)
        child.kill()
        until(child.gone.is_set)
        before = now
        while manager.child is None or manager.child is child:
            manager.ensure_running(now)
            now += 0.0125
        pauses.append(round(now - 0.0125 - before, 2))
    assert pauses == pytest.approx([0, 0.1, 0.2, 0.4], abs=0.03)
