"""When pictures of live sources happen: near their arrival, always later than the one before."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.video.live.clocks import AHEAD_S, MediaClock, WallClock

SECONDS = st.fractions(min_value=0, max_value=100, max_denominator=100)


@given(st.lists(st.tuples(st.fractions(-10_000, 10_000, max_denominator=90), SECONDS), min_size=1, max_size=60))
def test_times_only_go_up_and_are_never_far_ahead(seen: list[tuple[Fraction, Fraction]]) -> None:
    clock, arrived_s, last_s = WallClock(), Fraction(0), Fraction(-1)
    for stamp_s, later_s in seen:
        arrived_s += later_s
        placed = clock.place(stamp_s, arrived_s)
        assert placed.time_s > last_s
        assert placed.time_s <= max(arrived_s + AHEAD_S, last_s + 1)
        last_s = placed.time_s


def test_a_steady_source_keeps_its_own_distances_however_its_packets_arrive() -> None:
    clock = WallClock()
    arrivals = [Fraction(n, 10) + (Fraction(1, 3) if n % 3 else 0) for n in range(50)]
    times = [clock.place(Fraction(n, 10) + 7000, at).time_s for n, at in enumerate(arrivals)]
    assert {b - a for a, b in pairwise(times)} == {Fraction(1, 10)}


def test_a_leap_of_the_stamps_is_told_and_moves_nothing() -> None:
    for leap_s in (-3600, 3600):
        clock = WallClock()
        before = clock.place(Fraction(100), Fraction(5)).time_s
        placed = clock.place(Fraction(100 + leap_s), Fraction(51, 10))
        assert placed.leap_s == leap_s
        assert 0 < placed.time_s - before <= 1


def test_a_clock_that_is_set_by_seconds_moves_no_picture_either() -> None:
    for leap_s in (5, -5):
        clock, shift = WallClock(), Fraction(700)
        for number in range(50):
            arrived_s = Fraction(number, 10)
            if number == 25:
                shift += leap_s
            placed = clock.place(arrived_s + shift, arrived_s)
            assert (placed.leap_s is not None) == (number == 25)
            assert placed.time_s == arrived_s


def test_pictures_that_are_seconds_apart_are_no_leaps() -> None:
    """However they arrive: one by one, or several at once as in a segment of HLS."""
    for together in (1, 3):
        clock = WallClock()
        placed = [clock.place(Fraction(5 * n), Fraction(5 * (n // together * together))) for n in range(12)]
        assert not any(one.leap_s for one in placed)
        assert {after.time_s - before.time_s for before, after in pairwise(placed)} == {5}


def test_a_source_that_was_silent_goes_on_where_its_stamps_say() -> None:
    clock = WallClock()
    for number in range(10):
        clock.place(Fraction(number, 10), Fraction(number, 10))
    assert clock.place(Fraction(9), Fraction(91, 10)).leap_s is None


def test_a_new_connection_goes_on_at_its_arrival() -> None:
    clock = WallClock()
    clock.place(Fraction(100), Fraction(5))
    clock.connected()
    assert clock.place(Fraction(3), Fraction(30)).time_s == 30


def test_a_growing_upload_has_the_times_of_its_video_whenever_it_arrives() -> None:
    clock = MediaClock()
    assert [clock.place(Fraction(n) + 9, Fraction(77)).time_s for n in range(4)] == [0, 1, 2, 3]
    joined = clock.place(Fraction(0), Fraction(78))
    assert (joined.time_s, joined.leap_s) == (4, -12)


def running(clock: WallClock, until: int) -> WallClock:
    """Ten pictures a second, each as it arrives, stamps a hundred seconds ahead."""
    for number in range(until):
        clock.place(Fraction(number, 10) + 100, Fraction(number, 10))
    return clock


@pytest.mark.parametrize(("back_s", "leaps"), [(Fraction(1, 2), False), (Fraction(501, 1000), True)])
def test_stamps_that_run_back_by_more_than_half_a_second_are_another_count(back_s: Fraction, leaps: bool) -> None:
    for clock in (running(WallClock(), 50), MediaClock()):
        clock.place(Fraction(105), Fraction(5))
        placed = clock.place(105 - back_s, Fraction(51, 10))
        assert placed.leap_s == (-back_s if leaps else None)
        assert placed.time_s > 5 if isinstance(clock, WallClock) else placed.time_s > 0


@pytest.mark.parametrize(("ahead_s", "at_s"), [(9, 14), (10, 15), (11, 15)])
def test_a_burst_may_come_ten_seconds_before_its_time(ahead_s: int, at_s: int) -> None:
    clock = WallClock()
    for number in range(ahead_s + 1):  # a second of video at a time, all at once
        placed = clock.place(Fraction(100 + number), Fraction(5))
    assert (placed.time_s, placed.leap_s) == (at_s, None) if ahead_s < 11 else placed.leap_s is not None


@pytest.mark.parametrize(("behind_s", "at_s"), [(15, 0), (16, 16)])
def test_a_source_that_is_late_for_good_is_placed_where_it_arrives(behind_s: int, at_s: int) -> None:
    clock = WallClock()
    clock.place(Fraction(100), Fraction(0))
    placed = clock.place(Fraction(100), Fraction(behind_s))
    assert placed.time_s == max(at_s, Fraction(1, 1000))


@pytest.mark.parametrize(
    ("moved_s", "leaps"), [(Fraction(2), False), (Fraction(21, 10), False), (Fraction(22, 10), True)]
)
def test_a_stamp_that_runs_on_two_seconds_more_than_time_does_was_set(moved_s: Fraction, leaps: bool) -> None:
    clock = running(WallClock(), 50)
    placed = clock.place(Fraction(1049, 10) + moved_s, Fraction(50, 10))
    assert (placed.leap_s is not None) == leaps


def test_a_picture_without_a_stamp_is_shown_when_it_arrives_and_never_before_the_last() -> None:
    clock = WallClock()
    assert clock.place(None, Fraction(3)).time_s == 3
    assert clock.place(None, Fraction(3)).time_s == Fraction(304, 100), "a usual step later"
    media = MediaClock()
    assert [media.place(None, Fraction(99)).time_s for _ in range(3)] == [0, Fraction(4, 100), Fraction(8, 100)]


def test_a_step_is_the_last_distance_of_two_pictures_unless_one_stood_still() -> None:
    clock = MediaClock()
    for stamp_s, step_s in ((0, Fraction(1, 25)), (3, 3), (4, 1), (14, 10), (25, 10), (26, 1)):
        clock.place(Fraction(stamp_s), Fraction(0))
        assert clock.step_s == step_s
    clock.connected()
    assert clock.place(Fraction(700), Fraction(0)).time_s == 27, "another connection goes on a step later"
    slow = MediaClock()
    for stamp_s in (0, 5):
        slow.place(Fraction(stamp_s), Fraction(0))
    slow.connected()
    assert slow.place(Fraction(700), Fraction(0)).time_s == 6, "or a second"


@pytest.mark.parametrize(("stands_s", "leaps"), [(3600, False), (3601, True)])
def test_a_picture_of_an_upload_may_stand_still_for_an_hour(stands_s: int, leaps: bool) -> None:
    clock = MediaClock()
    clock.place(Fraction(0), Fraction(0))
    placed = clock.place(Fraction(stands_s), Fraction(0))
    assert placed.leap_s == (stands_s if leaps else None)
    assert placed.time_s == (Fraction(1, 25) if leaps else stands_s)


def test_a_job_that_is_taken_up_again_goes_on_after_what_was_told() -> None:
    clock = WallClock(Fraction(60))
    assert clock.last_s == 60
    assert clock.place(Fraction(5), Fraction(10)).time_s == Fraction(6004, 100)
    assert WallClock(Fraction(60)).place(Fraction(5), Fraction(90)).time_s == 90
