"""From which state a hybrid's stream can be started again, and what it was fed since: plain values, JSON in checkpoints.

A recurrent state cannot be made again from the window alone. A restart takes the state of a snapshot and feeds it everything
that came after, window by window: three windows at least, for the keys and values of the time before are not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from worker.streaming.policy import Exchange

RESTART_WINDOWS = 3  # relative logit error 0.02 to 0.04 after two windows, 0.1 after one, 0.3 with a state of zeros
SNAPSHOT_WINDOWS = 4  # between two snapshots
SNAPSHOT_CHUNKS = 32  # at least, or short windows would write all the time


@dataclass(frozen=True)
class Remembered:
    """An exchange in memory and the token ids of its reply."""

    exchange: Exchange
    ids: tuple[int, ...]


@dataclass(frozen=True)
class FedChunk:
    """A chunk that was fed and the reply to it."""

    chunk: int
    end_ms: int
    ids: tuple[int, ...]
    anew: bool = False  # before it the state was started anew


@dataclass(frozen=True)
class RestartPoint:
    """A stream between two chunks, when `snapshot` was made of its state.

    Without a snapshot it is a place to start over from zeros: the beginning of the stream, where that is the truth, or
    a later one whose state nobody kept.
    """

    next_chunk: int = 0
    said_tokens: int = 0
    remembered: tuple[Remembered, ...] = ()
    snapshot: str | None = None


@dataclass(frozen=True)
class ReplayLog:
    """`bases`, oldest first: one to start again from, and a newer one that is not old enough; `since` begins at the first."""

    window_chunks: int
    bases: tuple[RestartPoint, ...] = (RestartPoint(),)
    since: tuple[FedChunk, ...] = ()

    @property
    def is_due(self) -> bool:
        """Whether it is time for another snapshot."""
        return self._since_newest >= max(SNAPSHOT_CHUNKS, SNAPSHOT_WINDOWS * self.window_chunks)

    @property
    def snapshots(self) -> tuple[str, ...]:
        """Names of the snapshots that a restart may need: two at most."""
        return tuple(base.snapshot for base in self.bases if base.snapshot is not None)

    @property
    def _since_newest(self) -> int:
        return sum(said.chunk >= self.bases[-1].next_chunk for said in self.since)

    def add(self, said: FedChunk) -> ReplayLog:
        """One more chunk was fed; the newest base supersedes the one before it once it is old enough."""
        longer = replace(self, since=(*self.since, said))
        if longer._since_newest < RESTART_WINDOWS * self.window_chunks:
            return longer
        newest = longer.bases[-1]
        kept = tuple(entry for entry in longer.since if entry.chunk >= newest.next_chunk)
        return replace(longer, bases=(newest,), since=kept)

    def mark(self, base: RestartPoint) -> ReplayLog:
        """A snapshot was made, or could not be."""
        return replace(self, bases=(*self.bases[-1:], base))

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "bases": [{**asdict(base), "remembered": dump_remembered(base.remembered)} for base in self.bases],
            "since": [[said.chunk, said.end_ms, list(said.ids), said.anew] for said in self.since],
        }

    @classmethod
    def of(cls, document: dict[str, Any], window_chunks: int) -> ReplayLog:
        """The opposite."""
        bases = [
            RestartPoint(**{**base, "remembered": load_remembered(base["remembered"])}) for base in document["bases"]
        ]
        since = [FedChunk(chunk, end_ms, tuple(ids), anew) for chunk, end_ms, ids, anew in document["since"]]
        return cls(window_chunks, tuple(bases), tuple(since))


def dump_remembered(remembered: Sequence[Remembered]) -> list[dict[str, Any]]:
    """Exchanges as JSON."""
    return [{**asdict(entry.exchange), "ids": list(entry.ids)} for entry in remembered]


def load_remembered(entries: Sequence[dict[str, Any]]) -> tuple[Remembered, ...]:
    """The opposite."""
    return tuple(
        Remembered(Exchange(**{key: value for key, value in entry.items() if key != "ids"}), tuple(entry["ids"]))
        for entry in entries
    )
