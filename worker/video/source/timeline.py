"""The whole of a video by its packets, nothing decoded: how long it is, where its counts are joined, where to enter it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from worker.video.source import edits
from worker.video.source.clock import BELIEVED_S, REORDERED, Clock, ClockState, Stamp, StampReading
from worker.video.source.edits import Extent, corrections
from worker.video.source.packets import demuxed
from worker.video.source.references import entry_test

STEP_PACKETS = 5000  # about a tenth of a second of reading
MAX_ENTRIES = 8192  # beyond that every second one is forgotten, and so on
SOUND_S = Fraction(1, 2)  # sound that ends less than this after the pictures prolongs nothing
EDITED = "mov,mp4,m4a,3gp,3g2,mj2"
NO_PTS = frozenset({"avi", "asf"})  # store one stamp a picture, in decoding order; FFmpeg makes up the other
SOUND_STEP_S = 1  # sound whose stamps leap further says nothing of the end


@dataclass(frozen=True, slots=True)
class TimedPacket:
    """One packet in reading order."""

    packet: Packet[VideoStream]
    stamp: Stamp
    hidden: bool
    """Outside of the stretches that an edit list shows: others may refer to it, it is never shown."""
    stretch: int


@dataclass(frozen=True)
class Stamping:
    """How far the stamps of a stream can be believed, by its container."""

    by_order: bool
    """Pictures are coded in another order than shown, and the container only has stamps of the former."""
    edited: bool
    """An edit list may show several stretches of it."""
    sparse: bool = False
    """Most pictures have no stamp; FFmpeg then gives some to the wrong picture. Those of keyframes are right."""

    @classmethod
    def of(cls, container: InputContainer, stream: VideoStream) -> Stamping:
        """How packets of this container's stream get their times."""
        name = container.format.name
        return cls(name in NO_PTS and bool(stream.codec_context.has_b_frames), edited=name == EDITED)

    def coded(self, packets: Iterable[Packet[VideoStream]], stretch: int = 0) -> Iterator[TimedPacket]:
        """Packets with the times that they are shown at, in ticks, and the number of their stretch of edits."""
        in_stretches = edits.numbered(packets, stretch) if self.edited else ((0, packet) for packet in packets)
        for number, packet in in_stretches:
            yield TimedPacket(packet, self._stamp(packet), bool(packet.is_discard), number)

    def _stamp(self, packet: Packet[VideoStream]) -> Stamp:
        if packet.is_discard or (self.sparse and not packet.is_keyframe):
            return Stamp(None, None, packet.size)
        return Stamp(packet.dts, None if self.by_order else packet.pts, packet.size)


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """Where reading may start: everything shown from `time_s` on can be decoded from here."""

    time_s: Fraction
    pos: int | None
    size_bytes: int
    dts: int | None
    pts: int | None
    state: ClockState
    """Of the clock before this packet."""
    stretch: int

    @classmethod
    def of(cls, coded: TimedPacket, state: ClockState) -> EntryPoint:
        """The state from which reading can begin again at this packet."""
        packet = coded.packet
        return cls(Fraction(0), packet.pos, packet.size, packet.dts, packet.pts, state, coded.stretch)

    def is_at(self, packet: Packet[VideoStream]) -> bool:
        """This packet is the one. Stamps that FFmpeg derives from earlier packets may be missing after a seek."""
        if packet.size != self.size_bytes or packet.pos != self.pos:
            return False
        pairs = [(self.dts, packet.dts), (self.pts, packet.pts)]
        known = [before == now for before, now in pairs if before is not None and now is not None]
        return bool(known) and all(known)


