"""Decoding: the right pictures at the right times, whatever the container, the codec, the rate or the damage."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.worker.video.footage import (
    grey,
    looped,
    number,
    numbered,
    pictures,
    remuxed,
    sample_clip,
    write_video,
)
from tests.worker.video.source.seen import SHORT_GROUPS, SIZE, watch
from worker.engine.protocol import Chunk
from worker.video.source.decode import Clip, ClipEnd, parts
from worker.video.source.probe import probe


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "flv", "mov", "h264", "nut"])
def test_containers_give_the_same_samples(clip_mp4: Path, tmp_path: Path, suffix: str) -> None:
    path = clip_mp4 if suffix == "mp4" else remuxed(clip_mp4, tmp_path / f"clip.{suffix}")
    seen = watch(path)
    assert seen.numbers == [0, 15, 30, 45, 60, 75, 90, 105]
    if suffix != "h264":  # a bare stream has no times, only a guessed rate
        assert seen.times_ms == [0, 500, 1000, 1500, 2000, 2500, 3000, 3500]
        assert [(c.index, c.start_ms, c.end_ms) for c in seen.chunks] == [(0, 0, 2000), (1, 2000, 4000)]
    assert not seen.gaps
    assert not seen.end.truncated


@pytest.mark.slow
@pytest.mark.parametrize(
    ("codec", "suffix", "options"),
    [
        ("libx264", "mp4", {"bf": "3", "g": "250"}),
        ("libx264", "mp4", {"bf": "3", "g": "20", "x264-params": "open-gop=1"}),
        ("libx264", "mp4", {"bf": "0", "x264-params": "intra-refresh=1:keyint=30"}),
        ("libx265", "mp4", {"x265-params": "log-level=none:keyint=24"}),
        ("libx265", "mp4", {"x265-params": "log-level=none:keyint=24:temporal-layers=2"}),
        ("mpeg4", "avi", {"g": "10"}),
        ("mpeg2video", "ts", {"g": "12", "bf": "2"}),
        ("libvpx-vp9", "webm", {"deadline": "realtime", "cpu-used": "8"}),
        ("libsvtav1", "mkv", {"preset": "12"}),
        ("mjpeg", "mov", {}),
    ],
)
@pytest.mark.parametrize("fps", [2.0, 7.0])
def test_skipping_changes_no_picture(
    tmp_path: Path, codec: str, suffix: str, options: dict[str, str], fps: float
) -> None:
    """The samples equal those picked from a decoder that leaves nothing out."""
    path = tmp_path / f"v.{suffix}"
    write_video(path, pictures(sample_clip("carphone_pristine.mp4"), 176, 144), codec=codec, options=options)
    seen = watch(path, Clip(fps=fps), (176, 144))
    assert seen.times_ms == [ms for ms, _ in every_picture(path, fps)]
    for frame, (_, pixels) in zip(seen.frames, every_picture(path, fps), strict=True):
        assert np.abs(frame.pixels.astype(int) - pixels.astype(int)).mean() < 1.0
    assert not seen.gaps


def test_coding_footage_leaves_no_real_time_process_behind(tmp_path: Path) -> None:
    write_video(tmp_path / "v.mkv", numbered(3), codec="libsvtav1", options={"preset": "12"})
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def every_picture(path: Path, fps: float) -> list[tuple[int, np.ndarray]]:
    """The oracle: decode all, then take the first picture of each slot."""
    rate, seen, taken = Fraction(fps).limit_denominator(1001), set(), []
    with av.open(str(path)) as container:
        origin = Fraction(container.start_time or 0, 1_000_000)
        for frame in container.decode(video=0):
            time_s = frame.pts * frame.time_base - origin
            slot = int((time_s + Fraction(1, 1000)) * rate)
            if slot not in seen:
                seen.add(slot)
                shown_ms = max(round(time_s * 1000), round(slot / rate * 1000))
                taken.append((shown_ms, frame.to_ndarray(format="rgb24", interpolation="AREA")))
    return taken


def test_variable_rate_keeps_true_times_and_holds_the_picture_on_screen(tmp_path: Path) -> None:
    times_s = [0.0, 0.1, 0.73, 5.2, 5.25, 6.0]
    path = write_video(tmp_path / "v.mp4", numbered(6), times_s=times_s, options={"bf": "0"})
    seen = watch(path, Clip(fps=1.0, chunk_ms=2000))
    assert seen.times_ms == [0, 1000, 2000, 3000, 4000, 5200, 6000]
    assert seen.numbers == [0, 2, 2, 2, 2, 3, 5]
    assert not seen.gaps


def test_an_edit_list_moves_the_times(clip_mp4: Path, tmp_path: Path) -> None:
    """A copy that starts at 1.2 s carries an edit list over its keyframe at 0.8 s; its time 0 is the cut."""
    path = tmp_path / "edited.mp4"
    with av.open(str(clip_mp4)) as given, av.open(str(path), "w") as out:
        video = given.streams.video[0]
        stream = out.add_stream_from_template(video)
        for packet in given.demux(video):
            if packet.size and packet.pts * packet.time_base >= Fraction(4, 5):
                shift = round(Fraction(6, 5) / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, stream
                out.mux(packet)
    seen = watch(path)
    assert seen.times_ms[:3] == [0, 500, 1000]
    assert seen.numbers[:3] == [36, 51, 66]
    assert not seen.end.truncated


@pytest.mark.parametrize(
    ("name", "matrix"),
    [
        ("none", (1, 0, 0, 1)),
        ("quarter", (0, 1, -1, 0)),
        ("half", (-1, 0, 0, -1)),
        ("three quarters", (0, -1, 1, 0)),
        ("mirror", (-1, 0, 0, 1)),
        ("flip", (1, 0, 0, -1)),
        ("transpose", (0, 1, 1, 0)),
    ],
)
def test_pictures_stand_upright(tmp_path: Path, name: str, matrix: tuple[int, int, int, int]) -> None:
    """Corners of four greys go where the display matrix sends them."""
    corners = np.kron(np.array([[20, 90], [160, 230]], np.uint8), np.ones((48, 64), np.uint8))
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(np.repeat(corners[..., None], 3, 2)), format="rgb24")
    path = write_video(tmp_path / "v.mp4", [frame], options={"crf": "1"})
    with_matrix(path, matrix)
    known = probe(path)
    turned = matrix[0] == 0
    assert (known.width_px, known.height_px) == ((96, 128) if turned else (128, 96))
    pixels = watch(path, size=(48, 64) if turned else (64, 48)).frames[0].pixels
    a, b, c, d = matrix
    for x, y in [(-1, -1), (1, -1), (-1, 1), (1, 1)]:
        at_x, at_y = a * x + c * y, b * x + d * y
        height, width = pixels.shape[:2]
        shown = pixels[height // 2 + at_y * height // 4, width // 2 + at_x * width // 4].mean()
        assert shown == pytest.approx({(-1, -1): 20, (1, -1): 90, (-1, 1): 160, (1, 1): 230}[x, y], abs=6)


def with_matrix(path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Write a display matrix into the track header of an MP4."""
    data = bytearray(path.read_bytes())
    at = data.find(b"tkhd") + 44
    a, b, c, d = (number << 16 for number in matrix)
    for place, value in enumerate((a, b, 0, c, d, 0, 0, 0, 1 << 30)):
        data[at + 4 * place : at + 4 * place + 4] = value.to_bytes(4, "big", signed=True)
    path.write_bytes(data)


