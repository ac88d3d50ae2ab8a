"""What the coordinator keeps of its nodes: who has joined, what is told of each, and the ring that is being formed."""

from __future__ import annotations

from dataclasses import dataclass

from worker.engines.pipeline.channel import MeetingPlace, Ring
from worker.engines.pipeline.control import ControlLine, NodeCard
from worker.engines.pipeline.hops import Hops


@dataclass
class Member:
    """A node that has joined."""

    card: NodeCard
    line: ControlLine
    round_trip_s: float | None = None
    formed: int = 0  # the ring that it stands in
    cache_bytes: int = 0


@dataclass(frozen=True)
class NodeState:
    """What can be told of one node now; `round_trip_s` of the control connection, None while it is away."""

    rank: int
    joined: bool
    card: NodeCard | None
    host: str | None = None
    round_trip_s: float | None = None
    cache_bytes: int = 0


@dataclass
class FormingRing:
    """A ring that is being formed."""

    number: int
    place: MeetingPlace
    since_s: float
    hops: Hops
    ring: Ring | None = None
