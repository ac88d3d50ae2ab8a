"""Follows a live source on a thread of its own: connects, decodes, samples, and connects again; the model never holds it up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from db.failures import Failure
from worker.errors import Permanent
from worker.live_feed import FrameKind, LiveFeed, SourceDown
from worker.video.live.arrivals import dated
from worker.video.live.clocks import AHEAD_S, FrameClock
from worker.video.live.opening import opened
from worker.video.live.queue import Ended, LiveEnd, PartQueue
from worker.video.live.recording import Recorder
from worker.video.source.frame_convert import FrameConverter, Pixels
from worker.video.source.frame_sampler import FrameSampler
from worker.video.source.packets import demuxed
from worker.video.source.probe import DisplayGeometry, display_matrix, sample_aspect
from worker.video.source.sample import Grid

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 15.0
TICK_S = 0.25
CLOSE_S = 2.0  # that closing waits for the reading thread, which may hang in a read of the source
HOLE_S = Fraction(2)  # without a picture for longer, and for several times their usual distance: a gap
USUAL_STEPS = 4
NOT_YET = "no picture has come yet"
NO_PICTURE = "no picture came"


@dataclass(frozen=True)
class Canvas:
    """The size that every picture is painted to, chosen by the first: a model is shown one size."""

    width_px: int
    height_px: int
    """As the first picture was displayed."""
    frame_px: tuple[int, int]


@dataclass(frozen=True)
class _ConnectionShape:
    """A connection's pictures as they are displayed, on the canvas of the first."""

    width_px: int
    height_px: int
    look: DisplayGeometry


@dataclass(frozen=True)
class Following:
    """How a source is followed."""

    connect: Callable[[], LiveFeed]
    url: str | None
    """Of protocols that FFmpeg speaks itself."""
    frame_size: Callable[[int, int], tuple[int, int]]
    now_s: Callable[[], Fraction] | None
    """The time on the job's timeline; None: it is the video's own (an upload that grows)."""
    end_s: Fraction | None
    give_up_s: float


