"""When pictures of live sources happen: near their arrival, always later than the one before."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

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
