"""Which said event is which true event: the largest one-to-one matching within a tolerance of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from worker.bm3.scenes.grammar import parse, unparsed
from worker.bm3.scenes.scenes import first_shown_ms
from worker.bm3.scenes.world import SceneEvent

Key = Callable[[SceneEvent], Hashable]


class Spoken(Protocol):
    """A caption with its time: a cue, or a reply to one chunk."""

    @property
    def start_ms(self) -> int:
        """Where its chunk starts, in milliseconds from the start of the video."""
        ...

    @property
    def text(self) -> str:
        """What was said; empty for silence."""
        ...


@dataclass(frozen=True)
class Timing:
    """How the video was watched, and how late or early a caption may be."""

    chunk_ms: int = 2000
    fps: float = 2.0
    tolerance_chunks: int = 1


@dataclass(frozen=True)
class Prediction:
    """An event as a caption tells it, at the start of its chunk."""

    start_ms: int
    event: SceneEvent


@dataclass(frozen=True)
class GroundTruth:
    """A true event and the start of the chunk that is the first to show it complete."""

    expected_ms: int
    event: SceneEvent
    absent_ms: int | None = None
    """For an object that comes back: how long it had been away."""


@dataclass(frozen=True)
class Pair:
    predicted: Prediction
    expected: GroundTruth


def predictions(captions: Iterable[Spoken]) -> tuple[list[Prediction], int]:
    """The events in some captions, and how many clauses were no sentence of the language."""
    captions = list(captions)
    events = [Prediction(caption.start_ms, event) for caption in captions for event in parse(caption.text)]
    return events, sum(len(unparsed(caption.text)) for caption in captions)


def ground_truths(truth: Sequence[SceneEvent], timing: Timing) -> list[GroundTruth]:
    """True events with their due times and absences; `truth` is in order of onset."""
    absences = _absences_ms(truth)
    return [
        GroundTruth(first_shown_ms(event, timing.fps) // timing.chunk_ms * timing.chunk_ms, event, absent_ms)
        for event, absent_ms in zip(truth, absences, strict=True)
    ]


def pairs(
    predicted: Sequence[Prediction], expected: Sequence[GroundTruth], timing: Timing, key: Key = lambda event: event.key
) -> list[Pair]:
    """The largest matching of events with equal keys that are at most the tolerance apart.

    Within a key both sides are points in time and the tolerance is one number, so going through them in order and taking
    the first that fits is optimal.
    """
    said_by_key, due_by_key = defaultdict(list), defaultdict(list)
    for one in predicted:
        said_by_key[key(one.event)].append(one)
    for other in expected:
        due_by_key[key(other.event)].append(other)
    tolerance_ms = timing.tolerance_chunks * timing.chunk_ms
    return [pair for name in said_by_key for pair in _in_order(said_by_key[name], due_by_key[name], tolerance_ms)]


def _in_order(predicted: list[Prediction], expected: list[GroundTruth], tolerance_ms: int) -> list[Pair]:
    waiting = sorted(expected, key=lambda one: one.expected_ms)
    found = []
    for one in sorted(predicted, key=lambda one: one.start_ms):
        waiting = [other for other in waiting if other.expected_ms >= one.start_ms - tolerance_ms]
        if waiting and waiting[0].expected_ms <= one.start_ms + tolerance_ms:
            found.append(Pair(one, waiting.pop(0)))
    return found


def _absences_ms(truth: Sequence[SceneEvent]) -> list[int | None]:
    """For each event that brings an object back, the time since it was last in view; else None."""
    on_stage: set[str] = set()
    left_ms: dict[str, int] = {}
    absences: list[int | None] = []
    for event in truth:
        comes = event.kind in ("enter", "appear")
        absences.append(
            event.onset_ms - left_ms[event.name] if comes and event.visit > 1 and event.name in left_ms else None
        )
        goes = (
            on_stage if event.kind == "cut" else {event.name} if event.kind in ("leave", "disappear", "turn") else set()
        )
        left_ms |= dict.fromkeys(goes, event.end_ms)
        on_stage = on_stage - goes
        if comes:
            on_stage.add(event.name)
        if event.kind == "turn":
            on_stage.add(f"{event.detail} {event.name.split()[-1]}")
    return absences
