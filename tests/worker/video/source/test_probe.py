"""Broken and hostile inputs: each is refused with the code that tells the client why, and nothing else happens."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from db.failures import Failure
from tests.worker.video.footage import cut_off, grey, numbered, remuxed, write_video
from worker.errors import Permanent, Stopped
from worker.video.source.probe import probe
from worker.video.source.sniff import head, missing_bytes, playlist, sniff


def refused(path: Path) -> Failure:
    with pytest.raises(Permanent) as caught:
        probe(path)
    return caught.value.code


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Failure.INVALID_MEDIA),
        (b"This is a letter, not a video.\n" * 200, Failure.INVALID_MEDIA),
        (b"<html><body>404</body></html>", Failure.INVALID_MEDIA),
        (bytes(100_000), Failure.INVALID_MEDIA),
        (np.random.default_rng(1).bytes(200_000), Failure.INVALID_MEDIA),
        (b"#EXTM3U\n#EXTINF:10,\nhttp://169.254.169.254/secret.ts\n", Failure.UNSUPPORTED),
        (b"\xef\xbb\xbf#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", Failure.UNSUPPORTED),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", Failure.UNSUPPORTED),
        (b"<?xml version='1.0'?>\n<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'/>", Failure.UNSUPPORTED),
        (b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n", Failure.UNSUPPORTED),
        (b"testsrc=size=64x64:rate=30", Failure.INVALID_MEDIA),
        (b"YUV4MPEG2 W100000 H100000 F30:1 C420\nFRAME\n" + bytes(10_000), None),
        (b"\x89PNG\r\n\x1a\n" + bytes(1000), Failure.INVALID_MEDIA),
    ],
)
def test_what_is_no_video(tmp_path: Path, data: bytes, code: Failure | None) -> None:
    found = refused(written(tmp_path / "video.mp4", data))
    assert found is code or (code is None and found in (Failure.TOO_LARGE, Failure.INVALID_MEDIA))


def test_a_picture_by_its_pattern_name_is_not_opened(tmp_path: Path) -> None:
    """`image2` would read a series of files from one name."""
    picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
    path = tmp_path / "frame%03d.jpg"
    picture.to_image().save(tmp_path / "frame001.jpg")
    path.write_bytes((tmp_path / "frame001.jpg").read_bytes())
    assert refused(path) is Failure.INVALID_MEDIA


def test_a_header_of_a_hundred_thousand_pixels_a_side(tmp_path: Path) -> None:
    """Matroska says 100,000 x 100,000 of raw video: refused before anything of that size is allocated."""
    path = write_video(tmp_path / "v.mkv", numbered(2, 64, 48), codec="ffv1")
    data = path.read_bytes()
    data = data.replace(b"\xb0\x81\x40\xba\x81\x30", b"\xb0\x83\x01\x86\xa0\xba\x83\x01\x86\xa0")
    assert b"\x01\x86\xa0" in data, "the header of the test file is not where it was"
    assert refused(written(tmp_path / "huge.mkv", data)) in (Failure.TOO_LARGE, Failure.INVALID_MEDIA)


def test_a_file_of_sound_only(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000)
        for index in range(10):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48_000, index * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(Permanent, match="no video stream") as caught:
        probe(path)
    assert caught.value.code is Failure.INVALID_MEDIA


def test_an_mp4_without_any_picture(tmp_path: Path) -> None:
    """Zero duration: the header of a fragmented file whose fragments never came."""
    whole = write_video(tmp_path / "a.mp4", numbered(10))
    remuxed(whole, tmp_path / "frag.mp4", {"movflags": "frag_keyframe+empty_moov"})
    data = (tmp_path / "frag.mp4").read_bytes()
    assert refused(written(tmp_path / "b.mp4", data[: data.index(b"moof") - 4])) is Failure.INVALID_MEDIA


def test_an_mp4_cut_before_its_index_is_truncated(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "a.mp4", numbered(30))
    assert refused(cut_off(whole, tmp_path / "b.mp4", 0.5)) is Failure.TRUNCATED_MEDIA


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi"])
def test_missing_bytes_are_counted_by_structure(tmp_path: Path, suffix: str) -> None:
    codec = "mpeg4" if suffix == "avi" else "libx264"
    whole = write_video(tmp_path / f"a.{suffix}", numbered(60), codec=codec)
    size = whole.stat().st_size
    assert missing_bytes(whole) == 0
    assert missing_bytes(cut_off(whole, tmp_path / f"b.{suffix}", 0.9)) == pytest.approx(size * 0.1, abs=size * 0.09)


@pytest.mark.parametrize(
    ("suffix", "media_type"),
    [
        ("mp4", "video/mp4"),
        ("mov", "video/quicktime"),
        ("mkv", "video/x-matroska"),
        ("ts", "video/mp2t"),
        ("flv", "video/x-flv"),
        ("nut", "video/x-nut"),
    ],
)
def test_the_container_is_told_by_its_first_bytes(tmp_path: Path, suffix: str, media_type: str) -> None:
    data = write_video(tmp_path / f"a.{suffix}", numbered(3)).read_bytes()
    assert sniff(data) == media_type
    assert playlist(data) is None


FAMILY = {"libx264": "h264", "libx265": "hevc", "libsvtav1": "libdav1d"}
CAMERAS = {
    # ending: (FFmpeg's container, codec, what the bytes are)
    "ts": ("mpegts", "libx264", "video/mp2t"),
    "mod": ("vob", "mpeg2video", "video/mpeg"),
    "asf": ("asf", "msmpeg4", "video/x-ms-asf"),
    "3gp": ("3gp", "mpeg4", "video/mp4"),
    "dv": ("dv", "dvvideo", "video/dv"),
    "264": ("h264", "libx264", "video/h264"),
    "265": ("hevc", "libx265", "video/h265"),
    "m4v": ("m4v", "mpeg4", "video/mp4v-es"),
    "obu": ("obu", "libsvtav1", "video/av1"),
}


@pytest.mark.parametrize("ending", CAMERAS)
def test_a_video_is_known_by_its_bytes_under_any_name(tmp_path: Path, ending: str) -> None:
    layout, codec, media_type = CAMERAS[ending]
    size = (720, 576) if codec == "dvvideo" else (64, 48)
    made = write_video(tmp_path / "made", (grey(90, *size) for _ in range(8)), rate=25, codec=codec, layout=layout)
    assert sniff(head(made)) == media_type
    for name in (f"clip.{ending}", "clip.mp4", "clip.txt", "clip"):
        made = made.rename(tmp_path / name)
        assert probe(made).codec == FAMILY.get(codec, codec)


def test_packets_with_time_stamps_are_a_transport_stream(tmp_path: Path) -> None:
    """.mts and .m2ts: four bytes of time before each packet of MPEG-TS."""
    data = write_video(tmp_path / "a.ts", numbered(30)).read_bytes()
    packets = (data[start : start + 188] for start in range(0, len(data), 188))
    path = written(tmp_path / "a.mp4", b"".join(bytes(4) + packet for packet in packets))
    assert sniff(head(path)) == "video/mp2t"
    assert probe(path).codec == "h264"


@pytest.mark.parametrize("lost", [1, 100, 187, 188 + 50])
def test_a_recording_that_begins_within_a_packet(tmp_path: Path, lost: int) -> None:
    path = written(tmp_path / "b.mp4", write_video(tmp_path / "a.ts", numbered(90)).read_bytes()[lost:])
    assert sniff(head(path)) == "video/mp2t"
    assert probe(path).width_px == 64


def test_what_a_probe_says(tmp_path: Path) -> None:
    known = probe(write_video(tmp_path / "a.mp4", numbered(60)))
    assert (known.codec, known.width_px, known.height_px, known.duration_ms) == ("h264", 64, 48, 2000)
    assert known.frame_rate == pytest.approx(30)
    assert known.missing_bytes == 0


def test_reading_a_long_file_through_can_be_stopped(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(60))

    def canceled() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        probe(path, canceled)


def test_a_last_box_of_length_zero_reaches_to_the_end(tmp_path: Path) -> None:
    def box(name: bytes, length: int, data: bytes = b"") -> bytes:
        return length.to_bytes(4, "big") + name + data

    ftyp, moov = box(b"ftyp", 16, b"isom0000"), box(b"moov", 8)
    for last, missing in (
        (box(b"mdat", 0, b"x" * 50), 0),
        (box(b"mdat", 58, b"x" * 50), 0),
        (box(b"mdat", 99, b"x" * 50), 41),
    ):
        path = tmp_path / "film.mp4"
        path.write_bytes(ftyp + moov + last)
        assert missing_bytes(path) == missing
