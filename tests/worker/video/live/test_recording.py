"""A live source's own pictures kept in parts of a minute: each can be played, and together they stay within their limit."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from db.documents.kinds.live import RecordedPart
from tests.worker.video.footage import numbered, write_video
from worker.video.live.recording import Recorder

GROUP, PICTURES, RATE = 10, 60, 10
MUCH = 1 << 30


class Source:
    """Six seconds with a keyframe a second, taken at whatever times a test says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kept: dict[str, bytes] = {}

    def store(self, name: str, path: Path) -> None:
        self.kept[name] = path.read_bytes()

    def record(self, recorder: Recorder, seconds_a_group: float, first: int = 0) -> None:
        """Packets from `first` on, each group of pictures that much later than the one before."""
        with av.open(str(self.path)) as container:
            stream = container.streams.video[0]
            wanted = recorder.connected(container, stream)
            packets = [packet for packet in container.demux(*wanted) if packet.dts is not None]
            for number, packet in enumerate(packets[first:], first):
                recorder.take(packet, Fraction(number, GROUP) * Fraction(seconds_a_group))

    def recorder(self, most_bytes: int = MUCH, parts: list[RecordedPart] | None = None) -> Recorder:
        return Recorder(self.store, most_bytes, [] if parts is None else parts)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    options = {"g": str(GROUP), "bf": "0", "sc_threshold": "0"}
    return Source(write_video(tmp_path / "source.mp4", numbered(PICTURES), rate=RATE, options=options))


def pictures(data: bytes, folder: Path) -> int:
    path = folder / "part.mkv"
    path.write_bytes(data)
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_a_part_is_what_was_sent_named_by_its_beginning(source: Source, tmp_path: Path) -> None:
    recorder = source.recorder()
    source.record(recorder, 1)
    assert source.kept == {}, "it is still being written"
    recorder.close_part()
    (part,) = recorder.parts
    assert (part.name, part.start_ms, part.end_ms) == ("recording-0000000000.mkv", 0, 5900)
    assert part.size_bytes == len(source.kept[part.name])
    assert pictures(source.kept[part.name], tmp_path) == PICTURES
    recorder.close_part()
    assert (len(recorder.parts), recorder.ended) == (1, None), "there is nothing to close"
    recorder.close()


@pytest.mark.parametrize(
    ("seconds_a_group", "begins_ms"),
    [
        (30, [0, 60_000, 120_000]),  # every second keyframe is a minute later
        (29.9, [0, 89_700]),  # a part is a minute at least
        (60, [0, 60_000, 120_000, 180_000, 240_000, 300_000]),
    ],
)
def test_a_part_is_a_minute_and_begins_with_a_keyframe(
    source: Source, tmp_path: Path, seconds_a_group: float, begins_ms: list[int]
) -> None:
    recorder = source.recorder()
    source.record(recorder, seconds_a_group)
    recorder.close_part()
    assert [part.start_ms for part in recorder.parts] == begins_ms
    assert [*source.kept] == [f"recording-{begin:010d}.mkv" for begin in begins_ms]
    assert sum(pictures(data, tmp_path) for data in source.kept.values()) == PICTURES
    recorder.close()


def test_nothing_is_written_before_the_first_keyframe(source: Source, tmp_path: Path) -> None:
    recorder = source.recorder()
    source.record(recorder, 1, first=GROUP // 2)
    recorder.close_part()
    (part,) = recorder.parts
    assert (part.start_ms, pictures(source.kept[part.name], tmp_path)) == (1000, PICTURES - GROUP)
    recorder.close()


def test_a_part_that_goes_beyond_the_limit_is_not_kept_and_is_the_last(source: Source) -> None:
    whole = source.recorder()
    source.record(whole, 60)
    whole.close_part()
    sizes = [part.size_bytes for part in whole.parts]
    whole.close()
    source.kept.clear()
    for limit, kept in ((sum(sizes[:3]), 3), (sum(sizes[:3]) - 1, 2)):
        recorder = source.recorder(limit)
        source.record(recorder, 60)
        recorder.close_part()
        assert len(recorder.parts) == kept
        assert recorder.ended == f"max_record_bytes = {limit} is reached"
        recorder.close()
    again = source.recorder(sum(sizes[:3]), [*whole.parts[:3]])
    source.record(again, 60)
    assert (len(again.parts), again.ended is not None) == (3, True), "what earlier attempts kept counts"
    again.close()


def test_what_is_told_to_end_keeps_the_part_it_has_and_its_first_reason(source: Source) -> None:
    recorder = source.recorder()
    source.record(recorder, 1)
    recorder.end("the store is full")
    recorder.end("another reason")
    source.record(recorder, 1)
    recorder.close_part()
    assert (len(recorder.parts), len(source.kept), recorder.ended) == (1, 1, "the store is full")
    recorder.close()


def test_a_source_that_changes_within_a_part_breaks_it_off_and_another_is_begun(source: Source, tmp_path: Path) -> None:
    """Stamps that run back cannot be written into the same file."""
    recorder = source.recorder()
    source.record(recorder, 1)
    source.record(recorder, 1)
    recorder.close_part()
    assert len(recorder.parts) >= 1
    assert pictures(next(iter(source.kept.values())), tmp_path) >= PICTURES
    recorder.close()


def test_only_the_pictures_and_one_sound_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "sounds.mkv"
    with av.open(str(path), "w") as out:
        out.add_stream("libx264", rate=RATE).pix_fmt = "yuv420p"
        for _ in range(2):
            out.add_stream("pcm_s16le", rate=8000).layout = "mono"
        out.streams.video[0].width = out.streams.video[0].height = 64
        for frame in numbered(2, 64, 64):
            out.mux(out.streams.video[0].encode(frame))
        out.mux(out.streams.video[0].encode())
    recorder = Recorder(Source(path).store, MUCH, [])
    with av.open(str(path)) as container:
        wanted = recorder.connected(container, container.streams.video[0])
        assert [stream.index for stream in wanted] == [0, 1]
    recorder.close()
