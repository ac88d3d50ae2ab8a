"""The clock: outliers move nothing, other counts are joined and told, and every start says what one pass says."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from worker.video.source.clock import RUN, Clock, ClockState, DisplayOrder, Stamp, StampReading

MS = Fraction(1, 1000)
STEP = 40


@dataclass(frozen=True)
class Picture:
    stamp: Stamp


def read(stamps: list[Stamp], state: ClockState | None = None) -> list[tuple[StampReading, ClockState]]:
    clock: Clock[Picture] = Clock(MS, Fraction(STEP, 1000), state)
    return [(reading, clock.state) for _, reading in clock.read(map(Picture, stamps))]


def times(stamps: list[Stamp]) -> list[int | None]:
    return [reading.pts for reading, _ in read(stamps)]


def steady(count: int, start: int = 0, lead: int = 80) -> list[Stamp]:
    """Every third picture is shown before the two coded ahead of it."""
    reordered = [index + (2, -1, -1)[index % 3] for index in range(count)]
    return [Stamp(start + STEP * k, start + lead + STEP * shown) for k, shown in enumerate(reordered)]


def moved(stamp: Stamp, ms: int) -> Stamp:
    assert stamp.dts is not None
    assert stamp.pts is not None
    return Stamp(stamp.dts + ms, stamp.pts + ms)


LEAPS = st.one_of(st.integers(300, 10**9), st.integers(-(10**9), -300))


@given(st.integers(0, 99), LEAPS, st.integers(1, RUN - 1))
@example(1, -300, 3)  # behind the first stamp of all, as many as make a first stamp look late
@example(1, -300, RUN - 1)
def test_outliers_move_nothing(at: int, leap: int, run: int) -> None:
    stamps = steady(200)
    odd = range(at, at + (1 if at == 0 else run))
    if at == 0 and leap < 0:
        return  # a first picture long before the others is one that stands still
    found = times([moved(stamp, leap) if k in odd else stamp for k, stamp in enumerate(stamps)])
    assert found == [None if k in odd else stamp.pts for k, stamp in enumerate(stamps)]


@pytest.mark.slow
@given(st.integers(0, 150), st.one_of(st.integers(2000, 10**9), st.integers(-(10**9), -2000)))
def test_one_odd_presentation_stamp_moves_nothing(at: int, leap: int) -> None:
    stamps = steady(200)
    odd = stamps[at]
    assert odd.pts is not None
    found = times([Stamp(odd.dts, odd.pts + leap) if k == at else stamp for k, stamp in enumerate(stamps)])
    others = [k for k in range(200) if k != at]
    assert [found[k] for k in others] == [stamps[k].pts for k in others]
    if at > 0:
        assert found[at] is None


@given(st.integers(0, 10**9), st.lists(st.tuples(st.integers(40, 90), st.integers(0, 10**9)), min_size=1, max_size=4))
def test_counts_that_start_over_are_joined_and_told(first: int, others: list[tuple[int, int]]) -> None:
    stamps, total = steady(60, first), 60
    joints = []
    for count, start in others:
        last = stamps[-1].dts
        assert last is not None
        if last - 300 < start <= last + 3_600_000:
            start = last + 3_700_000
        joints.append(total)
        stamps, total = stamps + steady(count, start), total + count
    found = read(stamps)
    assert [reading.dts for reading, _ in found] == [first + STEP * k for k in range(total)]
    assert [k for k, (reading, _) in enumerate(found) if reading.joint] == joints


@given(st.lists(st.integers(1, 3_599_000), min_size=2, max_size=60))
def test_a_variable_rate_is_believed(steps: list[int]) -> None:
    at, stamps = 0, []
    for step in steps:
        stamps.append(Stamp(at, at))
        at += step
    assert times(stamps) == [stamp.pts for stamp in stamps]


@given(
    st.lists(st.tuples(st.integers(33, 80), st.integers(0, 10**8)), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 300), LEAPS), max_size=4),
    st.integers(0, 300),
)
def test_every_start_says_what_one_pass_says(
    counts: list[tuple[int, int]], odd: list[tuple[int, int]], start: int
) -> None:
    stamps = [stamp for count, first in counts for stamp in steady(count, first)]
    for at, leap in odd:
        stamps[at % len(stamps)] = moved(stamps[at % len(stamps)], leap)
    whole = read(stamps)
    start %= len(stamps)
    later = read(stamps[start:], whole[start][1])
    assert later == whole[start:]


def test_a_picture_without_any_stamp_has_no_time() -> None:
    stamps = steady(20)
    stamps[7] = Stamp(None, None)
    assert times(stamps) == [stamp.pts for stamp in stamps]


@pytest.mark.parametrize("lost", [set(), {4}, {4, 5, 9}])
def test_pictures_are_shown_in_the_order_they_come_out(lost: set[int]) -> None:
    """Groups I P B B, one of whose pictures does not come: times are right again from the next keyframe on."""
    order = DisplayOrder()
    coded = [(k, k // 12 * 12 + [0, 3, 1, 2, 6, 4, 5, 9, 7, 8, 11, 10][k % 12]) for k in range(36)]
    for dts, _ in coded:
        order.sent(dts)
    shown = sorted(coded, key=lambda pair: pair[1])
    found = {at: order.shown(dts, key=dts % 12 == 0) for dts, at in shown if dts not in lost}
    right_from = 12 if lost else 0
    assert all(found[at] == at for at in found if at >= right_from)
