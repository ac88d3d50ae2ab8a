"""One rule for clocks: which stamps of a stream are believed, and what time of the timeline each of them means.

Stamps come in decoding order, in ticks of the stream's time base. In a good stream decoding stamps never run back, so:

- a few stamps that leap away and come back are outliers: they are not believed, and nothing after them moves;
- stamps that leap back, or ahead by more than `BELIEVED_S`, and stay there are another count (a recording that started
  over, streams glued together): it is joined to the count before, and the joint is told;
- any other leap ahead is a picture that stands still, as a variable rate has them.

Pure values in and out. What is said of a stamp depends on the state before it and on at most `RUN` stamps behind it:
with the state of any stamp kept, reading can start there and says the same.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Generic, Protocol, TypeVar

BACK_S = Fraction(1, 4)  # decoding stamps that run back less are jitter of a multiplexer
BELIEVED_S = 3600  # no picture is believed to stand still for longer than this
RUN = 32  # so many stamps in a row may be outliers; more are another count
AHEAD_BYTES = 16 << 20  # looked ahead at most, for streams of huge pictures
KEPT = 64  # stamps already shown that a later keyframe may count from
REORDERED = 17  # no codec shows a picture after more than 16 that are coded later


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a container says of one coded picture, in ticks; nothing of one that is never shown."""

    dts: int | None
    pts: int | None
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Joint:
    """Another count begins: at this place of the timeline, which the stamps alone would move by `leap` ticks."""

    at: int
    leap: int


@dataclass(frozen=True, slots=True)
class StampReading:
    """What is believed of a stamp, in ticks of the joined count: None where it is not known."""

    pts: int | None
    dts: int | None
    joint: Joint | None = None


@dataclass(frozen=True, slots=True)
class ClockState:
    """All that earlier stamps mean for the later ones."""

    shift: int = 0
    last: int | None = None  # the latest decoding stamp believed, in the joined count
    lead: int | None = None  # from decoding to presentation, of the last stamp believed
    distrusted: int = 0  # so many of the next decoding stamps are outliers


class Stamped(Protocol):
    """Anything that carries a stamp."""

    @property
    def stamp(self) -> Stamp:
        """Its decoding and presentation stamps."""


S = TypeVar("S", bound=Stamped)


