"""The shared state of an attempt: why it ends, when it is overdue to the border, and that nothing said is forgotten."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.schema.base import new_id
from db.schema.tables import Job
from db.settings import Settings
from tests.waiting import GUARD_S
from worker.protocol import Beat
from worker.supervisor.attempt import INBOX, Attempt, AttemptRegistry, Gone, StopReason
from worker.supervisor.watchdog import overdue

SETTINGS = Settings(fence_s=45, max_run_s=1000, stall_s=100)


def attempt(at: float = 0.0) -> Attempt:
    return Attempt(Job(id=new_id(), epoch=1), 1, Path("none"), renewed_at=at, began_at=at, progressed_at=at)


def beat(number: int) -> Beat:
    return Beat(stream=1, done_ms=number, total_ms=None, note="")


@settings(deadline=None)
@given(st.lists(st.sampled_from(StopReason), min_size=1))
def test_the_first_reason_stays_but_a_lost_lease_beats_all(reasons: list[StopReason]) -> None:
    one = attempt()
    for stop_reason in reasons:
        one.stop(stop_reason)
    assert one.stop_reason is (StopReason.LOST if StopReason.LOST in reasons else reasons[0])
    assert one.stopping.is_set()


@pytest.mark.parametrize(
    ("renewed", "began", "progressed", "expected"),
    [
        (0, 0, 0, None),
        (-46, 0, 0, StopReason.LOST),
        (0, -1001, 0, StopReason.OVERTIME),
        (0, -500, -101, StopReason.STALLED),
        (-46, -1001, -1001, StopReason.LOST),
    ],
)
def test_each_clock_has_its_reason(
    renewed: float, began: float, progressed: float, expected: StopReason | None
) -> None:
    one = attempt()
    one.renewed_at, one.began_at, one.progressed_at = renewed, began, progressed
    assert overdue(one, 0.0, SETTINGS) is expected


@pytest.mark.parametrize(
    ("clock", "limit_s", "reason"),
    [
        ("renewed_at", 45, StopReason.LOST),
        ("began_at", 1000, StopReason.OVERTIME),
        ("progressed_at", 100, StopReason.STALLED),
    ],
)
def test_a_clock_has_run_out_when_it_is_beyond_its_limit(clock: str, limit_s: float, reason: StopReason) -> None:
    one = attempt()
    setattr(one, clock, -limit_s)
    assert overdue(one, 0.0, SETTINGS) is None
    setattr(one, clock, -limit_s - 0.001)
    assert overdue(one, 0.0, SETTINGS) is reason


@pytest.mark.parametrize("clock", ["began_at", "progressed_at"])
def test_an_attempt_that_is_ending_already_gets_no_second_reason(clock: str) -> None:
    one = attempt()
    one.stop(StopReason.DRAINED)
    setattr(one, clock, -5000)
    assert overdue(one, 0.0, SETTINGS) is None


def test_running_too_long_comes_before_standing_still() -> None:
    one = attempt()
    one.began_at = one.progressed_at = -5000
    assert overdue(one, 0.0, SETTINGS) is StopReason.OVERTIME


def test_live_input_that_runs_long_goes_on_in_the_next_attempt() -> None:
    one = attempt()
    one.job.params = {"video": {"url": "rtsp://camera/1"}}
    one.began_at = -1001
    assert overdue(one, 0.0, SETTINGS) is StopReason.DRAINED


def test_a_stopped_attempt_is_still_fenced() -> None:
    one = attempt()
    one.stop(StopReason.CANCELED)
    assert overdue(one, 44.0, SETTINGS) is None
    assert overdue(one, 46.0, SETTINGS) is StopReason.LOST


def test_the_news_of_the_childs_death_comes_after_all_it_said() -> None:
    one = attempt()
    for number in range(3):
        one.hear(beat(number))
    one.child_exited(Gone(innocent=True))
    assert [one.next_event(0.1) for _ in range(4)] == [beat(0), beat(1), beat(2), Gone(innocent=True)]


def test_a_full_inbox_holds_the_child_back_and_an_ended_attempt_lets_it_go() -> None:
    one = attempt()
    for number in range(INBOX):
        one.hear(beat(number))
    teller = threading.Thread(target=one.hear, args=(beat(INBOX),), daemon=True)
    teller.start()
    teller.join(0.2)
    assert teller.is_alive()
    one.done.set()
    teller.join(GUARD_S)
    assert not teller.is_alive()


def test_the_board_knows_who_runs() -> None:
    registry = AttemptRegistry()
    first, second = (registry.add(Job(id=new_id(), epoch=1), Path("none")) for _ in range(2))
    assert registry.find(first.stream) is first
    assert registry.of_job(second.id) == [second]
    registry.remove(first)
    assert registry.all() == [second]
    assert first.done.is_set()


def test_only_a_lost_lease_cuts_a_wait_short() -> None:
    canceled, lost = attempt(), attempt()
    canceled.stop(StopReason.CANCELED)
    lost.stop(StopReason.LOST)
    began = time.monotonic()
    assert not canceled.lost_within(0.3)
    assert time.monotonic() - began >= 0.3
    assert lost.lost_within(3600)
