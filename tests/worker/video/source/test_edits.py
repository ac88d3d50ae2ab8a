"""Stretches of an edit list: where one ends and the next begins, and how far FFmpeg's stamps of each are off."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from worker.video.source.edits import Extent, corrections, numbered


@dataclass(frozen=True)
class Packet:
    dts: int | None


@pytest.mark.parametrize(
    ("stamps", "numbers"),
    [
        ([0, 1, 2], [0, 0, 0]),
        ([0, 1, 1, 2], [0, 0, 0, 0]),  # twice the same is no step back
        ([5, 6, 3, 4, 9, 2], [0, 0, 1, 1, 1, 2]),
        ([5, None, 6, None, 3, None], [0, 0, 0, 0, 1, 1]),
        ([None, 5, 4], [0, 0, 1]),
        ([], []),
    ],
)
def test_a_stretch_begins_where_stamps_run_back(stamps: list[int | None], numbers: list[int]) -> None:
    packets = [Packet(dts) for dts in stamps]
    assert [*numbered(packets)] == [*zip(numbers, packets, strict=True)]


def test_numbers_go_on_from_where_reading_is_taken_up() -> None:
    assert [number for number, _ in numbered([Packet(7), Packet(8), Packet(2)], first=3)] == [3, 3, 4]


def test_an_extent_grows_in_both_directions() -> None:
    extent = Extent(10, 20)
    extent.take(12, 18)
    assert extent == Extent(10, 20)
    extent.take(8, 15)
    extent.take(19, 25)
    assert extent == Extent(8, 25)


@pytest.mark.parametrize(
    ("extents", "moved"),
    [
        ([], [0]),
        ([(0, 100)], [0]),
        ([(0, 100), (100, 200)], [0, 0]),
        ([(0, 100), (103, 200)], [0, -3]),  # late
        ([(0, 100), (98, 200)], [0, 2]),  # early
        ([(0, 100), (103, 200), (203, 300)], [0, -3, -6]),  # each is put behind the one before it
        ([(0, 100), (110, 200)], [0, -10]),  # just as far as a correction may be
        ([(0, 100), (90, 200)], [0, 10]),
        ([(0, 100), (111, 200)], [0, 0]),  # meant: nothing is shown there
        ([(0, 100), (89, 200)], [0, 0]),
        ([(0, 100), (104, 200), (500, 600), (602, 700)], [0, -4, -4, -6]),
    ],
)
def test_stretches_are_put_one_behind_the_other(extents: list[tuple[int, int]], moved: list[int]) -> None:
    assert corrections([Extent(*extent) for extent in extents], most=10) == moved
