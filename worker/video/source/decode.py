"""Decodes a clip of a video into chunks: true times, bounded memory, no more pictures decoded than the samples need.

packets -> times (clock.py) -> what each is needed for (sample.py) -> pictures -> slots and chunks (slots.py)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import PictureType, VideoFrame

from db.documents.kinds.video import Gap
from db.failures import Failure
from worker.errors import Permanent
from worker.video.source import timeline
from worker.video.source.clock import DisplayOrder, Joint, StampReading
from worker.video.source.entering import PacketSource, entered
from worker.video.source.frame_convert import FrameConverter
from worker.video.source.frame_sampler import ClipPart, FrameSampler
from worker.video.source.probe import Probe
from worker.video.source.references import disposable_test
from worker.video.source.sample import ChosenSlots, Grid, Need, Plan, PlannedPacket, SamplingGrid

TRUSTED_KEYFRAMES = 2
SHORTFALL_S = 2
MAX_THREADS = 16  # more only cost memory: one picture each
IN_DECODER = 512  # packets whose pictures may still come out
ALWAYS_WHOLE = frozenset({"libdav1d"})  # decoders that read `skip_frame` at their first packet only


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
    slots: ChosenSlots | None = None
    """Chosen pictures instead of `fps` a second, as one chunk."""

    @property
    def grid(self) -> Grid:
        """Times at which frames are sampled."""
        return self.slots or SamplingGrid.of(self.start_ms, self.fps, self.chunk_ms)


@dataclass(frozen=True)
class ClipEnd:
    """After the last part: where the clip really ended, and whether the file broke off before its time."""

    end_ms: int
    truncated: bool
    gaps: tuple[Gap, ...] = ()


def parts(path: Path, probe: Probe, clip: Clip, frame_px: tuple[int, int]) -> Iterator[ClipPart | ClipEnd]:
    """The chunks of a clip in order, frames of `frame_px` (width, height), then one End. Memory does not grow with length.

    Raises Permanent(BAD_PARAMS) when the clip starts after the end of the video, INVALID_MEDIA when nothing decodes.
    """
    converter = FrameConverter(probe, frame_px)
    grid = clip.grid
    from_s = Fraction(grid.chunk_start_ms(clip.first_chunk), 1000)
    with entered(path, probe.timeline.entry(from_s)) as source:
        yield from _Reading(source, clip, probe, grid, from_s).parts(converter)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What is known of a picture while it is in the decoder."""

    time_s: Fraction | None
    lasts_s: Fraction
    dts: int | None
    """Only where the order of decoding is all that is known of its time."""


