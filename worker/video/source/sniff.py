"""What a file's first bytes and its structure say: its container, whether it is a playlist, how many bytes are missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from db.assets import sniff as formats
from db.assets.sniff import HEAD_BYTES, playlist

__all__ = ["HEAD_BYTES", "head", "playlist", "sniff"]

MAX_BOXES = 1_000_000  # top-level boxes walked before giving up: a day of one-second fragments has 172,800
BOXES = frozenset(  # of a file's top level; bytes behind the last of these are no part of the file
    b"ftyp styp moov mdat moof mfra sidx ssix free skip wide uuid meta udta pdin pnot emsg prft junk".split()
)
CONTAINERS = frozenset({"application/mxf", "audio/mp4", "image/gif"})  # may hold pictures that move, as video/* do


def head(path: Path) -> bytes:
    """The bytes that `sniff` and `playlist` look at."""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def sniff(data: bytes) -> str | None:
    """The media type that the first bytes of a file announce, or None when they announce no video container."""
    found = formats.sniff(data)
    return found if found is not None and (found.startswith("video/") or found in CONTAINERS) else None


def missing_bytes(path: Path) -> int | None:
    """How many bytes the structure of a file promises beyond its end; None when its format does not say.

    An MP4 without its index (`moov`) at the end counts one byte short even where no box overhangs.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        kind = sniff(file.read(HEAD_BYTES))
        if kind in ("video/mp4", "video/quicktime"):
            return _missing_from_boxes(file, size)
        if kind == "video/x-matroska":
            return _missing_from_segment(file, size)
        if kind == "video/x-msvideo":
            return _missing_from_riff(file, size)
    return None


def _boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Name and promised end of each top-level ISO BMFF box (ISO/IEC 14496-12, 4.2), up to the first that is none."""
    at = 0
    for _ in range(MAX_BOXES):
        file.seek(at)
        header = file.read(16)
        if len(header) < 8 or header[4:8] not in BOXES:
            return
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        at = size if length == 0 else at + max(length, 8)
        yield header[4:8], at
        if at >= size:
            return


def _missing_from_boxes(file: BinaryIO, size: int) -> int:
    boxes = dict(_boxes(file, size))
    return max(max(boxes.values(), default=0) - size, 0 if b"moov" in boxes else 1)


def _missing_from_segment(file: BinaryIO, size: int) -> int | None:
    """Matroska (RFC 8794): the EBML header, then one Segment whose size may be unknown."""
    file.seek(4)
    header_size = _ebml_size(file)
    if header_size is None:
        return None
    file.seek(header_size, 1)
    if file.read(4) != b"\x18\x53\x80\x67":
        return None
    length = _ebml_size(file)
    return None if length is None else max(file.tell() + length - size, 0)


def _ebml_size(file: BinaryIO) -> int | None:
    first = file.read(1)
    if not first or not first[0]:
        return None
    width = 9 - first[0].bit_length()
    value = int.from_bytes(first + file.read(width - 1), "big") & ((1 << 7 * width) - 1)
    return None if value == (1 << 7 * width) - 1 else value


def _missing_from_riff(file: BinaryIO, size: int) -> int | None:
    file.seek(4)
    length = int.from_bytes(file.read(4), "little")
    return max(length + 8 - size, 0) if length else None
