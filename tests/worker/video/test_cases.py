"""Files that users had: edits, long groups, glued and straying clocks, foreign bytes, tracks of one picture, long sound."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.packet import Packet

from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import VideoCaptionParams
from tests.worker.video.footage import number, numbered, remuxed, write_video
from tests.worker.video.matrix.check import watch
from worker.context import LocalContext
from worker.engines import load_engine
from worker.video.handler import caption_video
from worker.video.source.decode import Clip
from worker.video.source.probe import probe

BITS = 16
SIZE = (128, 32)


def shown(path: Path, clip: Clip) -> list[tuple[int, int]]:
    """(milliseconds, number) of every picture of a clip."""
    watched = watch(path, probe(path), clip)
    assert not watched.gaps
    return [(f.pts_ms, number(f.pixels, BITS)) for chunk in watched.chunks for f in chunk.frames]


def recording(path: Path, seconds: int = 40, **options: str) -> Path:
    coder = {"g": "250", "bf": "2", "preset": "ultrafast", "b_strategy": "0", **options}
    return write_video(path, numbered(25 * seconds, *SIZE, bits=BITS), rate=25, options=coder)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recording(tmp_path_factory.mktemp("cases") / "plain.mp4")


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += size


def box(kind: bytes, *contents: bytes) -> bytes:
    body = b"".join(contents)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def edited(source: Path, target: Path, spans_s: Sequence[tuple[int, int]]) -> Path:
    """An MP4 whose video shows these stretches of its media by an edit list (ISO/IEC 14496-12, 8.6.6), as trims do."""
    total_s = sum(end - start for start, end in spans_s)

    def rebuilt(kind: bytes, body: bytes) -> bytes:
        if kind in (b"moov", b"trak", b"edts"):
            return box(kind, *(rebuilt(*inner) for inner in boxes(body)))
        if kind == b"mvhd":
            body = body[:16] + struct.pack(">I", 1000 * total_s) + body[20:]
        if kind == b"tkhd":
            body = body[:20] + struct.pack(">I", 1000 * total_s) + body[24:]
        if kind == b"elst":
            first = int.from_bytes(body[12:16], "big")
            edits = (struct.pack(">IiI", 1000 * (b - a), first + a * ticks, 0x10000) for a, b in spans_s)
            body = struct.pack(">II", 0, len(spans_s)) + b"".join(edits)
        return box(kind, body)

    with av.open(str(source)) as container:
        base = container.streams.video[0].time_base
        assert base is not None
        ticks = round(1 / base)
    target.write_bytes(b"".join(rebuilt(*inner) for inner in boxes(source.read_bytes())))
    return target


STARTS = [Clip(fps=25.0), Clip(fps=25.0, start_ms=1240), Clip(fps=25.0, first_chunk=2)]


@pytest.mark.parametrize("clip", STARTS, ids=["beginning", "later", "resumed"])
@pytest.mark.parametrize(
    "spans_s", [[(12, 18)], [(2, 8), (14, 20), (33, 38)], [(0, 6), (3, 9)], [(11, 12), (11, 12), (11, 13)]], ids=str
)
def test_an_edit_list_shows_its_stretches_and_nothing_else(
    plain: Path, tmp_path: Path, spans_s: list[tuple[int, int]], clip: Clip
) -> None:
    path = edited(plain, tmp_path / "edited.mp4", spans_s)
    total_ms = 1000 * sum(end - start for start, end in spans_s)
    right = [25 * start + k for start, end in spans_s for k in range(25 * (end - start))]
    assert probe(path).duration_ms == total_ms
    from_ms = max(clip.start_ms, clip.first_chunk * clip.chunk_ms)
    assert shown(path, clip) == [(40 * k, n) for k, n in enumerate(right) if 40 * k >= from_ms]


@pytest.mark.parametrize("suffix", ["ts", "mpg"])
@pytest.mark.parametrize("start_ms", [3000, 9960, 12_000, 29_000])
def test_a_start_inside_of_a_long_group_shows_its_pictures(tmp_path: Path, suffix: str, start_ms: int) -> None:
    codec = "libx264" if suffix == "ts" else "mpeg2video"
    path = write_video(
        tmp_path / f"long.{suffix}",
        numbered(1000, *SIZE, bits=BITS),
        rate=25,
        codec=codec,
        options={"g": "250", "bf": "2"},
    )
    assert shown(path, Clip(fps=1.0, start_ms=start_ms))[:3] == [
        (start_ms + 1000 * k, start_ms // 40 + 25 * k) for k in range(3)
    ]


def test_a_resume_during_gradual_refresh_enters_one_refresh_earlier(tmp_path: Path) -> None:
    path = recording(tmp_path / "refresh.mp4", 12, bf="0", **{"x264-params": "intra-refresh=1:keyint=30"})
    for chunk in range(1, 6):
        assert shown(path, Clip(fps=25.0, first_chunk=chunk)) == [(40 * k, k) for k in range(50 * chunk, 300)]


@pytest.mark.parametrize("suffix", ["mkv", "nut"])
def test_a_length_is_counted_from_the_first_picture(tmp_path: Path, suffix: str) -> None:
    """The duration that these containers tell is the stamp of the end."""
    times_s = [3600 + k / 25 for k in range(100)]
    path = write_video(
        tmp_path / f"late.{suffix}", numbered(100, *SIZE, bits=BITS), rate=25, times_s=times_s, options={"bf": "0"}
    )
    known = probe(path)
    assert known.duration_ms == pytest.approx(4000, abs=2)
    assert known.announced_ms == pytest.approx(4000, abs=100)
    assert shown(path, Clip(fps=1.0)) == [(1000 * k, 25 * k) for k in range(4)]


def test_a_start_at_an_outlier_after_a_keyframe(tmp_path: Path) -> None:
    """The keyframe itself has the odd stamp: reading enters before it."""
    path = tmp_path / "odd.mkv"
    source = recording(tmp_path / "a.mp4", 12, g="50", bf="0")
    with av.open(str(source)) as given, av.open(str(path), "w") as out:
        video = given.streams.video[0]
        stream = out.add_stream_from_template(video)
        for index, packet in enumerate(given.demux(video)):
            if packet.size:
                assert packet.pts is not None
                packet.pts += round(20 / packet.time_base) * (index == 150)
                packet.stream = stream
                out.mux(packet)
    for start_ms in (5960, 6000, 6040):
        assert shown(path, Clip(fps=25.0, start_ms=start_ms, end_ms=8000)) == [
            (40 * k, k) for k in range(start_ms // 40, 200)
        ]


def with_sound(source: Path, target: Path, seconds: float) -> Path:
    """The pictures of a video beside silence of another length."""
    with av.open(str(source)) as given, av.open(str(target), "w") as out:
        video = given.streams.video[0]
        stream = out.add_stream_from_template(video)
        sound = out.add_stream("aac", rate=48_000)
        for packet in given.demux(video):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
        for index in range(round(seconds * 48_000 / 1024)):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48_000, index * 1024
            out.mux(sound.encode(frame))
        out.mux(sound.encode())
    return target


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "flv"])
@pytest.mark.parametrize("clip", [Clip(), Clip(first_chunk=4)], ids=["beginning", "after the last picture"])
def test_the_last_picture_stands_to_the_end_of_the_sound(tmp_path: Path, suffix: str, clip: Clip) -> None:
    source = recording(tmp_path / "a.mp4", 2)
    path = with_sound(source, tmp_path / f"b.{suffix}", 15)
    watched = watch(path, probe(path), clip)
    assert watched.end.end_ms == pytest.approx(15_000, abs=80)
    assert not watched.end.truncated
    assert {number(f.pixels, BITS) for f in watched.chunks[-1].frames} == {49}
    assert all(chunk.frames for chunk in watched.chunks)


def test_sound_that_ends_a_little_later_adds_nothing(tmp_path: Path) -> None:
    path = with_sound(recording(tmp_path / "a.mp4", 4), tmp_path / "b.mp4", 4.2)
    assert probe(path).duration_ms == 4000


def test_a_track_of_one_picture_is_not_preferred(plain: Path, tmp_path: Path) -> None:
    """A cover that is a track like any other, first, larger and marked as the default."""
    cover = write_video(tmp_path / "cover.mp4", numbered(1, 640, 480, bits=BITS))
    path = tmp_path / "both.mp4"
    with av.open(str(cover)) as one, av.open(str(plain)) as other, av.open(str(path), "w") as out:
        tracks = [(given, out.add_stream_from_template(given.streams.video[0])) for given in (one, other)]
        tracks[0][1].disposition = av.stream.Disposition.default
        packets: list[Packet] = []
        for given, stream in tracks:
            for packet in given.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    packets.append(packet)
        for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
            out.mux(packet)
    assert probe(path).timeline.pictures == 1000
    assert shown(path, Clip(fps=1.0))[:3] == [(0, 0), (1000, 25), (2000, 50)]


@pytest.mark.parametrize("suffix", ["mp4", "mov"])
def test_foreign_bytes_after_the_last_box_are_no_damage(plain: Path, tmp_path: Path, suffix: str) -> None:
    path = remuxed(plain, tmp_path / f"signed.{suffix}")
    with path.open("ab") as file:
        file.write(b"recorded by a camera that signs its files ok")
    assert not watch(path, probe(path), Clip()).end.truncated


@pytest.mark.parametrize("mode", ["stream", "parallel"])
def test_a_glued_recording_is_captioned_to_its_end(tmp_path: Path, mode: str) -> None:
    once = remuxed(recording(tmp_path / "a.mp4", 8, g="25"), tmp_path / "a.ts")
    path = tmp_path / "twice.ts"
    path.write_bytes(once.read_bytes() * 2)
    body = {"video": MediaInput(asset_id="x"), "mode": mode, "segments": 4, "warmup_ms": 2000}
    job = LocalContext(load_engine("fake"), path)
    result = caption_video(VideoCaptionParams.model_validate(body), job)
    assert result.duration_ms == 16_000  # type: ignore[union-attr]
    assert result.chunks == 8  # type: ignore[union-attr]
    assert [round(gap.start_ms, -2) for gap in job.gaps] == [8000]


def test_times_are_those_of_the_first_presentation(tmp_path: Path) -> None:
    """Pictures that start later than the sound keep their distance, from every start."""
    source = recording(tmp_path / "a.mp4", 6, g="25", bf="0")
    late = tmp_path / "late.mp4"
    with av.open(str(source)) as given, av.open(str(late), "w") as out:
        video = given.streams.video[0]
        stream = out.add_stream_from_template(video)
        for packet in given.demux(video):
            if packet.size:
                assert packet.pts is not None
                assert packet.dts is not None
                shift = round(Fraction(2) / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                out.mux(packet)
    path = with_sound(late, tmp_path / "b.ts", 8)
    for clip in (Clip(fps=1.0, start_ms=2000), Clip(fps=1.0, first_chunk=1)):
        times = [ms for ms, _ in shown(path, clip)]
        assert times[0] == pytest.approx(2000, abs=60)
