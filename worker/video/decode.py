"""Decodes a clip of a video into chunks: true times, bounded memory, no more pictures decoded than the samples need.

packets -> joined timestamps -> what each is needed for (sample.py) -> pictures -> slots and chunks (slots.py)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from db.failures import Failure
from db.kinds.video import Gap
from worker.errors import Permanent
from worker.video.paint import Painter
from worker.video.probe import Probe, Timing, opened, timing
from worker.video.references import disposable_test
from worker.video.sample import Coded, Grid, Need, Plan
from worker.video.slots import Part, Slots

SEEK_BACK_S = (0, 2, 20)  # some indexes lead behind the wanted keyframe: try earlier, then the beginning
JUMP_BACK_S = Fraction(1, 4)  # decoding times that run back further than this start a new count
JUMP_AHEAD_S = 3600  # and so do those that leap further than this, unless the video is known to be that long
TRUSTED_KEYFRAMES = 2
SHORTFALL_S = 2
MAX_THREADS = 16  # more only cost memory: one picture each


@dataclass(frozen=True)
class Clip:
    """What to decode: times on the video's timeline, the sampling grid's numbers."""

    start_ms: int = 0
    end_ms: int | None = None
    fps: float = 2.0
    chunk_ms: int = 2000
    first_chunk: int = 0
    """Chunks before this one are not decoded; numbering and grid stay those of the whole clip."""
    threads: int = 0
    """Of the decoder; 0 takes two a processor."""


@dataclass(frozen=True)
class End:
    """After the last part: where the clip really ended, and whether the file broke off before its time."""

    end_ms: int
    truncated: bool
    gaps: tuple[Gap, ...] = ()


def parts(path: Path, probe: Probe, clip: Clip, frame_px: tuple[int, int]) -> Iterator[Part | End]:
    """The chunks of a clip in order, frames of `frame_px` (width, height), then one End. Memory does not grow with length.

    Raises Permanent(BAD_PARAMS) when the clip starts after the end of the video, INVALID_MEDIA when nothing decodes.
    """
    painter = Painter(probe, frame_px)
    with opened(path) as (container, stream):
        yield from _Reading(container, stream, clip, probe).parts(painter)


@dataclass
class _Reading:
    """One pass over a stream."""

    container: InputContainer
    stream: VideoStream
    clip: Clip
    probe: Probe
    keyframes: int = 0  # seen that are coded without reference to others
    end_s: Fraction = Fraction(0)  # end of the last picture any packet announced
    last_s: Fraction | None = None  # time of the last picture that came out
    broke_off: bool = False
    reached: bool = False  # the end of the clip, before the end of the file
    jumps: list[tuple[Fraction, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock: Timing = timing(self.container, self.stream)
        self.grid = Grid.of(self.clip.start_ms, self.clip.fps, self.clip.chunk_ms)
        self.from_s = Fraction(self.grid.chunk_start_ms(self.clip.first_chunk), 1000)
        self.until_s = None if self.clip.end_ms is None else Fraction(self.clip.end_ms, 1000)
        self.plan: Plan[Packet[VideoStream]] = Plan(self.grid)
        self.stream.thread_type = "AUTO"
        self.stream.codec_context.thread_count = self.clip.threads or _decoder_threads()

    def parts(self, painter: Painter) -> Iterator[Part | End]:
        slots = Slots(self.grid, painter.paint, self.clip.first_chunk)
        for time_s, frame in self._pictures():
            for jump in self.jumps:
                slots.jump(*jump)
            self.jumps.clear()
            if frame is None:
                slots.damage(time_s)
            else:
                yield from slots.show(time_s, frame)
        yield from self._finish(slots)

    def _finish(self, slots: Slots) -> Iterator[Part | End]:
        if self.last_s is None:
            raise Permanent(Failure.INVALID_MEDIA, "no picture of the video can be decoded")
        end_s = self.end_s if self.until_s is None else min(self.end_s, self.until_s)
        if end_s <= self.grid.start_s:
            raise Permanent(Failure.BAD_PARAMS, f"start_ms is after the end of the video ({round(end_s * 1000)} ms)")
        yield from slots.finish(end_s)
        end_ms = round(end_s * 1000)
        if self.reached or not self._is_truncated(end_s):
            yield End(end_ms, truncated=False)
            return
        yield End(end_ms, truncated=True, gaps=(self._rest(end_ms),))

    def _rest(self, end_ms: int) -> Gap:
        """What is missing after the point where the file breaks off."""
        ends = [ms for ms in (self.clip.end_ms, self.probe.duration_ms) if ms is not None]
        planned_ms = min(ends, default=None)
        start_ms = max(end_ms, round(self.from_s * 1000))
        known = planned_ms is not None and planned_ms > start_ms
        return Gap(start_ms=start_ms, end_ms=planned_ms if known else None, reason="the file breaks off here")

    def _is_truncated(self, end_s: Fraction) -> bool:
        """By the file's structure where it tells, else by an announced length that was missed by far."""
        if self.probe.missing_bytes is not None:
            return self.probe.missing_bytes > 0 or self.broke_off
        expected = self.clock.duration_s
        return self.broke_off or (
            self.stream.duration is not None and expected is not None and end_s < expected - SHORTFALL_S
        )

    def _pictures(self) -> Iterator[tuple[Fraction, VideoFrame | None]]:
        """Time and picture in order of presentation; no picture: something around this time is damaged."""
        context = self.stream.codec_context
        for coded, need in self.plan.needs(self._coded()):
            if need is Need.NOTHING:
                continue
            context.skip_frame = "DEFAULT" if need is Need.SAMPLE else "NONREF"
            for time_s, frame in self._decode(coded):
                if self._is_past_end(time_s):
                    self.reached = True
                    return
                yield time_s, frame

    def _is_past_end(self, time_s: Fraction) -> bool:
        """Not of this clip any more, the jitter of its time allowed for."""
        return self.until_s is not None and max(time_s, self.grid.slot_start(self.grid.slot(time_s))) >= self.until_s

    def _decode(self, coded: Coded[Packet[VideoStream]]) -> Iterator[tuple[Fraction, VideoFrame | None]]:
        try:
            frames = coded.packet.decode()
        except av.FFmpegError:
            if coded.packet.size:
                yield coded.time_s if coded.time_s is not None else self._next_s(), None
            return
        for frame in frames:
            yield self._timed(frame)

    def _timed(self, frame: VideoFrame) -> tuple[Fraction, VideoFrame | None]:
        stamp = frame.pts if frame.pts is not None else frame.dts
        time_s = self.clock.seconds(stamp) if stamp is not None else self._next_s()
        if frame.is_corrupt:
            return time_s, None
        self._learn_keyframe(frame)
        self.last_s = time_s if self.last_s is None else max(self.last_s, time_s)
        self._extend(time_s, frame.duration)
        return time_s, frame

    def _extend(self, time_s: Fraction, duration: int | None) -> None:
        """The video lasts at least as long as this picture is shown."""
        self.end_s = max(self.end_s, time_s + ((duration or 0) * self.clock.time_base or self.clock.step_s))

    def _next_s(self) -> Fraction:
        """The time of a picture that carries none: one nominal step after the last."""
        return Fraction(0) if self.last_s is None else self.last_s + self.clock.step_s

    def _learn_keyframe(self, frame: VideoFrame) -> None:
        """With gradual refresh a "keyframe" refers to pictures before it: then no tail may be left out."""
        if frame.key_frame:
            self.keyframes = self.keyframes + 1 if frame.pict_type == PictureType.I else -(1 << 30)
            self.plan.trust_keys = self.keyframes >= TRUSTED_KEYFRAMES

    def _coded(self) -> Iterator[Coded[Packet[VideoStream]]]:
        disposable = disposable_test(self.stream.codec_context.name, self.stream.codec_context.extradata)
        for packet in self._joined(self._positioned()):
            time_s = None if packet.pts is None else self.clock.seconds(packet.pts)
            if time_s is not None and packet.size:
                self._extend(time_s, packet.duration)
            yield Coded(
                packet,
                time_s,
                key=packet.is_keyframe,
                disposable=packet.is_disposable or disposable(bytes(packet)),
                size_bytes=packet.size,
            )

    def _positioned(self) -> Iterator[Packet[VideoStream]]:
        """Packets from the last keyframe at or before the start of the clip."""
        for back_s in SEEK_BACK_S if self.from_s > 0 else ():
            try:
                self.container.seek(self.clock.timestamp(max(self.from_s - back_s, Fraction(0))), stream=self.stream)
            except av.FFmpegError:
                break
            packets = self._demuxed()
            first = next(packets, None)
            if first is not None and first.pts is not None and self.clock.seconds(first.pts) <= self.from_s:
                yield from chain([first], packets)
                return
        if self.from_s > 0:
            self._rewind()
        yield from self._demuxed()

    def _rewind(self) -> None:
        try:
            self.container.seek(0)
        except av.FFmpegError:
            self.container.seek(0, unsupported_byte_offset=True)

    def _demuxed(self) -> Iterator[Packet[VideoStream]]:
        try:
            yield from self.container.demux(self.stream)
        except av.FFmpegError:
            self.broke_off = True

    def _joined(self, packets: Iterator[Packet[VideoStream]]) -> Iterator[Packet[VideoStream]]:
        """Packets whose timestamps leap (a recording restarted, streams glued together) continue the count before."""
        base, shift, last = self.clock.time_base, 0, None
        for packet in packets:
            if packet.dts is not None:
                leap_s = Fraction(0) if last is None else (packet.dts + shift - last) * base
                if last is not None and self._is_leap(leap_s, last * base):
                    shift += last - packet.dts - shift + round(self.clock.step_s / base)
                    self.jumps.append((self.clock.seconds(last), f"the timestamps leap by {float(leap_s):.1f} s here"))
                packet.dts, last = packet.dts + shift, packet.dts + shift
                packet.pts = None if packet.pts is None else packet.pts + shift
            yield packet

    def _is_leap(self, leap_s: Fraction, last_s: Fraction) -> bool:
        known_s = self.clock.duration_s or Fraction(0)
        return leap_s < -JUMP_BACK_S or (leap_s > JUMP_AHEAD_S and last_s + leap_s - self.clock.origin_s > known_s + 1)


def _decoder_threads() -> int:
    """Two a processor: where packets are left out, frame threads wait for each other more than with all of them."""
    return min(MAX_THREADS, 2 * len(os.sched_getaffinity(0)))
