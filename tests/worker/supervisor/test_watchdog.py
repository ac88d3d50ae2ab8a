"""Which clock of an attempt has run out, to the border; how it is ended then is tested with a child process."""

from __future__ import annotations

import pytest

from db.settings import Settings
from tests.worker.supervisor.test_attempt import attempt
from worker.supervisor.attempt import StopReason
from worker.supervisor.watchdog import overdue

SETTINGS = Settings(fence_s=45, max_run_s=1000, stall_s=100)


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
