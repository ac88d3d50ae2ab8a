"""When the pictures of a live source happen, on the timeline of the job: from their stamps and from when they arrive.

Pure values: arrival times are passed in. Times only ever go up.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

BACK_S = Fraction(1, 2)  # stamps that run back further are another count
AHEAD_S = Fraction(10)  # what comes in bursts (segments, a server's first pictures) may be this far before its time
BEHIND_S = Fraction(15)  # further behind, the source is late for good
USUAL_STEP_S = Fraction(1, 25)
JUMP_S = Fraction(2)  # stamps that run on by so much more than time has passed, and by several times their step before
USUAL_STEPS = 4


@dataclass(frozen=True)
class Placed:
    """Where a picture belongs; `leap_s`: its stamp leaps by so much from the last one, and begins another count."""

    time_s: Fraction
    leap_s: Fraction | None = None


class FrameClock(Protocol):
    """Places pictures in order of presentation. All times are seconds of the job's timeline."""

    last_s: Fraction | None
    """Of the last picture."""
    step_s: Fraction
    """From the picture before it to the last."""

    def connected(self) -> None:
        """Stamps begin anew."""

    def place(self, stamp_s: Fraction | None, arrived_s: Fraction) -> Placed:
        """Where a picture belongs that arrives now."""
        ...


class _Clock:
    def __init__(self, last_s: Fraction | None = None) -> None:
        self.last_s = last_s
        self.step_s = USUAL_STEP_S
        self._stamp_s: Fraction | None = None
        self._shift_s: Fraction | None = None  # from stamps to times; None before the first of a connection

    def connected(self) -> None:
        self._shift_s = self._stamp_s = None

    def _took(self, time_s: Fraction, stamp_s: Fraction | None) -> Fraction:
        if self.last_s is not None:
            time_s = max(time_s, self.last_s + Fraction(1, 1000))
            if time_s - self.last_s <= 10:
                self.step_s = time_s - self.last_s
        self.last_s = time_s
        if stamp_s is not None:
            self._stamp_s = stamp_s
        return time_s

    def _next_s(self) -> Fraction:
        return Fraction(0) if self.last_s is None else self.last_s + min(self.step_s, Fraction(1))


class WallClock(_Clock):
    """For sources that are watched as they happen: a connection's first picture happens when it arrives, the others where
    their stamps say, as long as that is near their arrival."""

    _arrived_s = Fraction(0)  # of the last picture
    _moved_s: Fraction | None = None  # of its stamp, from the one before

    def connected(self) -> None:
        """Stamps begin again, and so does what was known of their moves."""
        super().connected()
        self._moved_s = None

    def place(self, stamp_s: Fraction | None, arrived_s: Fraction) -> Placed:
        """Where a frame stands in the job's time, from its stamp and when it arrived, in seconds."""
        if stamp_s is None:
            return Placed(self._took(max(self._next_s(), arrived_s), None))
        if self._shift_s is None:
            return Placed(self._anchored(stamp_s, max(arrived_s, self._next_s())))
        expected_s = stamp_s + self._shift_s
        moved_s = Fraction(0) if self._stamp_s is None else stamp_s - self._stamp_s
        if (
            moved_s < -BACK_S
            or (moved_s > BACK_S and expected_s > arrived_s + AHEAD_S)
            or self._jumps(moved_s, arrived_s)
        ):
            self._arrived_s = arrived_s
            return Placed(self._anchored(stamp_s, max(self._next_s(), arrived_s - AHEAD_S)), moved_s)
        self._arrived_s, self._moved_s = arrived_s, moved_s
        if expected_s < arrived_s - BEHIND_S:
            return Placed(self._anchored(stamp_s, arrived_s))
        if expected_s > arrived_s + AHEAD_S:  # its clock goes faster than ours
            return Placed(self._anchored(stamp_s, arrived_s + AHEAD_S))
        return Placed(self._took(expected_s, stamp_s))

    def _jumps(self, moved_s: Fraction, arrived_s: Fraction) -> bool:
        """Whether a stamp leaves time behind: a clock that was set, by no more than what may come ahead of its time."""
        passed_s = max(arrived_s - self._arrived_s, Fraction(0))
        return self._moved_s is not None and moved_s > max(passed_s + JUMP_S, USUAL_STEPS * self._moved_s)

    def _anchored(self, stamp_s: Fraction, time_s: Fraction) -> Fraction:
        taken_s = self._took(time_s, stamp_s)
        self._shift_s = taken_s - stamp_s
        return taken_s


class MediaClock(_Clock):
    """For uploads that still grow: times are those of the video, whenever it arrives. Stamps of another count are joined."""

    MOST_S = 3600

    def place(self, stamp_s: Fraction | None, arrived_s: Fraction) -> Placed:
        """Where a frame stands in the job's time, from its stamp alone, in seconds."""
        if stamp_s is None:
            return Placed(self._took(self._next_s(), None))
        if self._shift_s is None:
            self._shift_s = self._next_s() - stamp_s
        moved_s = Fraction(0) if self._stamp_s is None else stamp_s - self._stamp_s
        leaps = moved_s < -BACK_S or moved_s > self.MOST_S
        if leaps:
            self._shift_s = self._next_s() - stamp_s
        return Placed(self._took(stamp_s + self._shift_s, stamp_s), moved_s if leaps else None)