@dataclass
class _Reading:
    """One pass over a stream. Packets go to the decoder under their number, by which its pictures are known again."""

    source: PacketSource
    clip: Clip
    probe: Probe
    grid: Grid
    from_s: Fraction
    keyframes: int = 0  # seen that are coded without reference to others
    last_s: Fraction | None = None  # time of the last picture that came out
    reached: bool = False  # the end of the clip, before the end of the file
    jumps: list[tuple[Fraction, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.line = self.probe.timeline
        self.until_s = None if self.clip.end_ms is None else Fraction(self.clip.end_ms, 1000)
        self.plan: Plan[_Numbered] = Plan(self.grid)
        self.sent: dict[int, _Sent] = {}
        self.lasts_s = self.line.step_s  # of the last picture that came out
        self.order = DisplayOrder()
        stream = self.source.stream
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = self.clip.threads or _decoder_threads()
        self.may_skip = stream.codec_context.name not in ALWAYS_WHOLE

    def parts(self, converter: FrameConverter) -> Iterator[ClipPart | ClipEnd]:
        slots = FrameSampler(self.grid, converter.convert, self.clip.first_chunk)
        for time_s, frame in self._pictures():
            for jump in self.jumps:
                slots.jump(*jump)
            self.jumps.clear()
            if frame is None:
                slots.damage(time_s)
            else:
                yield from slots.show(time_s, frame)
        yield from self._finish(slots)

    def _finish(self, slots: FrameSampler) -> Iterator[ClipPart | ClipEnd]:
        if self.last_s is None:
            raise Permanent(Failure.INVALID_MEDIA, "no picture of the video can be decoded")
        end_s = self.line.end_s if self.until_s is None else min(self.line.end_s, self.until_s)
        if end_s <= self.grid.start_s:
            raise Permanent(Failure.BAD_PARAMS, f"start_ms is after the end of the video ({round(end_s * 1000)} ms)")
        yield from slots.finish(end_s)
        end_ms = round(end_s * 1000)
        if self.reached or not self._is_truncated():
            yield ClipEnd(end_ms, truncated=False)
            return
        yield ClipEnd(end_ms, truncated=True, gaps=(self._rest(end_ms),))

    def _rest(self, end_ms: int) -> Gap:
        """What is missing after the point where the file breaks off."""
        ends = [ms for ms in (self.clip.end_ms, self.probe.announced_ms) if ms is not None]
        planned_ms = min(ends, default=None)
        start_ms = max(end_ms, round(self.from_s * 1000))
        known = planned_ms is not None and planned_ms > start_ms
        return Gap(start_ms=start_ms, end_ms=planned_ms if known else None, reason="the file breaks off here")

    def _is_truncated(self) -> bool:
        """By the file's structure where it tells, else by an announced length that was missed by far."""
        broke_off = self.source.broke_off or self.line.broke_off
        if self.probe.missing_bytes is not None:
            return self.probe.missing_bytes > 0 or broke_off
        announced_ms = self.probe.announced_ms if self.source.stream.duration is not None else None
        shortfall = announced_ms is not None and self.line.end_s < Fraction(announced_ms, 1000) - SHORTFALL_S
        return broke_off or (shortfall and not self.line.joints)

    def _pictures(self) -> Iterator[tuple[Fraction, VideoFrame | None]]:
        """Time and picture in order of presentation; no picture: something around this time is damaged."""
        context = self.source.stream.codec_context
        for coded, need in self.plan.needs(self._coded()):
            if need is Need.NOTHING:
                continue
            if self.may_skip:
                context.skip_frame = "DEFAULT" if need is Need.SAMPLE else "NONREF"
            yield from self._until_end(self._decode(coded))
            if self.reached:
                return
        yield from self._until_end(self._drained())

    def _until_end(
        self, pictures: Iterator[tuple[Fraction, VideoFrame | None]]
    ) -> Iterator[tuple[Fraction, VideoFrame | None]]:
        for time_s, frame in pictures:
            if self._is_past_end(time_s):
                self.reached = True
                return
            yield time_s, frame

    def _is_past_end(self, time_s: Fraction) -> bool:
        """Not of this clip any more, the jitter of its time allowed for."""
        return self.until_s is not None and max(time_s, self.grid.slot_start(self.grid.slot(time_s))) >= self.until_s

    def _decode(self, coded: PlannedPacket[_Numbered]) -> Iterator[tuple[Fraction, VideoFrame | None]]:
        number, packet = coded.packet.number, coded.packet.coded.packet
        self._remember(coded)
        packet.pts = packet.dts = number
        try:
            frames = packet.decode()
        except av.FFmpegError:
            yield coded.time_s if coded.time_s is not None else self._next_s(), None
            return
        for frame in frames:
            yield self._timed(frame)

    def _drained(self) -> Iterator[tuple[Fraction, VideoFrame | None]]:
        """The pictures still in the decoder at the end of the file."""
        try:
            frames = self.source.stream.decode(None)
        except av.FFmpegError:
            return
        for frame in frames:
            yield self._timed(frame)

    def _remember(self, coded: PlannedPacket[_Numbered]) -> None:
        dts = coded.packet.reading.dts if self.line.stamping.by_order and not coded.hidden else None
        duration = coded.packet.coded.packet.duration
        lasts_s = duration * self.line.time_base if duration else self.line.step_s
        self.sent[coded.packet.number] = _Sent(coded.time_s, lasts_s, dts)
        self.sent.pop(coded.packet.number - IN_DECODER, None)
        if dts is not None:
            self.order.sent(dts)

    def _timed(self, frame: VideoFrame) -> tuple[Fraction, VideoFrame | None]:
        sent = self.sent.pop(frame.pts, None) if frame.pts is not None else None
        time_s = self._time_s(sent, frame)
        if frame.is_corrupt:
            return time_s, None
        self._learn_keyframe(frame)
        self.last_s = time_s if self.last_s is None else max(self.last_s, time_s)
        self.lasts_s = sent.lasts_s if sent else self.line.step_s
        return time_s, frame

    def _time_s(self, sent: _Sent | None, frame: VideoFrame) -> Fraction:
        if sent is not None and sent.dts is not None:
            return self.line.seconds(self.order.shown(sent.dts, frame.key_frame))
        return self._next_s() if sent is None or sent.time_s is None else sent.time_s

    def _next_s(self) -> Fraction:
        """The time of a picture that carries none: when the last has lasted as long as it should."""
        return Fraction(0) if self.last_s is None else self.last_s + self.lasts_s

    def _learn_keyframe(self, frame: VideoFrame) -> None:
        """With gradual refresh a "keyframe" refers to pictures before it: then no tail may be left out."""
        if frame.key_frame:
            self.keyframes = self.keyframes + 1 if frame.pict_type == PictureType.I else -(1 << 30)
            self.plan.trust_keys = self.keyframes >= TRUSTED_KEYFRAMES

    def _coded(self) -> Iterator[PlannedPacket[_Numbered]]:
        context = self.source.stream.codec_context
        disposable = disposable_test(context.name, context.extradata)
        readings = self.line.read(self.source.packets, self.source.entry)
        for number, (coded, reading) in enumerate(readings):
            if reading.joint is not None:
                self._tell(reading.joint, reading.pts)
            packet = coded.packet
            yield PlannedPacket(
                _Numbered(number, coded, reading),
                None if reading.pts is None else self.line.seconds(reading.pts),
                key=packet.is_keyframe,
                disposable=packet.is_disposable or disposable(bytes(packet)),
                size_bytes=packet.size,
                hidden=coded.hidden,
            )

    def _tell(self, joint: Joint, pts: int | None) -> None:
        leap_s = float(joint.leap * self.line.time_base)
        self.jumps.append(
            (self.line.seconds(joint.at if pts is None else pts), f"the timestamps leap by {leap_s:.1f} s here")
        )


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A packet, what is believed of its stamps, and under which number it goes to the decoder."""

    number: int
    coded: timeline.TimedPacket
    reading: StampReading


def _decoder_threads() -> int:
    """Two a processor: where packets are left out, frame threads wait for each other more than with all of them."""
    return min(MAX_THREADS, 2 * len(os.sched_getaffinity(0)))
