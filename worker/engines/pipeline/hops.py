"""Which hop of a ring lets nothing through, from what the nodes say that they have sent and received.

Something is always on its way: the starter sends a beat round every half second, past those who are at work, and what is
long goes in parts. So a node whose neighbour has sent more than has arrived, for long, is cut off from it, whether it is at
work or not; a node that is slow still receives.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST_S = 1.0  # that may pass between two reports: a starter that was paused has not watched, and neither has one that hears late


@dataclass
class _Hop:
    """What arrives at one node: parts received, when that was reported, and how long nothing more came through."""

    received: int
    told_s: float
    silent_s: float = 0.0


class Hops:
    """The hops of one ring of `size` nodes."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._sent = dict.fromkeys(range(size), 0)
        self._to: dict[int, _Hop] = {}

    def tell(self, rank: int, sent: int, received: int, now_s: float) -> float:
        """A node's counts of parts; for how long nothing has come through to it although there was something, in seconds."""
        self._sent[rank] = sent
        hop = self._to.setdefault(rank, _Hop(received, now_s))
        passed_s = min(now_s - hop.told_s, MOST_S)
        stuck = hop.received == received and self._sent[(rank - 1) % self._size] > received
        hop.silent_s = hop.silent_s + passed_s if stuck else 0.0
        hop.received, hop.told_s = received, now_s
        return hop.silent_s