@dataclass(frozen=True)
class Timeline:
    """Times are seconds of the timeline: 0 is the first presentation of the container, as players have it."""

    origin_s: Fraction
    time_base: Fraction
    step_s: Fraction
    """The nominal time between two pictures."""
    end_s: Fraction
    pictures: int
    joints: int
    """Places where another count begins."""
    entries: tuple[EntryPoint, ...]
    stamping: Stamping
    moved: tuple[int, ...]
    """Ticks to add to the times of each stretch."""
    broke_off: bool

    def seconds(self, ticks: int) -> Fraction:
        """Ticks of the file as seconds of video time."""
        return ticks * self.time_base - self.origin_s

    def entry(self, time_s: Fraction) -> EntryPoint | None:
        """Where to start reading for everything from a time on; None: at the beginning."""
        at = bisect_right(self.entries, time_s, key=lambda entry: entry.time_s) - 1
        return self.entries[at] if at > 0 else None

    def read(
        self, packets: Iterable[Packet[VideoStream]], entry: EntryPoint | None
    ) -> Iterator[tuple[TimedPacket, StampReading]]:
        """Packets with what is believed of their stamps, from an entry on; None: from the beginning."""
        clock: Clock[TimedPacket] = Clock(self.time_base, self.step_s, entry.state if entry else None)
        for coded, reading in clock.read(self.stamping.coded(packets, entry.stretch if entry else 0)):
            moved = self.moved[coded.stretch]
            yield coded, replace(reading, pts=reading.pts + moved) if moved and reading.pts is not None else reading


def timeline(container: InputContainer, stream: VideoStream, on_step: Callable[[], None] = lambda: None) -> Timeline:
    """Read all packets of a freshly opened container. `on_step` is called every `STEP_PACKETS` of them and may raise: a
    file of many hours takes minutes on a slow disk, and whoever waits must be able to stop it."""
    base = stream.time_base or Fraction(1, 1000)
    step_s = 1 / (stream.guessed_rate or stream.average_rate or Fraction(25))
    stamping = Stamping.of(container, stream)
    clock: Clock[TimedPacket] = Clock(base, step_s)
    scan = _Scan(stream, clock, stamping, max(1, round(step_s / base)))
    packets = _Packets(container, stream, scan)
    for number, (coded, reading) in enumerate(clock.read(stamping.coded(packets))):
        scan.take(coded, reading)
        if number % STEP_PACKETS == 0:
            on_step()
    origin_s = _origin_s(container, (scan.first or 0) * base)
    return Timeline(
        origin_s,
        base,
        step_s,
        scan.end_s() - origin_s,
        scan.pictures,
        scan.joints,
        tuple(replace(entry, time_s=entry.time_s - origin_s) for entry in scan.moved_entries()),
        replace(stamping, sparse=scan.sparse),
        tuple(scan.moved()),
        packets.broke_off,
    )


def _origin_s(container: InputContainer, first_s: Fraction) -> Fraction:
    """The first presentation of the container, unless an outlier was taken for it."""
    if container.start_time is None:
        return first_s
    said_s = Fraction(container.start_time, av.time_base)
    return said_s if first_s - BELIEVED_S <= said_s <= first_s else first_s


class _Packets:
    """The packets of a stream that hold something; those of the sound beside it go to the scan."""

    def __init__(self, container: InputContainer, stream: VideoStream, scan: _Scan) -> None:
        self.broke_off = False
        self._container, self._stream, self._scan = container, stream, scan

    def __iter__(self) -> Iterator[Packet[VideoStream]]:
        try:
            for packet in demuxed(self._container, self._stream, *self._container.streams.audio[:1]):
                if packet.stream is self._stream:
                    yield cast("Packet[VideoStream]", packet)
                else:
                    self._scan.hear(packet)
        except av.FFmpegError:
            self.broke_off = True


