"""How many bytes the structure of a file promises beyond its end: MP4 boxes, Matroska's segment, RIFF."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.video.source.sniff import head, missing_bytes, sniff


def box(name: bytes, body: int, promised: int | None = None) -> bytes:
    """A box with so many bytes of body; `promised`: what its header says instead."""
    return ((8 + body) if promised is None else promised).to_bytes(4, "big") + name + b"\0" * body


def large(name: bytes, length: int, body: int) -> bytes:
    return (1).to_bytes(4, "big") + name + length.to_bytes(8, "big") + b"\0" * body


FTYP, MOOV = b"\x00\x00\x00\x10ftypisom\0\0\0\0", box(b"moov", 20)


def missing(tmp_path: Path, data: bytes) -> int | None:
    path = tmp_path / "file"
    path.write_bytes(data)
    return missing_bytes(path)


@pytest.mark.parametrize(
    ("data", "bytes_missing"),
    [
        (FTYP + MOOV + box(b"mdat", 100), 0),
        (FTYP + MOOV + box(b"mdat", 100, promised=200), 92),
        (FTYP + box(b"mdat", 100) + MOOV, 0),
        (FTYP + box(b"mdat", 100), 1),  # no index
        (FTYP + box(b"mdat", 100, promised=200), 92),
        (FTYP + box(b"mdat", 100, promised=0), 1),  # reaches to the end, whatever that is
        (FTYP + MOOV + box(b"mdat", 100, promised=0), 0),
        (FTYP + MOOV + large(b"mdat", 116, 100), 0),
        (FTYP + MOOV + large(b"mdat", 1016, 100), 900),
        (FTYP + MOOV + box(b"mdat", 100) + b"garbage behind the last box", 0),
        (FTYP + MOOV + box(b"mdat", 100) + b"\0\0\0", 0),
        (FTYP + MOOV + box(b"free", 0, promised=3) + box(b"mdat", 4, promised=99), 87),  # a box is its header at least
        (FTYP, 1),
    ],
)
def test_boxes_of_an_mp4(tmp_path: Path, data: bytes, bytes_missing: int) -> None:
    assert missing(tmp_path, data) == bytes_missing


EBML = b"\x1a\x45\xdf\xa3\x84\0\0\0\0"
SEGMENT = b"\x18\x53\x80\x67"


@pytest.mark.parametrize(
    ("data", "bytes_missing"),
    [
        (EBML + SEGMENT + b"\x8a" + b"\0" * 10, 0),
        (EBML + SEGMENT + b"\x8a" + b"\0" * 7, 3),
        (EBML + SEGMENT + b"\x8a" + b"\0" * 17, 0),
        (EBML + SEGMENT + b"\x41\x00" + b"\0" * 56, 200),
        (EBML + SEGMENT + b"\x01\0\0\0\0\0\0\x20" + b"\0" * 30, 2),
        (EBML + SEGMENT + b"\xff" + b"\0" * 7, None),  # a length that is not known, as of a live stream
        (EBML + SEGMENT + b"\x01\xff\xff\xff\xff\xff\xff\xff", None),
        (EBML + SEGMENT, None),
        (EBML + SEGMENT + b"\0", None),
        (EBML + b"\x18\x53\x80\x68\x8a", None),
        (EBML[:4] + b"\0", None),
        (EBML[:4], None),
    ],
)
def test_the_segment_of_a_matroska_file(tmp_path: Path, data: bytes, bytes_missing: int | None) -> None:
    assert missing(tmp_path, data) == bytes_missing


@pytest.mark.parametrize(("length", "bytes_missing"), [(104, 0), (120, 16), (50, 0), (0, None)])
def test_the_length_of_an_avi(tmp_path: Path, length: int, bytes_missing: int | None) -> None:
    data = b"RIFF" + length.to_bytes(4, "little") + b"AVI LIST" + b"\0" * 96
    assert missing(tmp_path, data) == bytes_missing


def test_other_formats_do_not_say(tmp_path: Path) -> None:
    assert missing(tmp_path, (b"\x47" + b"\1" * 187) * 4) is None
    assert missing(tmp_path, b"") is None


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (FTYP, "video/mp4"),
        (b"GIF89a", "image/gif"),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"%PDF-1.7", None),
        (b"text", None),
        (b"\0\0\0\x10ftypM4A ", "audio/mp4"),
    ],
)
def test_only_what_may_hold_pictures_that_move_is_a_container(tmp_path: Path, data: bytes, kind: str | None) -> None:
    path = tmp_path / "file"
    path.write_bytes(data + b"\0" * 9000)
    assert sniff(head(path)) == kind
    assert len(head(path)) == 4096