def test_a_change_of_resolution_keeps_the_frame_size(tmp_path: Path) -> None:
    """Two streams glued together, as transport streams may be: other size, other shape."""
    wide = write_video(tmp_path / "a.ts", numbered(30, 128, 96), options=SHORT_GROUPS)
    tall = write_video(tmp_path / "b.ts", numbered(30, 96, 128), options=SHORT_GROUPS)
    path = tmp_path / "both.ts"
    path.write_bytes(wide.read_bytes() + tall.read_bytes())
    seen = watch(path, size=(64, 48))
    assert {frame.pixels.shape for frame in seen.frames} == {(48, 64, 3)}
    assert len(seen.frames) >= 4
    assert seen.frames[-1].pixels[:, :8].mean() < 3  # bars, not a distorted picture
    assert seen.times_ms == sorted(seen.times_ms)


def test_timestamps_that_start_over_are_joined(clip_mp4: Path, tmp_path: Path) -> None:
    once = remuxed(clip_mp4, tmp_path / "once.ts")
    path = tmp_path / "twice.ts"
    path.write_bytes(once.read_bytes() * 2)
    seen = watch(path)
    assert seen.times_ms[-1] == pytest.approx(7500, abs=200)
    assert len(seen.frames) >= 15
    assert any("leap" in gap.reason for gap in seen.gaps)


@pytest.mark.parametrize("size", [(34, 2), (97, 33), (641, 359)])
def test_odd_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    path = write_video(tmp_path / "odd.mkv", (grey(120, *size) for _ in range(10)), codec="mjpeg")
    seen = watch(path)
    assert probe(path).width_px == size[0]
    assert seen.frames[0].pixels.shape == (48, 64, 3)
    assert seen.frames[0].pixels.mean() == pytest.approx(120, abs=4)


def test_one_picture_is_a_video(tmp_path: Path) -> None:
    seen = watch(write_video(tmp_path / "one.mp4", numbered(1)))
    assert seen.times_ms == [0]
    assert [(c.start_ms, c.end_ms) for c in seen.chunks] == [(0, 33)]
    assert seen.end == ClipEnd(33, truncated=False)


def test_pixel_aspect_counts(tmp_path: Path) -> None:
    path = tmp_path / "wide.mp4"
    write_video(path, numbered(3, 64, 48), options={"x264-params": "sar=2/1"})
    assert (probe(path).width_px, probe(path).height_px) == (128, 48)


def resident_kib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4


@pytest.mark.slow
def test_memory_is_flat(tmp_path: Path) -> None:
    once = write_video(
        tmp_path / "once.mp4", pictures(sample_clip("bikes.mp4"), 640, 360), options={"preset": "ultrafast"}
    )
    path = looped(once, tmp_path / "long.mp4", 240)
    levels: list[int] = []
    for index, _ in enumerate(parts(path, probe(path), Clip(), SIZE)):
        if index % 10 == 9:
            levels.append(resident_kib())
    assert max(levels[2:]) - levels[1] < 8 * 1024, levels


@pytest.mark.slow
def test_every_time_is_in_its_chunk_over_an_hour(tmp_path: Path) -> None:
    """No drift: an odd rate, looped to an hour."""
    once = write_video(
        tmp_path / "once.mp4", numbered(200, 32, 16), rate=25, options={"preset": "ultrafast", "g": "50"}
    )
    path = looped(once, tmp_path / "hour.mp4", 3600)
    seen: Sequence[Chunk] = watch(path, Clip(fps=0.5, chunk_ms=10_000), (32, 16)).chunks
    assert len(seen) == 360
    for chunk in seen:
        assert len(chunk.frames) == 5
        assert [f.pts_ms for f in chunk.frames] == [chunk.start_ms + 2000 * k for k in range(5)]
        assert [number(f.pixels) for f in chunk.frames] == [f.pts_ms // 40 % 200 for f in chunk.frames]