class Clock(Generic[S]):
    """Reads stamps one after the other; `state` is that before the item handed out last, for a clock to start there."""

    def __init__(self, time_base: Fraction, step_s: Fraction, state: ClockState | None = None) -> None:
        def ticks(seconds: Fraction | int) -> int:
            return max(1, round(seconds / time_base))

        self._step = ticks(step_s)
        self._back = ticks(BACK_S)
        self._steady = self._back + self._step  # what a late stamp may be before the one behind it runs back
        self._believed = ticks(BELIEVED_S)
        self._lead = max(self._back, REORDERED * self._step)
        self._next = state or ClockState()
        self.state = self._next
        self._ahead: deque[S] = deque()

    def read(self, items: Iterable[S]) -> Iterator[tuple[S, StampReading]]:
        """Each item with what is believed of its stamp, in the same order. Looks ahead only where a stamp is odd."""
        source = iter(items)
        while self._look(source, 1):
            item = self._ahead.popleft()
            self.state = self._next
            self._next, reading = self._judge(item.stamp, self.state, source)
            yield item, reading

    def _look(self, source: Iterator[S], count: int) -> list[S]:
        """The next `count` items, fewer at the end or where they are large."""
        while len(self._ahead) < count and (item := next(source, None)) is not None:
            self._ahead.append(item)
        seen: list[S] = []
        size_bytes = 0
        for item in list(self._ahead)[:count]:
            size_bytes += item.stamp.size_bytes
            if seen and size_bytes > AHEAD_BYTES:
                break
            seen.append(item)
        return seen

    def _judge(self, stamp: Stamp, state: ClockState, source: Iterator[S]) -> tuple[ClockState, StampReading]:
        if stamp.dts is None:
            return state, StampReading(self._undecided(stamp, state), None)
        if state.distrusted:
            return replace(state, distrusted=state.distrusted - 1), StampReading(None, None)
        at = stamp.dts + state.shift
        if outliers := self._outliers(at, state, source):
            return replace(state, distrusted=outliers - 1), StampReading(None, None)
        joint = self._joint(at, state)
        shift = state.shift + (joint.at - at if joint else 0)
        at = stamp.dts + shift
        pts = None if stamp.pts is None else self._presentation(stamp.pts + shift, at, state.lead, source, shift)
        lead = state.lead if pts is None else pts - at
        last = at if state.last is None else max(at, state.last)
        return ClockState(shift, last, lead), StampReading(pts, at, joint)

    def _undecided(self, stamp: Stamp, state: ClockState) -> int | None:
        """A presentation stamp without a decoding stamp: believed where it is near the last."""
        if stamp.pts is None or state.last is None:
            return stamp.pts
        pts = stamp.pts + state.shift
        return pts if -self._lead <= pts - state.last <= self._believed else None

    def _outliers(self, at: int, state: ClockState, source: Iterator[S]) -> int:
        """How many stamps from this one on leap away from the last and come back to it; 0: they do not."""
        last = state.last
        if last is not None and -self._back <= at - last <= self._steady:
            return 0
        stamps = [item.stamp.dts for item in self._look(source, RUN)]
        following = [at, *(dts + state.shift for dts in stamps if dts is not None)]
        if last is None:
            return self._false_start(following)
        return self._until_return(last, following)

    def _until_return(self, last: int, following: list[int]) -> int:
        """How many stamps come before a leap back to where `last` would go on; 0: none leaps there."""
        ahead = following[0] > last
        for count, (before, after) in enumerate(pairwise(following), 1):
            returns = after < before - self._back if ahead else after > before + self._steady
            slack = self._steady + 2 * (count + 1) * self._step
            if returns and -self._back <= after - last <= slack:
                return count
        return 0

    def _false_start(self, following: list[int]) -> int:
        """The first stamp of all is late, and those behind it are at one with each other and never come back to it."""
        if len(following) < 4 or following[1] >= following[0] - self._back:
            return 0
        if self._until_return(following[0], following[1:]):
            return 0  # those behind it are the outliers
        return int(all(-self._back <= b - a <= self._steady for a, b in pairwise(following[1:4])))

    def _joint(self, at: int, state: ClockState) -> Joint | None:
        if state.last is None or -self._back <= at - state.last <= self._believed:
            return None
        return Joint(state.last + self._step, at - state.last - self._step)

    def _presentation(self, pts: int, at: int, usual: int | None, source: Iterator[S], shift: int) -> int | None:
        """The presentation stamp, unless more pictures than any codec reorders would be coded before it is shown."""
        lead = pts - at
        if usual is None or abs(lead - usual) <= self._lead or 0 <= lead <= self._lead:
            return pts
        later = [item.stamp.dts + shift - at for item in self._look(source, RUN) if item.stamp.dts is not None]
        later = sorted(ticks for ticks in later if ticks <= self._believed)[:REORDERED]
        return pts if 0 < lead <= max(later, default=0) + self._lead else None


class DisplayOrder:
    """Presentation times of pictures whose container only says in which order they are decoded (AVI).

    Pictures come out in the order they are shown; so the k-th of them is shown at the k-th decoding stamp. Pictures that
    never come out would move all after them: at a keyframe the count is taken anew. Before it are shown all that are coded
    before it, and those behind it that came out already.
    """

    def __init__(self) -> None:
        self._sent: list[int] = []  # sorted
        self._next = 0  # place of the next picture shown
        self._came: deque[int] = deque(maxlen=2 * REORDERED)

    def sent(self, dts: int) -> None:
        """A picture with this stamp went to the decoder."""
        insort(self._sent, dts)
        if self._next > KEPT:
            del self._sent[:REORDERED]
            self._next -= REORDERED

    def shown(self, dts: int, key: bool) -> int:
        """When the picture with this decoding stamp is shown, which came out of the decoder now."""
        if key:
            self._next = bisect_left(self._sent, dts) + sum(came > dts for came in self._came)
        self._came.append(dts)
        place, self._next = self._next, self._next + 1
        return self._sent[place] if place < len(self._sent) else dts
