"""Parts of a file: later starts, clips that are cut out, and files that break off."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from db.failures import Failure
from tests.worker.video.footage import (
    cut_off,
    damaged,
    looped,
    remuxed,
)
from tests.worker.video.source.seen import watch
from worker.errors import Permanent
from worker.video.source.decode import Clip
from worker.video.source.frame_sampler import NO_PICTURE_YET, UNDECODABLE


@pytest.mark.parametrize("first_chunk", [0, 1, 3, 5, 6])
def test_starting_at_a_chunk_gives_what_one_pass_gives(clip_mp4: Path, tmp_path: Path, first_chunk: int) -> None:
    path = looped(clip_mp4, tmp_path / "long.mp4", 11)
    whole, later = watch(path), watch(path, Clip(first_chunk=first_chunk))
    assert [c.index for c in later.chunks] == [c.index for c in whole.chunks[first_chunk:]]
    for one, other in zip(later.chunks, whole.chunks[first_chunk:], strict=True):
        assert (one.start_ms, one.end_ms, [f.pts_ms for f in one.frames]) == (
            other.start_ms,
            other.end_ms,
            [f.pts_ms for f in other.frames],
        )
        assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(one.frames, other.frames, strict=True))


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "h264"])
@pytest.mark.parametrize(("start_ms", "end_ms"), [(0, 1000), (700, 2300), (1950, None), (3900, 9000)])
def test_a_clip_is_cut_out_exactly(
    clip_mp4: Path, tmp_path: Path, suffix: str, start_ms: int, end_ms: int | None
) -> None:
    path = clip_mp4 if suffix == "mp4" else remuxed(clip_mp4, tmp_path / f"clip.{suffix}")
    with av.open(str(path)) as container:
        step_ms = 1000 / float(container.streams.video[0].guessed_rate)
    seen = watch(path, Clip(start_ms=start_ms, end_ms=end_ms, fps=5.0, chunk_ms=400))
    last_ms = min(end_ms or 10**9, round(120 * step_ms))
    assert seen.chunks[0].start_ms == start_ms
    assert abs(seen.end.end_ms - last_ms) <= 40
    assert all(start_ms <= ms < last_ms for ms in seen.times_ms)
    assert all(abs(n * step_ms - ms) <= step_ms + 1 for n, ms in zip(seen.numbers, seen.times_ms, strict=True))
    assert [c.start_ms for c in seen.chunks] == list(range(start_ms, seen.end.end_ms, 400))


def test_a_clip_after_the_end_is_refused(clip_mp4: Path) -> None:
    with pytest.raises(Permanent) as caught:
        watch(clip_mp4, Clip(start_ms=60_000))
    assert caught.value.code is Failure.BAD_PARAMS


def test_a_corrupt_stretch_is_a_gap_and_the_rest_is_there(clip_mp4: Path, tmp_path: Path) -> None:
    long = looped(clip_mp4, tmp_path / "long.mp4", 12)
    path = damaged(long, tmp_path / "bad.mp4", range(96, 204))
    seen = watch(path, Clip(fps=5.0))
    assert {gap.reason for gap in seen.gaps} == {UNDECODABLE}
    assert seen.gaps[0].start_ms == pytest.approx(3200, abs=300)
    assert seen.gaps[-1].end_ms == pytest.approx(6800, abs=500)
    assert [c.index for c in seen.chunks] == [0, 1, 2, 3, 4, 5]
    assert [n for n, ms in zip(seen.numbers, seen.times_ms, strict=True) if ms < 3000] == list(range(0, 90, 6))
    assert [n for n, ms in zip(seen.numbers, seen.times_ms, strict=True) if ms >= 8000] == list(range(0, 120, 6))
    assert sum((gap.end_ms or 0) - gap.start_ms for gap in seen.gaps) > 3000
    assert not seen.end.truncated


def test_without_the_first_keyframe_the_beginning_is_a_gap(clip_mp4: Path, tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    with av.open(str(clip_mp4)) as given, av.open(str(path), "w") as out:
        video = given.streams.video[0]
        stream = out.add_stream_from_template(video)
        for index, packet in enumerate(given.demux(video)):
            if packet.size and index >= 5:
                packet.stream = stream
                out.mux(packet)
    seen = watch(path, Clip(fps=10.0))
    assert seen.gaps[0].start_ms == 0
    assert seen.gaps[0].reason == NO_PICTURE_YET
    assert seen.times_ms[0] == seen.gaps[0].end_ms
    assert len(seen.frames) > 30


@pytest.mark.parametrize("share", [0.6, 0.75, 0.9])
@pytest.mark.parametrize("kind", ["faststart", "fragmented", "mkv"])
def test_a_file_that_breaks_off_says_so(clip_mp4: Path, tmp_path: Path, kind: str, share: float) -> None:
    options = {"faststart": "faststart", "fragmented": "frag_keyframe+empty_moov"}
    whole = tmp_path / ("whole.mkv" if kind == "mkv" else "whole.mp4")
    remuxed(clip_mp4, whole, {} if kind == "mkv" else {"movflags": options[kind]})
    seen = watch(cut_off(whole, tmp_path / f"cut{whole.suffix}", share))
    assert seen.end.truncated
    assert seen.numbers[:-1] == [0, 15, 30, 45, 60, 75, 90, 105][: len(seen.numbers) - 1]
    assert 0 < seen.end.end_ms < 4000
    assert seen.end.gaps[0].start_ms == seen.end.end_ms


def test_a_clip_before_the_break_is_whole(clip_mp4: Path, tmp_path: Path) -> None:
    whole = remuxed(clip_mp4, tmp_path / "whole.mp4", {"movflags": "faststart"})
    seen = watch(cut_off(whole, tmp_path / "cut.mp4", 0.7), Clip(end_ms=1000))
    assert not seen.end.truncated
    assert seen.end.end_ms == 1000
