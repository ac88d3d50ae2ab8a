"""The whole of a video by its packets: how long it is, where it may be entered, and that every entry reads the same on."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.worker.video.footage import cut_off, numbered, remuxed, write_video
from worker.video.source.entering import entered
from worker.video.source.packets import demuxed
from worker.video.source.probe import opened
from worker.video.source.timeline import EntryPoint, Timeline, timeline

PICTURES, RATE, GROUP = 100, 25, 10
CODING = {"g": str(GROUP), "bf": "2", "sc_threshold": "0", "preset": "ultrafast", "x264-params": "scenecut=0:bframes=2"}
CONTAINERS = ("mp4", "mkv", "ts", "flv", "mov")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """4 s of 25 pictures/s, a keyframe every 0.4 s, pictures coded in another order than shown."""
    path = tmp_path_factory.mktemp("timeline") / "recording.mp4"
    return write_video(path, numbered(PICTURES), rate=RATE, options=CODING)


def line_of(path: Path) -> Timeline:
    with opened(path) as (container, stream):
        return timeline(container, stream)


def in_container(recording: Path, suffix: str) -> Path:
    target = recording.with_name(f"copy.{suffix}")
    if not target.exists():
        remuxed(recording, target)
    return target


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_length_and_pictures_are_those_of_the_recording(recording: Path, suffix: str) -> None:
    line = line_of(in_container(recording, suffix))
    assert (line.pictures, line.joints, line.broke_off) == (PICTURES, 0, False)
    assert abs(line.end_s - Fraction(PICTURES, RATE)) <= Fraction(3, 1000), "containers round to milliseconds"
    assert line.step_s == Fraction(1, RATE)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "mov"])
def test_entries_are_keyframes_half_a_second_apart_by_their_time_on_the_screen(recording: Path, suffix: str) -> None:
    line = line_of(in_container(recording, suffix))
    assert [round(float(entry.time_s), 2) for entry in line.entries] == [0, 0.8, 1.6, 2.4, 3.2]


def test_the_entry_for_a_time_is_the_last_one_before_it(recording: Path) -> None:
    line = line_of(recording)
    assert line.entry(Fraction(0)) is None, "the first entry is the beginning"
    assert line.entry(Fraction(79, 100)) is None
    assert line.entry(Fraction(8, 10)) is line.entries[1]
    assert line.entry(Fraction(159, 100)) is line.entries[1]
    assert line.entry(Fraction(100)) is line.entries[-1]


def test_times_begin_with_the_first_picture_shown(tmp_path: Path) -> None:
    times_s = [3600 + k / RATE for k in range(20)]
    path = write_video(tmp_path / "late.mkv", numbered(20), rate=RATE, times_s=times_s)
    line = line_of(path)
    assert line.origin_s == 3600
    assert line.seconds(round(Fraction(3601) / line.time_base)) == 1
    assert abs(line.end_s - Fraction(20, RATE)) <= Fraction(2, 1000)


def test_a_picture_that_stands_still_is_part_of_the_length(tmp_path: Path) -> None:
    times_s = [k / RATE for k in range(10)] + [30 + k / RATE for k in range(10)]
    line = line_of(write_video(tmp_path / "still.mkv", numbered(20), rate=RATE, times_s=times_s))
    assert (line.pictures, line.joints) == (20, 0)
    assert abs(float(line.end_s) - 30.4) < 0.01


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_every_entry_reads_on_as_one_pass_does(recording: Path, suffix: str) -> None:
    path = in_container(recording, suffix)
    line = line_of(path)
    whole = read(path, line, None)
    assert len(whole) == PICTURES
    assert len(line.entries) >= 4
    for entry in line.entries[1:]:
        part = read(path, line, entry)
        assert part == whole[len(whole) - len(part) :]
        shown = [line.seconds(pts) for pts, _ in part if pts is not None]
        assert min(shown) >= entry.time_s - Fraction(1, 1000)
        assert len(part) < len(whole)


def read(path: Path, line: Timeline, entry: EntryPoint | None) -> list[tuple[int | None, int]]:
    """What is believed of each packet's time, and its size."""
    with entered(path, entry) as source:
        assert source.entry == entry, "entered where it was asked for"
        return [(reading.pts, coded.packet.size) for coded, reading in line.read(source.packets, entry)]


