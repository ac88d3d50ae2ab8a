"""The packets of a container, without the empty ones with which PyAV ends."""

from __future__ import annotations

from collections.abc import Iterator

from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream


def demuxed(container: InputContainer, *streams: Stream) -> Iterator[Packet[Stream]]:
    """All packets that hold something, in the order of the file. Raises av.FFmpegError where it cannot be read on."""
    try:
        for packet in container.demux(*streams):
            if packet.size:
                yield packet
    except IndexError:
        return  # all is read: PyAV looks for a stream that appeared on the way among those it knew at the start
