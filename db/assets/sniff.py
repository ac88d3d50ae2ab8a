"""What a file's first bytes say it is. Names and declared types are guesses of the sender's system and decide nothing."""

from __future__ import annotations

HEAD_BYTES = 4096

# (offset, magic, media type); the first match wins.
MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (4, b"ftypqt  ", "video/quicktime"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypM4A ", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (4, b"styp", "video/mp4"),
    (4, b"moov", "video/quicktime"),
    (4, b"mdat", "video/quicktime"),
    (4, b"wide", "video/quicktime"),
    (0, b"\x1a\x45\xdf\xa3", "video/x-matroska"),
    (8, b"AVI ", "video/x-msvideo"),
    (8, b"WAVE", "audio/wav"),
    (8, b"WEBP", "image/webp"),
    (0, b"FLV\x01", "video/x-flv"),
    (0, b"OggS", "video/ogg"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    (0, b"\x00\x00\x01\xba", "video/mpeg"),
    (0, b"\x00\x00\x01\xb3", "video/mpeg"),
    (0, b"DKIF", "video/x-ivf"),
    (0, b"YUV4MPEG2", "video/x-yuv4mpeg"),
    (0, b"\x06\x0e\x2b\x34", "application/mxf"),
    (0, b"nut/multimedia container", "video/x-nut"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"\x1f\x07\x00", "video/dv"),  # a header block of IEC 61834-2, section type 0
    (0, b"\x12\x00\x0a", "video/av1"),  # a temporal delimiter, then a sequence header
    (0, b"\x00\x00\x01\xb0", "video/mp4v-es"),
    (0, b"\x00\x00\x00\x01\x40", "video/h265"),  # a start code, then a VPS
    (0, b"\x00\x00\x01\x40", "video/h265"),
    (0, b"\x00\x00\x00\x01", "video/h264"),
    (0, b"\x00\x00\x01\x09", "video/h264"),  # an access unit delimiter; SPS: 67, 27, 47
    (0, b"\x00\x00\x01\x67", "video/h264"),
    (0, b"\x00\x00\x01\x27", "video/h264"),
    (0, b"\x00\x00\x01\x47", "video/h264"),
)
# Text that names other files or addresses: never opened, whatever its name says.
PLAYLISTS: tuple[tuple[bytes, str], ...] = (
    (b"#extm3u", "HLS playlist"),
    (b"ffconcat", "concat script"),
    (b"<mpd", "DASH manifest"),
    (b"<smoothstreamingmedia", "Smooth Streaming manifest"),
    (b"<asx", "ASX playlist"),
    (b"[playlist]", "PLS playlist"),
    (b"v=0\r\no=", "SDP description"),
    (b"v=0\no=", "SDP description"),
)
PDF_WITHIN_BYTES = 1024  # readers take a PDF with something before its header, and so do we
TS_SYNC = 0x47
TS_STRIDES = (188, 192, 204)  # a packet of MPEG-TS alone, after a time stamp (M2TS, MTS), before parity
TS_PACKETS = 8  # in step, before a file that begins within a packet is believed
TEXT = frozenset({*b"\t\n\r\f\x1b", *range(0x20, 0x100)})
PLAYLIST = "text/x-playlist"
PLAIN_TEXT = "text/plain"


def sniff(head: bytes) -> str | None:
    """The media type that the first bytes announce; `text/x-playlist` for playlists, `text/plain` for other texts.

    None for everything unknown: containers may begin in ways that only their readers know.
    """
    for offset, magic, media_type in MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return media_type
    if _is_transport_stream(head):
        return "video/mp2t"
    if b"%PDF-" in head[:PDF_WITHIN_BYTES]:
        return "application/pdf"
    if playlist(head):
        return PLAYLIST
    return PLAIN_TEXT if head and TEXT.issuperset(head) else None


def _is_transport_stream(head: bytes) -> bool:
    """Whether sync bytes stand a packet apart, from wherever the file begins."""
    return any(
        set(head[offset::stride]) == {TS_SYNC} and len(head) > offset + stride * (1 if offset in (0, 4) else TS_PACKETS)
        for stride in TS_STRIDES
        for offset in range(stride)
    )


def playlist(head: bytes) -> str | None:
    """What kind of playlist the first bytes announce, or None."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for magic, name in PLAYLISTS:
        if text.startswith(magic) or (magic.startswith(b"<") and text.startswith(b"<?xml") and magic in text):
            return name
    return None
