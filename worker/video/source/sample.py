"""Which pictures are shown to the model and which packets are needed for them: arithmetic over times, nothing decoded."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from itertools import islice
from math import ceil, floor
from typing import Generic, TypeVar

LOOKAHEAD_PACKETS = 300  # more than any codec's reordering (16), and the keyframe distance of most videos
LOOKAHEAD_BYTES = 16 << 20
REORDERED = 16  # pictures that may be coded between one and the next shown
HISTORY = 64  # times already passed that a reordered picture may still fall between
JITTER_S = Fraction(1, 1000)  # containers round times to milliseconds: a picture this early still belongs to its slot

P = TypeVar("P")


@dataclass(frozen=True)
class SamplingGrid:
    """The sampling grid of a clip: slot i starts at start + i / fps, chunk k at start + k * chunk_ms.

    The first picture that starts inside a slot is its sample; a slot in which none starts shows the picture still on screen.
    """

    start_s: Fraction
    fps: Fraction
    chunk_ms: int

    @classmethod
    def of(cls, start_ms: int, fps: float, chunk_ms: int) -> SamplingGrid:
        """At least one slot a chunk: an fps below that is raised to it."""
        wanted = Fraction(fps).limit_denominator(1001)
        return cls(Fraction(start_ms, 1000), max(wanted, Fraction(1000, chunk_ms)), chunk_ms)

    def slot(self, time_s: Fraction) -> int:
        """The slot a picture of this time belongs to; negative before the clip."""
        return floor((time_s + JITTER_S - self.start_s) * self.fps)

    def slot_start(self, slot: int) -> Fraction:
        """Video time in seconds at which a slot begins."""
        return self.start_s + slot / self.fps

    def chunk(self, slot: int) -> int:
        """The chunk that a slot is in."""
        return floor(slot * 1000 / (self.fps * self.chunk_ms))

    def chunk_start_ms(self, chunk: int) -> int:
        """Video time at which a chunk begins."""
        return round(self.start_s * 1000) + chunk * self.chunk_ms

    def first_slot(self, chunk: int) -> int:
        """The first slot of a chunk."""
        return ceil(chunk * self.chunk_ms * self.fps / 1000)

    def slots_before(self, end_s: Fraction) -> int:
        """How many slots begin before a time."""
        return ceil((end_s - JITTER_S - self.start_s) * self.fps)


@dataclass(frozen=True)
class ChosenSlots:
    """A grid of chosen times, in order: slot i starts at the i-th of them, and all are one chunk."""

    starts_s: tuple[Fraction, ...]
    end_s: Fraction

    @property
    def start_s(self) -> Fraction:
        """Video time in seconds of the first slot."""
        return self.starts_s[0]

    def slot(self, time_s: Fraction) -> int:
        """The slot a picture of this time belongs to; negative before the first."""
        return bisect_right(self.starts_s, time_s + JITTER_S) - 1

    def slot_start(self, slot: int) -> Fraction:
        """Video time in seconds at which a slot begins; after the last one, the end."""
        return self.starts_s[max(slot, 0)] if slot < len(self.starts_s) else self.end_s

    def chunk(self, slot: int) -> int:
        """Always 0: chosen times make one chunk."""
        return 0

    def chunk_start_ms(self, chunk: int) -> int:
        """Video time at which chunk 0 begins; for any later one, the end."""
        return max(0, floor(self.start_s * 1000)) if chunk == 0 else ceil(self.end_s * 1000)

    def first_slot(self, chunk: int) -> int:
        """The first slot of a chunk."""
        return 0

    def slots_before(self, end_s: Fraction) -> int:
        """How many slots begin before a time."""
        return bisect_left(self.starts_s, end_s - JITTER_S)


Grid = SamplingGrid | ChosenSlots
"""Which pictures are shown: evenly spread ones for as long as it takes, or chosen ones."""


class Need(Enum):
    """What a packet is needed for."""

    SAMPLE = "sample"  # its picture is shown
    REFERENCE = "reference"  # its picture may serve the decoding of one that is shown
    NOTHING = "nothing"


@dataclass
class PlannedPacket(Generic[P]):
    """One packet in decoding order; `time_s` is None where the container does not say when it is shown."""

    packet: P
    time_s: Fraction | None
    key: bool
    disposable: bool = False
    size_bytes: int = 0
    hidden: bool = False
    """Never shown whatever its time; others may refer to it."""


class Plan(Generic[P]):
    """Decides, a bounded number of packets ahead, what each packet is needed for.

    Besides pictures nobody refers to, the tail of a group of pictures is left out: what comes after its last sample in
    decoding order serves nothing, since a keyframe follows. That holds only where keyframes really are entry points;
    `trust_keys` is set once the decoder has seen that they are.
    """

    def __init__(self, grid: Grid) -> None:
        self.trust_keys = False
        self._grid = grid
        self._ahead: deque[PlannedPacket[P]] = deque()
        self._ahead_bytes = 0
        self._times: list[Fraction] = []  # of the packets ahead and of the last ones passed, sorted
        self._passed: deque[Fraction] = deque()
        self._keys_ahead = 0
        self._unknown_ahead = 0
        self._blocked_by: PlannedPacket[P] | None = (
            None  # the next sample, which no tail may swallow: no need to look again
        )
        self._skip_to: PlannedPacket[P] | None = None  # the keyframe that ends the tail being left out
        self._leading_of: Fraction | None = None  # pictures before this time would need the tail that was left out

    def needs(self, packets: Iterable[PlannedPacket[P]]) -> Iterator[tuple[PlannedPacket[P], Need]]:
        """Each packet with what it is needed for, in the same order."""
        for coded in packets:
            self._push(coded)
            while self._is_full():
                yield self._pop()
        while self._ahead:
            yield self._pop()

    def _is_full(self) -> bool:
        too_large = self._ahead_bytes > LOOKAHEAD_BYTES and len(self._ahead) > 1
        return too_large or len(self._ahead) > LOOKAHEAD_PACKETS

    def _push(self, coded: PlannedPacket[P]) -> None:
        self._ahead.append(coded)
        self._ahead_bytes += coded.size_bytes
        self._keys_ahead += coded.key
        self._unknown_ahead += coded.time_s is None and not coded.hidden
        if coded.time_s is not None:
            insort(self._times, coded.time_s)

    def _pop(self) -> tuple[PlannedPacket[P], Need]:
        coded = self._ahead.popleft()
        self._ahead_bytes -= coded.size_bytes
        self._keys_ahead -= coded.key
        self._unknown_ahead -= coded.time_s is None and not coded.hidden
        if coded is self._blocked_by:
            self._blocked_by = None
        need = self._need(coded)
        if coded.time_s is not None:
            self._forget_old(coded.time_s)
        return coded, need

    def _forget_old(self, time_s: Fraction) -> None:
        self._passed.append(time_s)
        if len(self._passed) > HISTORY:
            del self._times[bisect_left(self._times, self._passed.popleft())]

    def _need(self, coded: PlannedPacket[P]) -> Need:
        if coded is self._skip_to:
            self._skip_to, self._leading_of = None, coded.time_s
        if coded.hidden:
            return Need.NOTHING if coded.disposable else Need.REFERENCE
        if coded.time_s is None or self._is_sample(coded.time_s) or self._times_another():
            return Need.SAMPLE
        if coded.disposable or self._skip_to is not None or self._is_orphan(coded.time_s) or self._starts_tail(coded):
            return Need.NOTHING
        return Need.REFERENCE

    def _times_another(self) -> bool:
        """A picture of unknown time is shown soon: the one before it says when."""
        if not self._unknown_ahead:
            return False
        return any(ahead.time_s is None and not ahead.hidden for ahead in islice(self._ahead, REORDERED))

    def _is_orphan(self, time_s: Fraction) -> bool:
        """A picture shown before the keyframe that ended a tail, but coded after it."""
        if self._leading_of is not None and time_s > self._leading_of:
            self._leading_of = None
        return self._leading_of is not None and time_s < self._leading_of

    def _is_sample(self, time_s: Fraction) -> bool:
        """The first of its slot, or the one that stays on screen through the empty slots after it."""
        slot, at = self._grid.slot(time_s), bisect_left(self._times, time_s)
        if slot >= 0 and (at == 0 or self._grid.slot(self._times[at - 1]) < slot):
            return True
        following = self._times[at + 1] if at + 1 < len(self._times) else None
        return following is not None and self._grid.slot(following) > max(slot + 1, 0)

    def _starts_tail(self, coded: PlannedPacket[P]) -> bool:
        if not self.trust_keys or not self._keys_ahead or self._blocked_by is not None:
            return False
        key = next((ahead for ahead in self._ahead if ahead.key), None)
        if key is None or key.time_s is None or not self._tail_is_useless(key, key.time_s):
            return False
        self._skip_to = key
        return True

    def _tail_is_useless(self, key: PlannedPacket[P], key_time_s: Fraction) -> bool:
        before_key = True
        for ahead in self._ahead:
            if ahead is key:
                before_key = False
            elif not before_key and ahead.time_s is not None and ahead.time_s > key_time_s:
                return True
            elif not ahead.hidden and (ahead.time_s is None or self._is_sample(ahead.time_s)):
                self._blocked_by = ahead if before_key else None
                return False
        return False  # not seen far enough to be sure
