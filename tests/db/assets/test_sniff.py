"""What a file's first bytes say it is, whatever its name says."""

from __future__ import annotations

import pytest

from db.assets.sniff import PLAIN_TEXT, PLAYLIST, playlist, sniff

REST = b"\x00\x01\x02\x03" * 8
BOX = b"\x00\x00\x00\x20"


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (BOX + b"ftypisom", "video/mp4"),
        (BOX + b"ftypqt  ", "video/quicktime"),
        (BOX + b"ftypavif", "image/avif"),
        (BOX + b"ftypheic", "image/heic"),
        (BOX + b"ftypM4A ", "audio/mp4"),
        (BOX + b"stypmsdh", "video/mp4"),
        (BOX + b"moov", "video/quicktime"),
        (BOX + b"mdat", "video/quicktime"),
        (BOX + b"wide", "video/quicktime"),
        (b"\x1a\x45\xdf\xa3", "video/x-matroska"),
        (b"RIFF....AVI LIST", "video/x-msvideo"),
        (b"RIFF....WAVEfmt ", "audio/wav"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"FLV\x01", "video/x-flv"),
        (b"OggS", "video/ogg"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
        (b"\x00\x00\x01\xba", "video/mpeg"),
        (b"\x00\x00\x01\xb3", "video/mpeg"),
        (b"DKIF", "video/x-ivf"),
        (b"YUV4MPEG2 W1", "video/x-yuv4mpeg"),
        (b"\x06\x0e\x2b\x34", "application/mxf"),
        (b"nut/multimedia container", "video/x-nut"),
        (b"%PDF-1.7", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"BM", "image/bmp"),
        (b"II*\x00", "image/tiff"),
        (b"MM\x00*", "image/tiff"),
        (b"ID3\x04", "audio/mpeg"),
        (b"fLaC", "audio/flac"),
        (b"\x1f\x07\x00", "video/dv"),
        (b"\x12\x00\x0a", "video/av1"),
        (b"\x00\x00\x01\xb0", "video/mp4v-es"),
        (b"\x00\x00\x00\x01\x40", "video/h265"),
        (b"\x00\x00\x01\x40", "video/h265"),
        (b"\x00\x00\x00\x01\x67", "video/h264"),
        (b"\x00\x00\x01\x09", "video/h264"),
        (b"\x00\x00\x01\x67", "video/h264"),
        (b"\x00\x00\x01\x27", "video/h264"),
        (b"\x00\x00\x01\x47", "video/h264"),
    ],
)
def test_a_format_is_known_by_its_magic_at_its_place(head: bytes, media_type: str) -> None:
    assert sniff(head + REST) == media_type
    assert sniff(b"\x07" + head + REST) == (media_type if head.startswith(b"%PDF") else None), "at no other place"


def packets(stride: int, count: int, before: int = 0) -> bytes:
    """Packets of a transport stream; the file begins `before` bytes ahead of a sync byte."""
    return b"\x01" * before + (b"\x47" + b"\x01" * (stride - 1)) * count


@pytest.mark.parametrize("stride", [188, 192, 204])
def test_a_transport_stream_is_sync_bytes_a_packet_apart(stride: int) -> None:
    assert sniff(packets(stride, 2)) == "video/mp2t"
    assert sniff(packets(stride, 2, before=4)) == "video/mp2t", "after a time stamp"
    assert sniff(packets(stride, 1)[:stride]) is None, "one packet proves nothing"
    assert sniff(packets(stride, 9, before=100)) == "video/mp2t", "a recording that begins within a packet"
    assert sniff(packets(stride, 7, before=100)) is None, "too few to be believed"
    broken = bytearray(packets(stride, 9))
    broken[3 * stride] = 0x48
    assert sniff(bytes(broken)) is None


def test_a_pdf_may_have_something_before_its_header() -> None:
    assert sniff(b"\x01" * 1019 + b"%PDF-1.4") == "application/pdf"
    assert sniff(b"\x01" * 1020 + b"%PDF-1.4") is None


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"#EXTM3U\n", "HLS playlist"),
        (b"\xef\xbb\xbf \n#extm3u", "HLS playlist"),
        (b"ffconcat version 1.0", "concat script"),
        (b"<MPD xmlns", "DASH manifest"),
        (b"<?xml version='1.0'?>\n<MPD>", "DASH manifest"),
        (b"<SmoothStreamingMedia>", "Smooth Streaming manifest"),
        (b"<asx version", "ASX playlist"),
        (b"[playlist]\nFile1=", "PLS playlist"),
        (b"v=0\r\no=- 1", "SDP description"),
        (b"v=0\no=- 1", "SDP description"),
    ],
)
def test_text_that_names_other_files_is_a_playlist(head: bytes, kind: str) -> None:
    assert playlist(head) == kind
    assert sniff(head) == PLAYLIST


@pytest.mark.parametrize("head", [b"hello\n", b"<html><mpd>", b"see #EXTM3U", b"\x1b[1m caf\xe9", b"<?xml?><svg/>"])
def test_other_text_is_plain(head: bytes) -> None:
    assert playlist(head) is None
    assert sniff(head) == PLAIN_TEXT


@pytest.mark.parametrize("head", [b"", b"\x00", b"abc\x00", b"\x7f\x01abc", b"\x0btext"])
def test_what_is_not_known_is_not_guessed(head: bytes) -> None:
    assert sniff(head) is None
