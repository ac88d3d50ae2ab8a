"""What a file's first bytes say it is, against what its sender said it is."""

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
# Containers share boxes and siblings: these declared types are as good as the sniffed one.
ALIKE: tuple[frozenset[str], ...] = (
    frozenset({"video/mp4", "video/quicktime", "video/x-m4v", "video/3gpp", "video/3gpp2", "audio/mp4", "audio/x-m4a"}),
    frozenset({"video/x-matroska", "video/webm", "video/matroska", "audio/webm", "audio/x-matroska"}),
    frozenset({"video/x-msvideo", "video/avi", "video/vnd.avi", "video/msvideo"}),
    frozenset({"video/mp2t", "video/mpeg", "video/vnd.dlna.mpeg-tts"}),
    frozenset({"video/ogg", "audio/ogg", "application/ogg"}),
    frozenset({"video/x-ms-asf", "video/x-ms-wmv", "audio/x-ms-wma"}),
    frozenset({"image/heic", "image/heif"}),
    frozenset({"image/jpeg", "image/jpg"}),
    frozenset({"image/bmp", "image/x-ms-bmp"}),
    frozenset({"audio/wav", "audio/x-wav", "audio/wave"}),
)
ANY_TYPE = frozenset({"application/octet-stream", "binary/octet-stream"})
PLAYLIST = "text/x-playlist"


def sniff(head: bytes) -> str | None:
    """The media type that the first bytes announce; `text/x-playlist` for playlists; None for everything unknown."""
    for offset, magic, media_type in MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return media_type
    if len(head) > 188 and head[0] == head[188] == 0x47:
        return "video/mp2t"
    return PLAYLIST if playlist(head) else None


def agrees(declared: str, sniffed: str) -> bool:
    """Whether a file declared as `declared` may begin as `sniffed` does."""
    wanted = declared.split(";", 1)[0].strip().lower()
    return wanted in ANY_TYPE or wanted == sniffed or any(wanted in group and sniffed in group for group in ALIKE)


def playlist(head: bytes) -> str | None:
    """What kind of playlist the first bytes announce, or None."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for magic, name in PLAYLISTS:
        if text.startswith(magic) or (magic.startswith(b"<") and text.startswith(b"<?xml") and magic in text):
            return name
    return None
