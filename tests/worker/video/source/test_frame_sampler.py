"""The sampling grid filled with pictures: which frames each chunk has, what is held, and where gaps are told."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from av.video.frame import VideoFrame

from worker.video.source.frame_convert import Pixels
from worker.video.source.frame_sampler import NO_PICTURE_YET, UNDECODABLE, ClipPart, FrameSampler
from worker.video.source.sample import SamplingGrid

CHUNK_MS = 2000


class Watching:
    """A sampler at two frames a second; a picture's value is the number it was shown with."""

    def __init__(self, start_ms: int = 0, fps: float = 2.0, first_chunk: int = 0) -> None:
        self.painted: list[int] = []
        self.parts: list[ClipPart] = []
        self.sampler = FrameSampler(SamplingGrid.of(start_ms, fps, CHUNK_MS), self._convert, first_chunk)

    def _convert(self, frame: VideoFrame) -> Pixels:
        assert frame.pts is not None
        self.painted.append(frame.pts)
        return np.full((1, 1, 3), frame.pts, np.uint8)

    def show(self, *times_ms: int) -> Watching:
        for at_ms in times_ms:
            frame = VideoFrame(2, 2, "rgb24")
            frame.pts = at_ms // 100
            self._keep(self.sampler.show(Fraction(at_ms, 1000), frame))
        return self

    def damage(self, at_ms: int) -> Watching:
        self.sampler.damage(Fraction(at_ms, 1000))
        return self

    def finish(self, end_ms: int) -> Watching:
        self._keep(self.sampler.finish(Fraction(end_ms, 1000)))
        return self

    def _keep(self, parts: Iterator[ClipPart]) -> None:
        self.parts += parts

    @property
    def frames(self) -> list[list[tuple[int, int]]]:
        """Of each chunk its frames: the time, and the picture by the tenth of a second at which it was shown."""
        return [[(frame.pts_ms, int(frame.pixels[0, 0, 0])) for frame in part.chunk.frames] for part in self.parts]

    @property
    def spans(self) -> list[tuple[int, int, int]]:
        return [(part.chunk.index, part.chunk.start_ms, part.chunk.end_ms) for part in self.parts]

    @property
    def gaps(self) -> list[list[tuple[int, int | None, str]]]:
        return [[(gap.start_ms, gap.end_ms, gap.reason) for gap in part.gaps] for part in self.parts]


def test_every_slot_has_the_first_picture_that_starts_in_it() -> None:
    seen = Watching().show(0, 200, 500, 700, 1000, 1500, 2000, 2500).finish(3000)
    assert seen.frames == [[(0, 0), (500, 5), (1000, 10), (1500, 15)], [(2000, 20), (2500, 25)]]
    assert seen.spans == [(0, 0, 2000), (1, 2000, 3000)]
    assert seen.gaps == [[], []]


def test_a_picture_is_stamped_with_its_own_time_inside_its_slot() -> None:
    assert Watching().show(100, 600).finish(1000).frames == [[(100, 1), (600, 6)]]


def test_a_picture_a_moment_early_is_stamped_with_the_start_of_its_slot() -> None:
    """Containers round times to milliseconds."""
    seen = Watching(fps=3.0).show(0, 333, 666).finish(1000)
    assert [at for at, _ in seen.frames[0]] == [0, 333, 667]


def test_a_still_picture_is_held_and_painted_once() -> None:
    seen = Watching().show(0, 2600).finish(3000)
    assert seen.frames == [[(0, 0), (500, 0), (1000, 0), (1500, 0)], [(2000, 0), (2600, 26)]]
    assert seen.painted == [0, 26]


def test_a_picture_that_is_never_sampled_is_never_painted() -> None:
    assert Watching().show(0, 100, 200, 300).finish(400).painted == [0]


def test_a_held_picture_is_the_last_one_not_the_last_sample() -> None:
    assert Watching().show(0, 300).finish(1000).frames == [[(0, 0), (500, 3)]]


def test_chunks_are_handed_out_as_soon_as_they_are_complete() -> None:
    seen = Watching().show(0, 500, 1000, 1500)
    assert seen.parts == []
    assert seen.show(2000).spans == [(0, 0, 2000)]


def test_a_clip_that_starts_later_has_no_pictures_from_before_it() -> None:
    seen = Watching(start_ms=10_000).show(9_000, 9_900, 10_600).finish(11_000)
    assert seen.frames == [[(10_000, 99), (10_600, 106)]], "the picture on the screen at the start is the clip's first"
    assert seen.spans == [(0, 10_000, 11_000)]


def test_a_resumed_clip_goes_on_at_its_chunk() -> None:
    seen = Watching(first_chunk=2).show(4000, 4500).finish(5000)
    assert seen.spans == [(2, 4000, 5000)]
    assert seen.frames == [[(4000, 40), (4500, 45)]]


def test_the_end_of_a_clip_ends_its_last_chunk() -> None:
    assert Watching().show(0).finish(700).spans == [(0, 0, 700)]
    assert Watching().show(0).finish(2000).spans == [(0, 0, 2000)]
    assert Watching().show(0).finish(2001).spans == [(0, 0, 2000)], "containers round times to milliseconds"
    assert Watching().show(0).finish(2002).spans == [(0, 0, 2000), (1, 2000, 2002)]
    assert Watching().show(0).finish(5000).spans == [(0, 0, 2000), (1, 2000, 4000), (2, 4000, 5000)]


