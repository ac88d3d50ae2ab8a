"""What a manager and the watchdog say to a child, to the border of each clock; real children are in test_child_manager."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path
from typing import Any, cast

import pytest

from db.schema.base import new_id
from db.schema.tables import Job
from db.settings import Settings
from worker import metrics
from worker.protocol import Beat, EndRecording, Finish, Message, ModelReport, Setup, Start, Stop, Text
from worker.settings import WorkerSettings
from worker.supervisor.attempt import Attempt, AttemptRegistry, Gone, StopReason
from worker.supervisor.child import Child, ChildGone
from worker.supervisor.child_manager import ChildManager
from worker.supervisor.live import LiveTextPublisher
from worker.supervisor.watchdog import Watchdog

WORKER = WorkerSettings(load_s=64.0, silent_s=128.0, stop_s=4.0, kill_s=2.0)
SETTINGS = Settings(fence_s=45, max_run_s=1e9, stall_s=1e9)
CAMERA = {"video": {"url": "rtsp://camera/1"}}


class Standin:
    """A child that is ready, and notes what it is told and sent."""

    def __init__(self) -> None:
        self.ready, self.gone = threading.Event(), threading.Event()
        self.ready.set()
        self.models: tuple[ModelReport, ...] = (ModelReport(name="fake"),)
        self.answered_at = self.started_at = 0.0
        self.killed_for: int | None = None
        self.killed_by_us = False
        self.told: list[Message] = []
        self.signals: list[signal.Signals] = []
        self.pings = 0
        self.deaf = False

    def send(self, message: Message) -> None:
        if self.deaf:
            raise ChildGone("deaf")
        self.told.append(message)

    def ping(self) -> None:
        self.pings += 1

    def signal(self, signum: signal.Signals) -> None:
        self.signals.append(signum)


class Said:
    """Where live text goes."""

    def __init__(self) -> None:
        self.pieces: list[tuple[Any, ...]] = []

    def say(self, *piece: Any) -> None:
        self.pieces.append(piece)


class Parts:
    def __init__(self) -> None:
        self.registry, self.said, self.child = AttemptRegistry(), Said(), Standin()
        setup, live = Setup(models=("fake=fake",), handlers={}), cast("LiveTextPublisher", self.said)
        self.manager = ChildManager(setup, Path("none"), self.registry, live, WORKER)
        self.manager.child = cast("Child", self.child)
        self.watchdog = Watchdog(SETTINGS, WORKER, self.registry, self.manager)

    def attempt(self, params: dict[str, Any] | None = None) -> Attempt:
        attempt = self.registry.add(Job(id=new_id(), epoch=1, params=params or {}), Path("none"))
        attempt.child = cast("Child", self.child)
        attempt.renewed_at = attempt.began_at = attempt.progressed_at = 0.0
        return attempt


@pytest.fixture
def parts() -> Parts:
    return Parts()


def start(attempt: Attempt) -> Start:
    return Start(stream=attempt.stream, job_id="x", kind="chat.complete", params={}, folder="none")


def test_a_child_is_pinged_every_five_seconds_and_killed_when_it_is_silent_for_too_long(parts: Parts) -> None:
    pings = []
    for now in (5.0, 5.25, 10.25, 10.5, 127.0, 128.0):
        parts.manager.ensure_running(now)
        pings.append(parts.child.pings)
    assert (pings, parts.child.signals) == ([0, 1, 1, 2, 3, 3], [])
    parts.manager.ensure_running(128.25)
    assert (parts.child.pings, parts.child.signals) == (3, [signal.SIGKILL])
    parts.child.answered_at = 128.0
    parts.manager.ensure_running(256.0)
    assert parts.child.signals == [signal.SIGKILL]


def test_a_child_that_loads_has_its_time_and_hears_no_ping(parts: Parts) -> None:
    parts.child.ready.clear()
    parts.child.started_at = 1.0
    parts.manager.ensure_running(65.0)
    assert (parts.child.pings, parts.child.signals) == (0, [])
    parts.manager.ensure_running(65.25)
    assert (parts.child.pings, parts.child.signals) == (0, [signal.SIGKILL])


def test_a_killed_child_knows_for_whom_and_is_killed_once(parts: Parts) -> None:
    parts.manager.kill("a reason", 3, signal.SIGTERM)
    assert (parts.child.signals, parts.child.killed_for, parts.child.killed_by_us) == ([signal.SIGTERM], 3, True)
    parts.manager.kill("another")
    assert (parts.child.signals[1:], parts.child.killed_for) == ([signal.SIGKILL], 3)
    parts.child.gone.set()
    parts.manager.kill("a reason", 4)
    assert (len(parts.child.signals), parts.child.killed_for) == (2, 3)
    parts.manager.child = None
    parts.manager.kill("nobody is there")
    counted = metrics.CHILD_KILLS.labels(reason="nobody is there")._value.get()
    assert counted == 0


def test_a_stop_is_told_to_the_stream_it_is_for(parts: Parts) -> None:
    attempt, live = parts.attempt(), parts.attempt(CAMERA)
    for one in (attempt, live):
        one.stop(StopReason.CANCELED)
        parts.manager.stop(one)
    assert parts.child.told == [Stop(stream=attempt.stream), Finish(stream=live.stream)], "live input ends well"
    parts.manager.end_recording(live, "full")
    assert parts.child.told[2:] == [EndRecording(stream=live.stream, why="full")]
    assert not attempt.finishing
    parts.manager.finish(attempt)
    assert (parts.child.told[3:], attempt.finishing) == ([Finish(stream=attempt.stream)], True)


def test_nothing_is_told_to_a_child_that_is_gone(parts: Parts, caplog: pytest.LogCaptureFixture) -> None:
    attempt = parts.attempt()
    parts.child.deaf = True
    parts.manager.stop(attempt)
    assert "the model child is gone" in caplog.text
    parts.child.deaf = False
    parts.child.gone.set()
    parts.manager.stop(attempt)
    attempt.child = None
    parts.manager.finish(attempt)
    assert (parts.child.told, attempt.finishing) == ([], True), "whoever begins it later tells the child"


@pytest.mark.parametrize("state", ["no child", "gone", "not ready", "deaf"])
def test_a_job_waits_for_a_child_that_hears_it(parts: Parts, state: str) -> None:
    parts.manager.ensure_running(0.0)
    attempt = parts.attempt()
    attempt.child = None
    if state == "no child":
        parts.manager.child = None
    if state == "gone":
        parts.child.gone.set()
    if state == "not ready":
        parts.child.ready.clear()
    parts.child.deaf = state == "deaf"
    threading.Timer(0.3, attempt.stop, args=(StopReason.DRAINED,)).start()
    assert parts.manager.begin(attempt, start(attempt)) is False
    assert (attempt.child, parts.child.told) == (None, [])


def test_a_job_is_begun_by_a_child_that_hears_it(parts: Parts) -> None:
    parts.manager.ensure_running(0.0)
    attempt = parts.attempt()
    attempt.child = None
    assert parts.manager.begin(attempt, start(attempt)) is True
    assert parts.child.told == [start(attempt)]
    assert attempt.child is cast("Child", parts.child)


def test_words_of_the_model_go_to_who_watches_and_count_as_progress(parts: Parts) -> None:
    attempt = parts.attempt()
    parts.manager._hear(Text(stream=attempt.stream, text="a dog", at=7))
    assert parts.said.pieces == [(attempt.id, "a dog", 7)]
    assert attempt.progressed_at > 0
    beat = Beat(stream=attempt.stream, done_ms=1, total_ms=None, note="")
    parts.manager._hear(beat)
    assert (attempt.next_event(0.0), len(parts.said.pieces)) == (beat, 1)
    parts.manager._hear(Text(stream=99, text="of a job that has ended", at=0))
    assert len(parts.said.pieces) == 1


def test_a_model_is_reported_when_it_breaks_and_when_it_can_be_used_again(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    good, bad = ModelReport(name="a"), ModelReport(name="b", problem="no such folder")
    told = []
    for now, models in enumerate(((good, bad), (good, bad), (good, ModelReport(name="b")), (bad, good))):
        caplog.clear()
        parts.child.models = models
        parts.manager.ensure_running(float(now))
        told.append([record.getMessage().partition(",")[0] for record in caplog.records])
        assert metrics.MODELS_USABLE._value.get() == sum(model.problem is None for model in models)
    assert told == [
        ["no job is taken for model b"],
        [],
        ["model b can be used now"],
        ["no job is taken for model b"],
    ]
    served = parts.manager.served
    assert (served.names, served.default) == (["a"], False), "jobs that name no model mean the first"


@pytest.mark.parametrize(
    ("others", "from_outside", "killed_for", "expected"),
    [
        (0, True, None, Gone(innocent=False, shared=False)),
        (1, True, None, Gone(innocent=False, shared=True)),
        (1, False, None, Gone(innocent=False, shared=False)),
        (1, False, 1, Gone(innocent=False, shared=False)),
        (1, False, 2, Gone(innocent=True, shared=False)),
    ],
)
def test_who_ran_in_a_child_that_died_hears_of_it_and_nobody_else(
    parts: Parts, others: int, *, from_outside: bool, killed_for: int | None, expected: Gone
) -> None:
    attempt = parts.attempt()
    for _ in range(others):
        parts.attempt()
    elsewhere = parts.attempt()
    elsewhere.child = None
    child: Any = parts.child
    child.killed_from_outside, child.killed_for = from_outside, killed_for
    child.process = child  # whose end is logged
    child.returncode = -9
    parts.manager._on_exit(cast("Child", parts.child), 0.0)
    assert attempt.next_event(0.0) == expected
    assert elsewhere.next_event(0.0) is None


def test_an_attempt_that_does_not_stop_is_told_once_then_costs_the_child_step_by_step(parts: Parts) -> None:
    attempt = parts.attempt()
    parts.watchdog.check(1.0)
    assert (parts.child.told, parts.child.signals) == ([], [])
    attempt.stop(StopReason.CANCELED)
    attempt.stop_at = 8.0
    for now, signals in (
        (8.0, []),
        (12.0, []),
        (12.25, [signal.SIGTERM]),
        (14.0, [signal.SIGTERM]),
        (14.25, [signal.SIGTERM, signal.SIGKILL]),
    ):
        parts.watchdog.check(now)
        assert parts.child.signals == signals
    assert parts.child.told == [Stop(stream=attempt.stream)]
    assert parts.child.killed_for == attempt.stream


def test_the_child_that_came_after_is_not_killed_for_a_job_of_the_one_before(parts: Parts) -> None:
    attempt = parts.attempt()
    attempt.stop(StopReason.CANCELED)
    attempt.stop_at = 0.0
    parts.manager.child = cast("Child", Standin())
    parts.watchdog.check(40.0)
    assert parts.manager.child.signals == parts.child.signals == []  # type: ignore[attr-defined]


def test_an_attempt_without_a_child_is_stopped_without_one(parts: Parts) -> None:
    attempt = parts.attempt()
    attempt.child = None
    parts.watchdog.check(46.0)
    assert attempt.stop_reason is StopReason.LOST
    assert (parts.child.told, parts.child.signals, attempt.stop_sent) == ([], [], False)