@dataclass
class LiveReader:
    """The thread's work; everything but `stop`, `reconnects`, `canvas` and `trouble` belongs to it alone."""

    how: Following
    clock: FrameClock
    grid: Grid
    first_chunk: int
    parts: PartQueue
    recorder: Recorder | None
    canvas: Canvas | None
    why_missing: str = NOT_YET
    reconnects: int = 0
    trouble: str | None = None
    """What keeps the source from being seen now."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _feed: LiveFeed | None = None
    _ended: Ended | None = None
    _seen_at: float = field(default_factory=time.monotonic)
    _converter: FrameConverter | None = None
    _connections: int = 0

    def __post_init__(self) -> None:
        self._sampler = FrameSampler(self.grid, self._convert, self.first_chunk)
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        """Begin to read in a thread."""
        self._thread.start()

    def stop(self, ended: Ended = "stopped") -> None:
        """End in good order: what is there is handed out, then the end."""
        if self._ended is None:
            self._ended = ended
        self._let_go()

    def close(self) -> None:
        """End at once, whatever is there."""
        self._let_go()
        self.parts.close()
        if self._thread.is_alive():
            self._thread.join(CLOSE_S)
        if self.recorder is not None:
            self.recorder.close()

    def _let_go(self) -> None:
        self._stop.set()
        if (feed := self._feed) is not None:
            feed.close()

    def _run(self) -> None:
        try:
            self._missing(self.why_missing)
            self._follow()
            self._finish()
        except Exception as error:  # noqa: BLE001 - raised to whoever takes
            self.parts.finish(error)

    def _follow(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._is_over():
            before = self._seen_at
            kind, why = self._connection()
            if kind is FrameKind.OVER:
                self._ended = self._ended or "source_ended"
            if kind is not FrameKind.CUT or self._is_over():
                continue
            pause_s = FIRST_PAUSE_S if self._seen_at > before else min(2 * pause_s, LONGEST_PAUSE_S)
            self.trouble = why
            self._missing(why)
            self._wait(pause_s)

    def _connection(self) -> tuple[FrameKind, str]:
        """Follow the source until it ends or breaks off; how."""
        opening_s = self._now_s()
        try:
            feed = self._feed = self.how.connect()
        except SourceDown as error:
            return FrameKind.CUT, str(error)
        try:
            with opened(feed, self.how.url, patient=self.how.now_s is None) as (container, stream):
                self.reconnects += self._connections > 0
                self._connections += 1
                self.clock.connected()
                self._decode(container, stream, opening_s)
        except SourceDown as error:
            return FrameKind.CUT, str(error)
        except (av.FFmpegError, OSError):
            pass
        finally:
            ending = (FrameKind.CUT, "") if self._stop.is_set() else feed.ended()
            feed.close()
            self._feed = None
            if self.recorder is not None:
                self.recorder.close_part()
        return ending[0], ending[1] or "the connection broke off"

    def _decode(self, container: InputContainer, stream: VideoStream, opening_s: Fraction) -> None:
        self._converter = None
        streams = [stream] if self.recorder is None else self.recorder.connected(container, stream)
        packets = demuxed(container, *streams)
        for packet, arrived_s in self._dated(packets, opening_s):
            index = packet.stream.index
            if index == stream.index:
                self._pictures(cast("Packet[VideoStream]", packet), stream, arrived_s)
            if self.recorder is not None:
                self.recorder.take(packet, arrived_s)
            if self._is_over():
                return

    def _dated(
        self, packets: Iterator[Packet[Stream]], opening_s: Fraction
    ) -> Iterator[tuple[Packet[Stream], Fraction]]:
        if self.how.now_s is None:
            return ((packet, Fraction(0)) for packet in packets)
        return dated(packets, _stamp_s, opening_s, self.how.now_s)

    def _pictures(self, packet: Packet[VideoStream], stream: VideoStream, arrived_s: Fraction) -> None:
        try:
            frames = packet.decode()
        except av.FFmpegError:
            self._missing("the video is damaged here")
            return
        for frame in frames:
            if isinstance(frame, VideoFrame) and not frame.is_corrupt:
                self._show(frame, stream, arrived_s)

    def _show(self, frame: VideoFrame, stream: VideoStream, arrived_s: Fraction) -> None:
        before_s, usual_s = self.clock.last_s, self.clock.step_s
        stamp_s = None if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base
        placed = self.clock.place(stamp_s, arrived_s)
        if self._converter is None:
            self._converter = self._converter_of(frame, stream)
        if placed.leap_s is not None:
            self._sampler.jump(placed.time_s, f"the timestamps leap by {float(placed.leap_s):.1f} s here")
        if before_s is not None and placed.time_s - before_s > max(HOLE_S, USUAL_STEPS * usual_s):
            self._sampler.damage(before_s + min(usual_s, HOLE_S), self.trouble or NO_PICTURE)
        self.trouble, self._seen_at = None, time.monotonic()
        if self.how.end_s is not None and placed.time_s >= self.how.end_s:  # ahead of its time, and after the end
            return
        for part in self._sampler.show(placed.time_s, frame):
            self.parts.put(part)
        self._pace(placed.time_s)

    def _pace(self, time_s: Fraction) -> None:
        """What comes faster than it happens waits: a file that is served as if it were live."""
        while self.how.now_s is not None and not self._is_over():
            early_s = float(time_s - self.how.now_s() - AHEAD_S)
            if early_s <= 0 or self._stop.wait(min(early_s, TICK_S)):
                return
            self._seen_at = time.monotonic()

    def _converter_of(self, frame: VideoFrame, stream: VideoStream) -> FrameConverter:
        look = DisplayGeometry(sample_aspect(stream), display_matrix(frame))
        if self.canvas is None:
            width, height = look.shown_px(frame)
            self.canvas = Canvas(width, height, self.how.frame_size(width, height))
        shown = _ConnectionShape(self.canvas.width_px, self.canvas.height_px, look)
        return FrameConverter(shown, self.canvas.frame_px)

    def _convert(self, frame: VideoFrame) -> Pixels:
        if self._converter is None:
            raise Permanent(Failure.INTERNAL, "a picture before the first")
        return self._converter.convert(frame)

    def _missing(self, why: str) -> None:
        """From the last picture on nothing is seen."""
        last_s = self.clock.last_s
        self._sampler.damage(Fraction(0) if last_s is None else last_s + min(self.clock.step_s, HOLE_S), why)

    def _wait(self, seconds: float) -> None:
        """Let time pass while the source is away, and hand out what is over."""
        until = time.monotonic() + seconds
        while not self._is_over():
            if self.how.now_s is not None:
                for part in self._sampler.lapse(self.how.now_s()):
                    self.parts.put(part)
            left = until - time.monotonic()
            if left <= 0 or self._stop.wait(min(left, TICK_S)):
                return

    def _is_over(self) -> bool:
        if self.how.end_s is not None and self._now_s() >= self.how.end_s:
            self._ended = self._ended or "max_duration"
        if self.how.now_s is not None and time.monotonic() - self._seen_at > self.how.give_up_s:
            self._ended = self._ended or "gave_up"
        return self._ended is not None or self._stop.is_set()

    def _now_s(self) -> Fraction:
        return Fraction(0) if self.how.now_s is None else self.how.now_s()

    def _finish(self) -> None:
        """The last parts, the gap after the last picture, and the end."""
        if self._ended is None:  # closed: nobody takes any more
            return
        end_s = self._end_s()
        if self.recorder is not None:
            self.recorder.close_part()
        last_s = self.clock.last_s
        if last_s is None or end_s - last_s > max(HOLE_S, USUAL_STEPS * self.clock.step_s):
            self._missing(self.trouble or NO_PICTURE)
        else:  # the last picture may be shown into a chunk that has none of its own, of which nothing would be told
            end_s = min(end_s, self._chunk_end_s(last_s))
        for part in self._sampler.finish(end_s):
            self.parts.put(part)
        self.parts.finish(LiveEnd(round(end_s * 1000), self._ended))

    def _chunk_end_s(self, at_s: Fraction) -> Fraction:
        """Where the chunk of a picture ends."""
        return Fraction(self.grid.chunk_start_ms(self.grid.chunk(self.grid.slot(at_s)) + 1), 1000)

    def _end_s(self) -> Fraction:
        """Now, or the end that was asked for: what came ahead of its time and lies after that is not told."""
        last_s = self.clock.last_s
        shown_s = Fraction(0) if last_s is None else last_s + min(self.clock.step_s, HOLE_S)
        if self.how.now_s is None:
            return shown_s
        end_s = max(self.how.now_s(), shown_s)
        start_s = Fraction(self.grid.chunk_start_ms(self.first_chunk), 1000)
        return max(start_s, end_s if self.how.end_s is None else min(end_s, self.how.end_s))


def _stamp_s(packet: Packet[Stream]) -> Fraction | None:
    return None if packet.dts is None or packet.time_base is None else packet.dts * packet.time_base