def test_nothing_is_shown_between_damage_and_the_next_clean_picture() -> None:
    seen = Watching().show(0, 500).damage(700).show(1600).finish(2000)
    assert seen.frames == [[(0, 0), (500, 5), (1600, 16)]]
    assert seen.gaps == [[(700, 1600, UNDECODABLE)]]


def test_damage_begins_after_the_last_clean_picture() -> None:
    assert Watching().show(0, 800).damage(300).show(1200).finish(1500).gaps == [[(800, 1200, UNDECODABLE)]]


@pytest.mark.parametrize("order", [(600, 900), (900, 600)])
def test_a_gap_begins_where_the_first_of_several_faults_is(order: tuple[int, int]) -> None:
    seen = Watching().show(0).damage(order[0]).damage(order[1]).show(1400).finish(1500)
    assert seen.gaps == [[(600, 1400, UNDECODABLE)]]


def test_damage_within_a_slot_leaves_the_picture_that_came_before_it() -> None:
    """The slot's own picture was there already; the next slot has none."""
    seen = Watching().show(0, 500).damage(600).finish(1500)
    assert seen.frames == [[(0, 0), (500, 5)]]
    assert seen.gaps == [[(600, 1500, UNDECODABLE)]]


def test_damage_that_begins_with_a_slot_leaves_the_slot_before_it_whole() -> None:
    seen = Watching().show(0).damage(1000).show(1500).finish(2000)
    assert seen.frames == [[(0, 0), (500, 0), (1500, 15)]]


def test_a_gap_over_several_chunks_is_told_in_each() -> None:
    seen = Watching().show(0).damage(1000).show(5000).finish(6000)
    assert seen.gaps == [
        [(1000, 2000, UNDECODABLE)],
        [(2000, 4000, UNDECODABLE)],
        [(4000, 5000, UNDECODABLE)],
    ]
    assert [len(frames) for frames in seen.frames] == [2, 0, 2]


def test_before_the_first_picture_is_a_gap_when_it_comes_late() -> None:
    seen = Watching().show(1700).finish(2000)
    assert seen.frames == [[(1700, 17)]]
    assert seen.gaps == [[(0, 1700, NO_PICTURE_YET)]]
    assert Watching().show(400).finish(1000).gaps == [[]], "within the first slot nothing is missing"


def test_a_video_without_a_picture_is_chunks_without_frames() -> None:
    seen = Watching().damage(0).finish(3000)
    assert seen.frames == [[], []]
    assert seen.gaps == [[(0, 2000, UNDECODABLE)], [(2000, 3000, UNDECODABLE)]]


def test_a_joint_is_told_in_the_chunk_that_it_lies_in() -> None:
    seen = Watching()
    seen.show(0, 500)
    seen.sampler.jump(Fraction(5, 2), "joined")
    seen.show(1000, 1500, 2000, 2500).finish(4000)
    assert seen.gaps == [[], [(2500, 2500, "joined")]]


def test_a_joint_before_the_clip_is_not_told() -> None:
    seen = Watching(start_ms=10_000)
    seen.sampler.jump(Fraction(9), "joined")
    assert seen.show(10_000).finish(11_000).gaps == [[]]


def test_a_gap_that_ends_with_a_chunk_is_not_told_in_the_next() -> None:
    seen = Watching().show(0).damage(1500).show(2000, 2500).finish(4000)
    assert seen.gaps == [[(1500, 2000, UNDECODABLE)], []]


def lapsed(seen: Watching, *times_ms: int) -> Watching:
    """Live input of which nothing has come up to these times."""
    for at_ms in times_ms:
        seen._keep(seen.sampler.lapse(Fraction(at_ms, 1000)))
    return seen


def test_of_live_input_that_stays_away_every_chunk_is_told_when_it_is_over() -> None:
    seen = Watching().show(0, 500).damage(1200)
    assert lapsed(seen, 1900, 2100).parts == []
    assert lapsed(seen, 2600).spans == [(0, 0, 2000)], "a slot of the next chunk is over"
    assert seen.frames == [[(0, 0), (500, 5)]], "nothing is held into a slot with the damage"
    assert lapsed(seen, 6500).spans[1:] == [(1, 2000, 4000), (2, 4000, 6000)]
    seen.show(7000, 7500).finish(8000)
    assert [[gap[:2] for gap in gaps] for gaps in seen.gaps] == [
        [(1200, 1900), (1900, 2000)],
        [(2000, 2100), (2100, 2600), (2600, 4000)],
        [(4000, 6000)],
        [(6000, 6500), (6500, 7000)],
    ]
    assert seen.frames[3] == [(7000, 70), (7500, 75)]


def test_a_lapse_that_ends_before_the_damage_says_nothing() -> None:
    seen = Watching().show(0).damage(1000)
    assert lapsed(seen, 400, 1000).show(1100).finish(2000).gaps == [[(1000, 1100, UNDECODABLE)]]
    late = lapsed(Watching(start_ms=10_000), 10_000).show(10_000).finish(11_000)
    assert late.gaps == [[]]


def test_damage_that_was_told_is_not_told_again() -> None:
    seen = lapsed(Watching().show(0).damage(500), 1500)
    seen.damage(700).show(1800).finish(2000)
    assert [gap[:2] for gap in seen.gaps[0]] == [(500, 1500), (1500, 1800)]
