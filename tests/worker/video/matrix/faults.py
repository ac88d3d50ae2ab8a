"""Timestamps changed in the bytes of a finished file, as broken recorders and multiplexers leave them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import av

Restamp = Callable[[int, int], int]
"""(number of the picture in coding order, stamp in milliseconds) -> stamp in milliseconds."""
WRAP = 1 << 33  # of MPEG's 90 kHz clock


def restamped(path: Path, restamp: Restamp) -> None:
    """Change the stamps of the video in place. The container is told by the file's name."""
    data = bytearray(path.read_bytes())
    suffix = path.suffix
    if suffix in (".ts", ".m2ts"):
        _restamp_pes(data, _transport_headers(data, 192 if suffix == ".m2ts" else 188), restamp)
    elif suffix == ".mpg":
        _restamp_pes(data, _program_headers(data), restamp)
    elif suffix == ".flv":
        _restamp_flv(data, restamp)
    elif suffix in (".mkv", ".webm"):
        _restamp_matroska(data, path, restamp)
    else:
        raise ValueError(f"no stamps of {suffix} are changed here")
    path.write_bytes(data)


def _transport_headers(data: bytearray, size: int) -> Iterator[int]:
    """Where the PES headers of the video start: packets with a payload unit start (ISO/IEC 13818-1, 2.4.3.2)."""
    for at in range(size - 188, len(data), size):
        if data[at + 1] & 0x40:
            start = at + 4 + (data[at + 4] + 1 if data[at + 3] & 0x20 else 0)
            if data[start : start + 3] == b"\0\0\1" and data[start + 3] >> 4 == 0xE:
                yield start


def _program_headers(data: bytearray) -> Iterator[int]:
    at = data.find(b"\0\0\1\xe0")
    while at >= 0:
        yield at
        at = data.find(b"\0\0\1\xe0", at + 4)


def _restamp_pes(data: bytearray, headers: Iterator[int], restamp: Restamp) -> None:
    first: int | None = None
    for start in headers:
        flags = data[start + 7] >> 6
        if flags < 2:
            continue
        dts = _pes_stamp(data, start + (14 if flags == 3 else 9))
        first = dts if first is None else first
        number = (dts - first) // 3600
        for at in (start + 9, start + 14)[: flags - 1]:
            old = _pes_stamp(data, at)
            new = (old + 90 * (restamp(number, old // 90) - old // 90)) % WRAP
            data[at] = data[at] & 0xF0 | new >> 30 << 1 | 1
            data[at + 1], data[at + 2] = new >> 22 & 0xFF, (new >> 15 & 0x7F) << 1 | 1
            data[at + 3], data[at + 4] = new >> 7 & 0xFF, (new & 0x7F) << 1 | 1


def _pes_stamp(data: bytearray, at: int) -> int:
    high = (data[at] >> 1 & 7) << 30 | (data[at + 1] << 7 | data[at + 2] >> 1) << 15
    return high | data[at + 3] << 7 | data[at + 4] >> 1


def _restamp_flv(data: bytearray, restamp: Restamp) -> None:
    """The tags of coded pictures; the first video tag holds the codec's configuration."""
    at, number = 13, -1
    while at + 11 <= len(data):
        if data[at] == 9:
            if number >= 0:
                old = int.from_bytes(data[at + 4 : at + 7], "big") | data[at + 7] << 24
                new = max(0, restamp(number, old))
                data[at + 4 : at + 7], data[at + 7] = (new & 0xFFFFFF).to_bytes(3, "big"), new >> 24 & 0xFF
            number += 1
        at += 11 + int.from_bytes(data[at + 1 : at + 4], "big") + 4


def _restamp_matroska(data: bytearray, path: Path, restamp: Restamp) -> None:
    """Blocks hold 16 bits of milliseconds after their cluster's time (RFC 9559, 10)."""
    with av.open(str(path)) as container:
        blocks = [(packet.pos, packet.pts) for packet in container.demux(video=0) if packet.size]
    for number, (pos, pts) in enumerate(blocks):
        assert pos is not None
        assert pts is not None
        at = pos
        while data[at] in (0xA0, 0xA1, 0xA3):  # into the group of a block, and the block
            at += 10 - data[at + 1].bit_length()  # its size takes up to 8 bytes
        assert data[at] == 0x81, "no block of track 1"
        old = int.from_bytes(data[at + 1 : at + 3], "big", signed=True)
        data[at + 1 : at + 3] = (old + restamp(number, pts) - pts).to_bytes(2, "big", signed=True)


def glued(first: Path, second: Path, target: Path) -> None:
    """One file behind the other, as recorders do; of FLV only the tags of the second."""
    skip = 13 if target.suffix == ".flv" else 0
    target.write_bytes(first.read_bytes() + second.read_bytes()[skip:])
