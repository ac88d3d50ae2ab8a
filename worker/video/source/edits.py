"""The stretches of its media that an MP4 shows by its edit list, one behind the other.

FFmpeg plays each of them from the keyframe before it, marks what lies outside as hidden, and gives the second and later
ones stamps that are a few pictures early or late: it counts pictures in coding order. Here each is put behind the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, TypeVar


class Packed(Protocol):
    """A packet with its decoding stamp."""

    @property
    def dts(self) -> int | None:
        """Decoding time in ticks of the stream's time base, if the file gives one."""


P = TypeVar("P", bound=Packed)


@dataclass
class Extent:
    """From the first picture shown of a stretch to the end of the last, in ticks."""

    start: int
    end: int

    def take(self, start: int, end: int) -> None:
        """Widen the extent so that it holds `start` to `end`, in ticks."""
        self.start, self.end = min(self.start, start), max(self.end, end)


def numbered(packets: Iterable[P], first: int = 0) -> Iterator[tuple[int, P]]:
    """Each packet, hidden ones too, with the number of its stretch: at a new one decoding stamps run back to a keyframe."""
    stretch, last = first, None
    for packet in packets:
        if packet.dts is not None:
            stretch += last is not None and packet.dts < last
            last = packet.dts
        yield stretch, packet


def corrections(extents: Sequence[Extent], most: int) -> list[int]:
    """Ticks to add to the stamps of each stretch. What is further off than `most` is meant: nothing is shown there."""
    moved = [0]
    for before, stretch in pairwise(extents):
        gap = stretch.start - before.end
        moved.append(moved[-1] - gap if abs(gap) <= most else moved[-1])
    return moved