def test_an_entry_is_one_packet_and_no_other(recording: Path) -> None:
    entry = line_of(recording).entries[2]
    with opened(recording) as (container, stream):
        packets = [packet for packet in demuxed(container, stream) if packet.stream is stream]
        (found,) = [packet for packet in packets if entry.is_at(packet)]
        assert (found.pos, found.size, found.dts, found.pts) == (entry.pos, entry.size_bytes, entry.dts, entry.pts)
        assert found.is_keyframe
        assert entry.dts is not None
        others = {
            "another size": replace(entry, size_bytes=entry.size_bytes + 1),
            "another place": replace(entry, pos=(entry.pos or 0) + 1),
            "another decoding stamp": replace(entry, dts=entry.dts + 1),
            "another presentation stamp": replace(entry, pts=(entry.pts or 0) + 1),
            "nothing known": replace(entry, dts=None, pts=None),
        }
        assert {name for name, other in others.items() if other.is_at(found)} == set()
        assert replace(entry, dts=None).is_at(found), "a stamp that FFmpeg lost after a seek"
        assert replace(entry, pts=None).is_at(found)


def test_a_place_that_is_not_in_the_file_is_reached_by_reading_from_the_beginning(recording: Path) -> None:
    for suffix in ("mp4", "ts", "flv"):
        path = in_container(recording, suffix)
        line = line_of(path)
        lost = replace(line.entries[2], size_bytes=1)
        with entered(path, lost) as source:
            assert source.entry is None
            assert sum(1 for _ in source.packets) == PICTURES
            assert not source.broke_off


def with_sound(path: Path, sound_s: float, sound_from_s: float = 0.0) -> Path:
    """Two seconds of pictures and so much sound beside them."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = out.add_stream("pcm_s16le", rate=8000)
        sound.layout = "mono"
        for frame in numbered(2 * RATE):
            out.mux(video.encode(frame))
        out.mux(video.encode())
        for k in range(round(sound_s * 10)):
            block = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
            block.sample_rate, block.pts = 8000, round(sound_from_s * 8000) + 800 * k
            out.mux(sound.encode(block))
        out.mux(sound.encode())
    return path


@pytest.mark.parametrize(
    ("sound_s", "end_s"),
    [(1.0, 2.0), (2.0, 2.0), (2.4, 2.0), (2.5, 2.5), (2.6, 2.6), (5.0, 5.0)],
)
def test_sound_that_goes_on_much_longer_is_part_of_the_video(tmp_path: Path, sound_s: float, end_s: float) -> None:
    line = line_of(with_sound(tmp_path / "sound.mkv", sound_s))
    assert abs(float(line.end_s) - end_s) < 0.003
    assert line.pictures == 2 * RATE


def test_sound_far_away_says_nothing_of_the_end(tmp_path: Path) -> None:
    assert abs(float(line_of(with_sound(tmp_path / "far.mkv", 1.0, sound_from_s=5000)).end_s) - 2.0) < 0.003


def test_a_file_that_breaks_off_says_so(recording: Path, tmp_path: Path) -> None:
    front = remuxed(recording, tmp_path / "front.mp4", {"movflags": "faststart"})
    line = line_of(cut_off(front, tmp_path / "cut.mp4", 0.6))
    assert 10 < line.pictures < PICTURES
    assert 0 < line.end_s < Fraction(PICTURES, RATE)


def test_reading_through_can_be_stopped(recording: Path) -> None:
    def stop() -> None:
        raise InterruptedError

    with opened(recording) as (container, stream), pytest.raises(InterruptedError):
        timeline(container, stream, stop)
