"""When packets came that FFmpeg had taken in before anybody could ask: as far back as their stamps say."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import pytest

from worker.live_feed import SourceDown
from worker.video.live.arrivals import dated

TENTH = Fraction(1, 10)


class Source:
    """Packets (their stamps, in tenths) that are there at once or are waited for, on a clock of its own."""

    def __init__(self, at_once: int, waited: int, *, breaks: bool = False) -> None:
        self.now = Fraction(30)
        self._at_once, self._waited, self._breaks = at_once, waited, breaks

    def packets(self) -> Iterator[Fraction]:
        for number in range(self._at_once + self._waited):
            self.now += TENTH if number >= self._at_once else Fraction(1, 1000)
            yield 700 + number * TENTH
        if self._breaks:
            raise SourceDown("it broke off")

    def arrivals(self, opening_s: Fraction) -> Iterator[Fraction]:
        for _, came_s in dated(self.packets(), lambda stamp_s: stamp_s, opening_s, lambda: self.now):
            yield came_s


def test_what_was_there_came_while_the_source_was_being_opened() -> None:
    source = Source(15, 20)
    times = [*source.arrivals(Fraction(28))]
    assert len(times) == 35
    assert {round(float(after - before), 2) for before, after in pairwise(times)} == {0.1}
    assert times[-1] == source.now


def test_a_packet_without_a_stamp_came_with_the_one_after_it() -> None:
    """FFmpeg's first packet of RTP has none."""
    source = Source(15, 5)
    first = 700
    stamped = dated(
        source.packets(), lambda stamp_s: None if stamp_s == first else stamp_s, Fraction(28), lambda: source.now
    )
    times = [came_s for _, came_s in stamped]
    assert times[0] == times[1] < times[2]
    assert times[14] - times[0] == 13 * TENTH


def test_nothing_came_before_the_source_was_opened() -> None:
    assert min(Source(50, 3).arrivals(Fraction(28))) == 28


def test_what_comes_in_time_is_not_held() -> None:
    times = Source(0, 5).arrivals(Fraction(28))
    assert [next(times) for _ in range(3)] == [30 + TENTH, 30 + 2 * TENTH, 30 + 3 * TENTH]


def test_what_came_before_the_source_broke_off_is_handed_out() -> None:
    times = Source(4, 0, breaks=True).arrivals(Fraction(28))
    got = list[Fraction]()
    with pytest.raises(SourceDown):
        got.extend(times)
    assert len(got) == 4


def test_a_file_that_comes_at_once_is_not_taken_in_as_a_whole() -> None:
    source = Source(100_000, 0)
    times = source.arrivals(Fraction(0))
    next(times)
    assert source.now < 31
