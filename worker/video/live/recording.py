"""Keeps what a source sends, as it is coded, in Matroska files of a minute: each can be played by itself."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from db.documents.kinds.live import RecordedPart

PART_S = Fraction(60)
PART_BYTES = 64 << 20
log = logging.getLogger(__name__)


class Recorder:
    """Writes packets to parts, each begun at a keyframe; `store` takes a part's name and file.

    `parts` and `ended` (why there are no more) are what the result says.
    """

    def __init__(self, store: Callable[[str, Path], None], most_bytes: int, parts: list[RecordedPart]) -> None:
        self.parts = parts
        self.ended: str | None = None
        self._store, self._most = store, most_bytes
        self._folder = tempfile.TemporaryDirectory(prefix="bm3-recording-")
        self._output: OutputContainer | None = None
        self._streams: dict[int, Stream] = {}
        self._sources: list[Stream] = []
        self._start_s = self._last_s = Fraction(0)
        self._bytes = 0

    def connected(self, container: InputContainer, video: VideoStream) -> list[Stream]:
        """A connection begins; the streams whose packets are wanted."""
        self._sources = [video, *container.streams.audio[:1]]
        return self._sources

    def take(self, packet: Packet[Stream], now_s: Fraction) -> None:
        """Write a packet that arrives now."""
        if self.ended is not None:
            return
        self._last_s = now_s
        is_key = packet.stream.type == "video" and packet.is_keyframe
        full = now_s - self._start_s >= PART_S or self._bytes >= PART_BYTES
        try:
            if self._output is not None and is_key and full:
                self.close_part()
            if self.ended is None and self._output is None and is_key and packet.dts is not None:
                self._begin(now_s)
            self._write(packet)
        except (av.FFmpegError, ValueError, OSError) as error:
            log.warning("a part of the recording breaks off: %s", type(error).__name__)
            self.close_part()

    def end(self, why: str) -> None:
        """Nothing more is recorded."""
        if self.ended is None:
            self.close_part()
            self.ended = why

    def close_part(self) -> None:
        """Finish the part that is being written, and hand it over."""
        output, self._output = self._output, None
        if output is None:
            return
        try:
            output.close()
        except (av.FFmpegError, OSError) as error:
            log.warning("a part of the recording was not finished: %s", type(error).__name__)
        path = Path(self._folder.name, self._name())
        size = path.stat().st_size
        part = RecordedPart(
            name=path.name, start_ms=round(self._start_s * 1000), end_ms=round(self._last_s * 1000), size_bytes=size
        )
        if sum(one.size_bytes for one in self.parts) + size > self._most:
            path.unlink()
            self.ended = f"max_record_bytes = {self._most} is reached"
            return
        self.parts.append(part)
        self._store(path.name, path)

    def close(self) -> None:
        """Remove what is left on the disk."""
        if self._output is not None:
            self._output.close()
        self._folder.cleanup()

    def _name(self) -> str:
        return f"recording-{round(self._start_s * 1000):010d}.mkv"

    def _begin(self, now_s: Fraction) -> None:
        self._start_s, self._bytes = now_s, 0
        output = av.open(str(Path(self._folder.name, self._name())), "w", format="matroska")
        self._streams = {source.index: output.add_stream_from_template(source) for source in self._sources}
        self._output = output

    def _write(self, packet: Packet[Stream]) -> None:
        target = self._streams.get(packet.stream.index)
        if self._output is None or target is None or packet.dts is None:
            return
        self._bytes += packet.size
        packet.stream = target
        self._output.mux(packet)
