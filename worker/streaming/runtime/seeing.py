"""Pictures of several turns in one call of the vision tower: those that wait are looked at with the one whose turn it is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Hashable, Sequence
from typing import Protocol, runtime_checkable

from worker.streaming.runtime.protocol import ImageInput, PromptSegment, Runtime, Seen

log = logging.getLogger(__name__)

MOST_PATCHES = 32_768  # of one call; activations of the vision tower grow with them


@runtime_checkable
class SeesTogether(Protocol):
    """A runtime whose vision tower takes pictures of several turns at once."""

    def encode_together(self, turns: Sequence[Sequence[PromptSegment]]) -> list[Seen]:
        """What `encode_images` makes of each turn's segments."""
        ...


class Seeing:
    """Turns that wait, and what has been made of their pictures before it was their turn.

    `expect` and `forget` may be called from any thread, `of` from the one that does the prefills.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._waiting: dict[Hashable, Sequence[PromptSegment]] = {}
        self._seen: dict[Hashable, Seen] = {}
        self._lock = threading.Lock()

    def expect(self, turn: Hashable, segments: Sequence[PromptSegment]) -> None:
        """A turn will come to be run."""
        with self._lock:
            self._waiting[turn] = segments

    def forget(self, turn: Hashable) -> None:
        """Nobody wants it any more."""
        with self._lock:
            self._waiting.pop(turn, None)
            self._seen.pop(turn, None)

    def of(self, turn: Hashable, segments: Sequence[PromptSegment]) -> Seen:
        """What the vision tower makes of a turn's pictures; the time it takes for others is this turn's, too."""
        with self._lock:
            self._waiting.pop(turn, None)
            if turn in self._seen:
                return self._seen.pop(turn)
            others = self._others(_patches(segments))
        if others and isinstance(self._runtime, SeesTogether):
            try:
                mine, *theirs = self._runtime.encode_together([segments, *(waiting for _, waiting in others)])
            except Exception as error:  # noqa: BLE001 - whoever's picture it is, each turn gets its own failure
                log.warning("pictures of %d turns are encoded one by one: %s", 1 + len(others), error)
            else:
                self._keep([other for other, _ in others], theirs)
                return mine
        return self._runtime.encode_images(segments)

    def _keep(self, turns: Sequence[Hashable], seen: Sequence[Seen]) -> None:
        with self._lock:
            for turn, features in zip(turns, seen, strict=True):
                if self._waiting.pop(turn, None) is not None:
                    self._seen[turn] = features

    def _others(self, patches: int) -> list[tuple[Hashable, Sequence[PromptSegment]]]:
        """Waiting turns with pictures that fit into one call with so many patches."""
        if not patches:
            return []
        found = []
        for turn, segments in self._waiting.items():
            more = _patches(segments)
            if more and patches + more <= MOST_PATCHES:
                patches += more
                found.append((turn, segments))
        return found


def _patches(segments: Sequence[PromptSegment]) -> int:
    return sum(len(segment.content.patches) for segment in segments if isinstance(segment.content, ImageInput))