class _Scan:
    """What is gathered packet by packet, in ticks that do not know the origin yet."""

    def __init__(self, stream: VideoStream, clock: Clock[TimedPacket], stamping: Stamping, step: int) -> None:
        self.first: int | None = None
        self.end = 0
        self.sound_s: Fraction | None = None
        self.pictures = 0
        self._stamped = 0
        self.joints = 0
        self.entries: list[EntryPoint] = []
        self._base = stream.time_base or Fraction(1, 1000)
        self._clock = clock
        self._stamping = stamping
        self._stretches: dict[int, Extent] = {}
        self._step = step
        self._is_entry = entry_test(stream.codec_context.name, stream.codec_context.extradata)
        self._spacing_s = Fraction(1, 2)
        self._before: EntryPoint | None = None  # the keyframe before the last
        self._pending: list[EntryPoint] = []  # keyframes whose time is that of the next picture shown
        self._counted = 0  # where the pictures since the last keyframe would end if each lasted as long as it says
        self._heard: int | None = None

    @property
    def sparse(self) -> bool:
        return self._stamped < self.pictures // 2

    def moved(self) -> list[int]:
        """Ticks by which each stretch is off, also those of which nothing is shown."""
        shown = sorted(self._stretches)
        found = dict(zip(shown, corrections([self._stretches[k] for k in shown], REORDERED * self._step), strict=False))
        return [found.get(k, 0) for k in range(max(shown, default=0) + 2)]

    def end_s(self) -> Fraction:
        """The end of the pictures, or of sound that goes on much longer."""
        end_s = (self.end + self.moved()[-2]) * self._base
        longer = self.sound_s is not None and end_s + SOUND_S <= self.sound_s <= end_s + BELIEVED_S
        return self.sound_s if longer and self.sound_s is not None else end_s

    def moved_entries(self) -> list[EntryPoint]:
        moved = self.moved()
        return [replace(entry, time_s=entry.time_s + moved[entry.stretch] * self._base) for entry in self.entries]

    def take(self, coded: TimedPacket, reading: StampReading) -> None:
        if coded.packet.is_keyframe:
            self._enter(coded)
        if coded.hidden:
            return
        self.pictures += 1
        self._stamped += coded.stamp.dts is not None or coded.stamp.pts is not None
        if reading.joint is not None:
            self.joints += 1
            self.end, self.sound_s = min(self.end, reading.joint.at), None
        shown = reading.dts if self._stamping.by_order else reading.pts
        if shown is not None:
            self._show(shown)
        elif coded.packet.is_keyframe:
            self._pending.clear()  # there is no picture before it that tells when it is shown
        self._count(coded, shown)

    def _show(self, shown: int) -> None:
        self.first = shown if self.first is None else min(self.first, shown)
        if self._pending:
            self._place(shown * self._base)

    def _count(self, coded: TimedPacket, shown: int | None) -> None:
        """The end so far. Pictures without a time follow the last keyframe that has one."""
        lasts = coded.packet.duration or self._step
        if coded.packet.is_keyframe and shown is not None:
            self._counted = shown
        start = self._counted if shown is None else shown
        if not coded.packet.is_corrupt:  # a last one that broke off
            self.end = max(self.end, start + lasts)
            self._stretches.setdefault(coded.stretch, Extent(start, start)).take(start, start + lasts)
        self._counted += lasts

    def hear(self, packet: Packet[Stream]) -> None:
        """Sound counts in the same way as the pictures beside it, as far as its own stamps are steady."""
        if packet.pts is None or packet.time_base is None:
            return
        before, self._heard = self._heard, packet.pts
        if before is not None and 0 <= (packet.pts - before) * packet.time_base <= SOUND_STEP_S:
            end_s = (packet.pts + (packet.duration or 0)) * packet.time_base + self._clock.state.shift * self._base
            self.sound_s = end_s if self.sound_s is None else max(self.sound_s, end_s)

    def _enter(self, coded: TimedPacket) -> None:
        """A keyframe that is none by itself (gradual refresh, open groups without stamps) is entered one earlier."""
        here = EntryPoint.of(coded, self._clock.state)
        alone = self._is_entry(bytes(coded.packet)) and (coded.hidden or coded.stamp.pts is not None)
        self._pending.append(here if alone or self._before is None else self._before)
        self._before = here

    def _place(self, time_s: Fraction) -> None:
        entry = replace(self._pending[-1], time_s=time_s)
        self._pending.clear()
        last = self.entries[-1] if self.entries else None
        if last is None or time_s >= last.time_s + self._spacing_s:
            self.entries.append(entry)
        if len(self.entries) > MAX_ENTRIES:
            del self.entries[1::2]
            self._spacing_s *= 2
