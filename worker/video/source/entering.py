"""Starts reading a video at a place that its timeline names: by seeking, and where that leads elsewhere by reading up to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from worker.video.source.packets import demuxed
from worker.video.source.probe import opened
from worker.video.source.timeline import EntryPoint

BY_BYTES = frozenset({"mpegts", "flv"})  # containers without an index, whose stamps may start over
BY_READING = BY_BYTES | {"mpeg"}  # seeking by time goes wrong in them, or says less of the packets behind
NEARBY = 64  # packets after a seek by bytes among which the place must be
BEYOND_S = 10  # a seek by time that leads further than this behind the place has missed it


@dataclass
class PacketSource:
    """Packets of an open stream, from an entry of its timeline on."""

    container: InputContainer
    stream: VideoStream
    entry: EntryPoint | None
    packets: Iterator[Packet[VideoStream]] = field(init=False)
    broke_off: bool = False

    def __post_init__(self) -> None:
        self.packets = self._demuxed()

    def _demuxed(self) -> Iterator[Packet[VideoStream]]:
        try:
            for packet in demuxed(self.container, self.stream):
                yield cast("Packet[VideoStream]", packet)
        except av.FFmpegError:
            self.broke_off = True

    def skip_to(self, entry: EntryPoint, missed: Callable[[int, Packet[VideoStream]], bool]) -> bool:
        """Leave out what comes before the place; False when it was missed."""
        for count, packet in enumerate(self.packets):
            if entry.is_at(packet):
                self.packets = chain([packet], self.packets)
                return True
            if missed(count, packet):
                return False
        return False


@contextmanager
def entered(path: Path, entry: EntryPoint | None) -> Iterator[PacketSource]:
    """Open a video for reading from an entry of its timeline on; from the beginning where there is none."""
    if entry is not None:
        for reach in (_by_bytes, _by_time, _by_reading):
            with opened(path) as (container, stream):
                source = PacketSource(container, stream, entry)
                if reach(source, entry):
                    yield source
                    return
    with opened(path) as (container, stream):
        yield PacketSource(container, stream, None)


def _by_bytes(source: PacketSource, entry: EntryPoint) -> bool:
    if entry.pos is None or source.container.format.name not in BY_BYTES:
        return False
    try:
        source.container.seek(entry.pos, unsupported_byte_offset=True)
    except av.FFmpegError:
        return False
    return source.skip_to(entry, lambda count, _: count >= NEARBY)


def _by_time(source: PacketSource, entry: EntryPoint) -> bool:
    stamp = entry.pts if entry.pts is not None else entry.dts
    base = source.stream.time_base
    if stamp is None or base is None or source.container.format.name in BY_READING:
        return False
    try:
        source.container.seek(stamp, stream=source.stream)
    except av.FFmpegError:
        return False
    end = stamp + round(BEYOND_S / base)
    return source.skip_to(entry, lambda _, packet: packet.dts is not None and packet.dts > end)


def _by_reading(source: PacketSource, entry: EntryPoint) -> bool:
    return source.skip_to(entry, lambda *_: False)
