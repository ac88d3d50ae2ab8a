"""When packets came: what FFmpeg had already taken in when it had opened a source is handed out at once, but came before.

Without this every picture of a connection is later on the job's timeline than it happened, by as long as FFmpeg looked at the
source first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TypeVar

AT_ONCE_S = Fraction(20, 1000)  # what is there already comes faster, however busy the machine
HELD_S = Fraction(1, 2)  # no longer than this, for packets of many pictures a second hardly let anybody wait
MOST_S = Fraction(10)  # of stamps
MOST_PACKETS = 5000
T = TypeVar("T")


def dated(
    packets: Iterator[T], stamp_of: Callable[[T], Fraction | None], opening_s: Fraction, now_s: Callable[[], Fraction]
) -> Iterator[tuple[T, Fraction]]:
    """Each packet with the time at which it came, on the clock of `now_s`; the source was being opened since `opening_s`.

    Packets that are there at once came as far before the last of them as their stamps say, but not before `opening_s`.
    """
    held: list[T] = []
    began_s = asked_s = now_s()
    later: list[tuple[T, Fraction]] = []  # the first that was waited for
    try:
        for packet in packets:
            came_s = now_s()
            if came_s - asked_s > AT_ONCE_S or came_s - began_s > HELD_S or _is_much(held, stamp_of):
                later.append((packet, came_s))
                break
            held.append(packet)
            asked_s = now_s()
    finally:  # also what came before the source broke off is shown
        yield from _backdated(held, stamp_of, opening_s, asked_s)
    yield from later
    for packet in packets:
        yield packet, now_s()


def _is_much(held: list[T], stamp_of: Callable[[T], Fraction | None]) -> bool:
    stamps = [stamp for one in (held[:1] + held[-1:]) if (stamp := stamp_of(one)) is not None]
    return len(held) >= MOST_PACKETS or (len(stamps) > 1 and stamps[1] - stamps[0] > MOST_S)


def _backdated(
    held: list[T], stamp_of: Callable[[T], Fraction | None], opening_s: Fraction, last_s: Fraction
) -> Iterator[tuple[T, Fraction]]:
    stamps = [stamp_of(one) for one in held]
    newest = max((stamp for stamp in stamps if stamp is not None), default=None)
    came_s, times = last_s, list[Fraction]()
    for stamp in reversed(stamps):
        if newest is not None and stamp is not None:
            came_s = max(opening_s, last_s - (newest - stamp))
        times.append(came_s)  # without a stamp, as the first of RTP: with the packet after it
    yield from zip(held, reversed(times), strict=True)
