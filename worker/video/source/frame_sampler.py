"""Fills the sampling grid with pictures as they come and hands out chunks: held pictures, holes and gaps included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from av.video.frame import VideoFrame

from db.documents.kinds.video import Gap
from worker.engine.protocol import Chunk, Frame
from worker.video.source.frame_convert import Pixels
from worker.video.source.sample import Grid

UNDECODABLE = "the video is damaged here"
NO_PICTURE_YET = "no picture can be decoded before this one"


@dataclass(frozen=True)
class ClipPart:
    """One chunk of the clip. Without frames it is a chunk of which nothing could be decoded. `gaps` lie inside it."""

    chunk: Chunk
    gaps: tuple[Gap, ...] = ()
    decode_s: float = 0.0


@dataclass
class _Shown:
    """A clean picture, painted at most once and only if it is needed."""

    time_s: Fraction
    frame: VideoFrame
    pixels: Pixels | None = None


class FrameSampler:
    """The slots of one clip, filled in order of time. Every time is in seconds of the clip's timeline."""

    def __init__(self, grid: Grid, convert: Callable[[VideoFrame], Pixels], first_chunk: int = 0) -> None:
        self._grid = grid
        self._convert = convert
        self._next = grid.first_slot(first_chunk)
        self._last: _Shown | None = None
        self._damaged_from: Fraction | None = None
        self._told_s: Fraction | None = None  # up to here the damage has been told
        self._why = UNDECODABLE
        self._chunk = first_chunk
        self._start_s = Fraction(grid.chunk_start_ms(first_chunk), 1000)
        self._waiting: list[Frame] = []  # frames of the chunk being filled
        self._gaps: list[Gap] = []  # not yet handed out, in order of time

    def damage(self, time_s: Fraction, why: str = UNDECODABLE) -> None:
        """Something around this time could not be decoded, or did not come."""
        since = max(time_s, self._told_s or time_s, self._last.time_s if self._last else self._start_s)
        self._damaged_from = since if self._damaged_from is None else min(self._damaged_from, since)
        self._why = why

    def lapse(self, time_s: Fraction) -> Iterator[ClipPart]:
        """Of live input: since the damage nothing has come up to this time; yields the chunks that are over."""
        since = self._start_s if self._damaged_from is None else self._damaged_from
        if time_s <= since:
            return
        self._add_gap(since, time_s, self._why)
        self._damaged_from = since
        yield from self._fill_until(self._grid.slot(time_s))
        self._damaged_from = self._told_s = time_s

    def jump(self, time_s: Fraction, reason: str) -> None:
        """The timestamps broke off here and were joined."""
        self._add_gap(time_s, time_s, reason)

    def show(self, time_s: Fraction, frame: VideoFrame) -> Iterator[ClipPart]:
        """A clean picture appears; yields the chunks that are complete now."""
        slot = self._grid.slot(time_s)
        self._mend(time_s, slot)
        if slot >= self._next:
            yield from self._fill_until(slot)
        self._last, self._damaged_from = _Shown(time_s, frame), None
        if slot >= self._next:
            yield from self._fill(slot, max(time_s, self._grid.slot_start(slot)))

    def finish(self, end_s: Fraction) -> Iterator[ClipPart]:
        """The video or the clip ends here; yields what is left."""
        if self._damaged_from is not None:
            self._mend(end_s, None)
        yield from self._fill_until(self._grid.slots_before(end_s))
        end_ms = round(end_s * 1000)
        if self._waiting or self._grid.chunk_start_ms(self._chunk) < end_ms:
            yield self._part(min(self._grid.chunk_start_ms(self._chunk + 1), end_ms))

    def _mend(self, time_s: Fraction, slot: int | None) -> None:
        """Damage ends at a clean picture: say from when to when."""
        if self._last is None and slot is not None and slot > self._next and self._why is UNDECODABLE:
            self._add_gap(self._start_s, time_s, NO_PICTURE_YET)
        elif self._damaged_from is not None:
            self._add_gap(self._damaged_from, time_s, self._why)

    def _add_gap(self, start_s: Fraction, end_s: Fraction, reason: str) -> None:
        start_ms, end_ms = round(max(start_s, self._start_s) * 1000), round(end_s * 1000)
        if end_ms >= start_ms:
            self._gaps.append(Gap(start_ms=start_ms, end_ms=end_ms, reason=reason))

    def _fill_until(self, slot: int) -> Iterator[ClipPart]:
        """Slots in which no picture starts: the one on screen is held, unless what came after it is damaged."""
        while self._next < slot:
            yield from self._fill(self._next, self._grid.slot_start(self._next))

    def _fill(self, slot: int, time_s: Fraction) -> Iterator[ClipPart]:
        chunk = self._grid.chunk(slot)
        while self._chunk < chunk:
            yield self._part(self._grid.chunk_start_ms(self._chunk + 1))
        self._next = slot + 1
        damaged = self._damaged_from is not None and self._damaged_from < self._grid.slot_start(slot + 1)
        if self._last is not None and not damaged:
            self._waiting.append(Frame(round(time_s * 1000), self._pixels(self._last)))

    def _pixels(self, shown: _Shown) -> Pixels:
        if shown.pixels is None:
            shown.pixels = self._convert(shown.frame)
        return shown.pixels

    def _part(self, end_ms: int) -> ClipPart:
        start_ms = self._grid.chunk_start_ms(self._chunk)
        frames, gaps = tuple(self._waiting), tuple(self._gaps_before(start_ms, end_ms))
        part = ClipPart(
            Chunk(self._chunk, start_ms, end_ms, frames), gaps if frames else _all_of(start_ms, end_ms, gaps)
        )
        self._chunk += 1
        self._waiting = []
        return part

    def _gaps_before(self, start_ms: int, end_ms: int) -> Iterator[Gap]:
        """The gaps inside a chunk; what reaches beyond it waits for the next."""
        waiting, self._gaps = self._gaps, []
        for gap in waiting:
            gap_end_ms = gap.end_ms if gap.end_ms is not None else end_ms
            if gap.start_ms < end_ms:
                yield Gap(start_ms=max(gap.start_ms, start_ms), end_ms=min(gap_end_ms, end_ms), reason=gap.reason)
            if gap_end_ms > end_ms or gap.start_ms >= end_ms:
                rest = Gap(start_ms=max(gap.start_ms, end_ms), end_ms=gap_end_ms, reason=gap.reason)
                self._gaps.append(rest)


def _all_of(start_ms: int, end_ms: int, gaps: tuple[Gap, ...]) -> tuple[Gap, ...]:
    """Of a chunk without a frame all is missed: each gap goes on to the next, the first begins and the last ends with it."""
    starts = [start_ms, *(gap.start_ms for gap in gaps[1:])]
    ends = [*starts[1:], end_ms]
    return tuple(
        gap.model_copy(update={"start_ms": start, "end_ms": end})
        for gap, start, end in zip(gaps, starts, ends, strict=False)
    )
