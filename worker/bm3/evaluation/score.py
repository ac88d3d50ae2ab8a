"""How good captions are, as pure functions of what was said and what happened.

`score(cues, truth).f1` is the figure of the demo; `score` also measures times, memory, and silence where nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import mean, median

from worker.bm3.evaluation.match import (
    GroundTruth,
    Key,
    Pair,
    Prediction,
    Spoken,
    Timing,
    ground_truths,
    pairs,
    predictions,
)
from worker.bm3.scenes.world import ARRIVALS, SceneEvent


@dataclass(frozen=True)
class MatchTally:
    """Events said, events that happened, and how many of both are the same. Nothing said of nothing is perfect."""

    said: int
    happened: int
    right: int

    @property
    def precision(self) -> float:
        """Share of what was said that happened, 0 to 1; 1 where nothing was said."""
        return self.right / self.said if self.said else 1.0

    @property
    def recall(self) -> float:
        """Share of what happened that was said, 0 to 1; 1 where nothing happened."""
        return self.right / self.happened if self.happened else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0 to 1."""
        both = self.said + self.happened
        return 2 * self.right / both if both else 1.0


@dataclass(frozen=True)
class RecallScore:
    """Questions that one chunk cannot answer; `asked` counts true events, those that were missed included."""

    again_asked: int  # arrivals of an object seen before: was "again" or "a third time" said of it?
    again_right: int
    long_again_asked: int  # the same where it had been away for longer than any vision window of 16 s holds
    long_again_right: int
    third_asked: int  # arrivals for the third time: was it "a third time"?
    third_right: int
    first_asked: int  # arrivals of new objects
    false_again: int  # ... of which "again" was said
    count_asked: int  # arrivals after which several of a shape are in view: was the number right?
    count_right: int

    @property
    def again_recall(self) -> float:
        """Share of the arrivals of known objects of which "again" or "a third time" was said, 0 to 1."""
        return _share(self.again_right, self.again_asked)

    @property
    def accuracy(self) -> float:
        """Balanced between "again" and new, so that always saying the same is 0.5; a missed arrival counts as wrong "again"."""
        return (self.again_recall + 1 - _share(self.false_again, self.first_asked, empty=0.0)) / 2


@dataclass(frozen=True)
class Score:
    """One video's figures; times in milliseconds."""

    events: MatchTally
    without_details: MatchTally  # the kind of event and the object right, whatever side, direction or colour was said
    by_kind: dict[str, MatchTally]
    memory: RecallScore
    onset_errors_ms: list[int] = field(repr=False)  # start of the caption's chunk minus onset of the event
    same_chunk: int  # matched events that were told in the chunk where they were due
    still_chunks: int  # chunks in which nothing happens and nothing is due
    wrong_still_chunks: int  # ... of which something was said that did not happen
    strange_clauses: int

    @property
    def f1(self) -> float:
        """Of the events with all their details, 0 to 1."""
        return self.events.f1

    @property
    def wrong_still_share(self) -> float:
        """Share of the chunks without an event in which something untrue was said, 0 to 1; 0 without such chunks."""
        return _share(self.wrong_still_chunks, self.still_chunks, empty=0.0)

    @property
    def mean_onset_error_ms(self) -> float:
        """Mean distance of captions from their events in milliseconds, early or late alike; 0 where none matched."""
        return mean(map(abs, self.onset_errors_ms)) if self.onset_errors_ms else 0.0

    @property
    def median_onset_error_ms(self) -> float:
        """Median of the same distances in milliseconds; 0 where none matched."""
        return median(map(abs, self.onset_errors_ms)) if self.onset_errors_ms else 0.0


def score(
    cues: Iterable[Spoken],
    truth: Sequence[SceneEvent],
    timing: Timing | None = None,
    span_ms: tuple[int, int] | None = None,
) -> Score:
    """Score captions against the true events of the same stretch of video.

    `span_ms` (start, end) is needed to count the still chunks after the last event; without it the stretch begins at 0
    and ends with the last thing that happened or was said.
    """
    timing = timing or Timing()
    predicted, strange = predictions(cues)
    expected = ground_truths(sorted(truth, key=lambda event: event.onset_ms), timing)
    matched = pairs(predicted, expected, timing)
    still, wrong = _still_chunks(predicted, expected, matched, timing, span_ms)
    return Score(
        events=MatchTally(len(predicted), len(expected), len(matched)),
        without_details=_tally(predicted, expected, timing, lambda event: (event.kind, event.name)),
        by_kind={
            kind: _tally_of_kind(kind, predicted, expected, matched)
            for kind in sorted({one.event.kind for one in expected})
        },
        memory=_memory(expected, matched),
        onset_errors_ms=[pair.predicted.start_ms - pair.expected.event.onset_ms for pair in matched],
        same_chunk=sum(pair.predicted.start_ms == pair.expected.expected_ms for pair in matched),
        still_chunks=still,
        wrong_still_chunks=wrong,
        strange_clauses=strange,
    )


def _share(part: int, whole: int, empty: float = 1.0) -> float:
    return part / whole if whole else empty


def _tally(predicted: Sequence[Prediction], expected: Sequence[GroundTruth], timing: Timing, key: Key) -> MatchTally:
    return MatchTally(len(predicted), len(expected), len(pairs(predicted, expected, timing, key)))


def _tally_of_kind(
    kind: str, predicted: Sequence[Prediction], expected: Sequence[GroundTruth], matched: Sequence[Pair]
) -> MatchTally:
    return MatchTally(
        sum(one.event.kind == kind for one in predicted),
        sum(one.event.kind == kind for one in expected),
        sum(pair.predicted.event.kind == kind for pair in matched),
    )


def _still_chunks(
    predicted: Sequence[Prediction],
    expected: Sequence[GroundTruth],
    matched: Sequence[Pair],
    timing: Timing,
    span_ms: tuple[int, int] | None,
) -> tuple[int, int]:
    """How many chunks are still, and in how many of those something was said that is no true event's late caption."""
    step_ms = timing.chunk_ms
    busy = {one.expected_ms // step_ms for one in expected}
    for one in expected:
        busy |= set(range(one.event.onset_ms // step_ms, one.event.end_ms // step_ms + 1))
    spoken = {one.start_ms // step_ms for one in predicted}
    first_ms, end_ms = span_ms or (0, (max(busy | spoken, default=-1) + 1) * step_ms)
    right = {id(pair.predicted) for pair in matched}
    wrong = {one.start_ms // step_ms for one in predicted if id(one) not in right}
    still = set(range(first_ms // step_ms, -(-end_ms // step_ms))) - busy
    return len(still), len(still & wrong)


def _memory(expected: Sequence[GroundTruth], matched: Sequence[Pair]) -> RecallScore:
    arrivals = [one for one in expected if one.event.kind in ARRIVALS]
    answers = {id(pair.expected): pair.predicted.event for pair in matched}

    def count(asked: Callable[[GroundTruth], bool], right: Callable[[SceneEvent, SceneEvent], bool]) -> tuple[int, int]:
        chosen = [one for one in arrivals if asked(one)]
        return len(chosen), sum(id(one) in answers and right(answers[id(one)], one.event) for one in chosen)

    again = count(lambda one: one.event.visit > 1, lambda predicted, _: predicted.visit > 1)
    long_again = count(lambda one: (one.absent_ms or 0) > 16_000, lambda predicted, _: predicted.visit > 1)
    third = count(lambda one: one.event.visit == 3, lambda predicted, _: predicted.visit == 3)
    first = count(lambda one: one.event.visit == 1, lambda predicted, _: predicted.visit > 1)
    counts = count(lambda one: one.event.count > 1, lambda predicted, true: predicted.count == true.count)
    return RecallScore(*again, *long_again, *third, *first, *counts)
