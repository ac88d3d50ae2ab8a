"""The director: what happens in each beat of an endless scene, decided from a seed in plain values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from worker.bm3.scenes.cast import Cast
from worker.bm3.scenes.rng import SeededRandom
from worker.bm3.scenes.steps import MAKERS, Draw, SceneStep
from worker.bm3.scenes.world import BACKGROUNDS, Kind, Options, Stage

MIN_BEATS_OF_TEXT = 2
MIN_BEATS_OF_SCENE = 10
TRIES_PER_EVENT = 4
# How often each kind of event is tried beside the others: times free places, objects on stage, or whether text may come.
WEIGHTS: dict[Kind, float] = {
    "enter": 1.5,
    "appear": 0.7,
    "leave": 0.7,
    "disappear": 0.35,
    "move": 0.7,
    "turn": 0.4,
    "word": 0.8,
    "number": 0.8,
    "blank": 2.0,
    "cut": 0.5,
}
INSTANT: frozenset[Kind] = frozenset({"word", "number", "blank", "cut"})


@dataclass(frozen=True)
class SceneBeat:
    """`beat_ms` of the scene: a stage, and the steps that change it, in order of time."""

    index: int
    start_ms: int
    opening: Stage
    steps: tuple[SceneStep, ...] = ()

    @property
    def closing(self) -> Stage:
        """What stands after its last step."""
        return self.steps[-1].after if self.steps else self.opening


class Director:
    """Yields beats for ever; its state does not grow."""

    def __init__(self, seed: int, options: Options) -> None:
        self._options = options
        self._rng = SeededRandom(seed)
        self._cast = Cast(options, self._rng)
        self.phase_ms = self._rng.whole(0, options.beat_ms - 1) if options.random_phase else 0
        self._stage = Stage(self._rng.pick(tuple(BACKGROUNDS)))
        self._still_beats = 0
        self._beats_of_text = 0
        self._beats_of_scene = 0
        self._resting: frozenset[str] = frozenset()  # who acted in the last beat: repeated captions would merge

    def opening(self) -> Stage:
        """What stands before the first beat."""
        return self._stage

    def beats(self) -> Iterator[SceneBeat]:
        """One beat after another, without an end."""
        index = 0
        while True:
            start_ms = self.phase_ms + index * self._options.beat_ms
            self._cast.see(self._stage, start_ms)
            beat = SceneBeat(index, start_ms, self._stage, self._steps(start_ms))
            self._follow(beat)
            yield beat
            index += 1

    def _follow(self, beat: SceneBeat) -> None:
        kinds = {step.event.kind for step in beat.steps}
        self._stage = beat.closing
        self._resting = frozenset(step.event.name for step in beat.steps)
        self._beats_of_scene = 0 if "cut" in kinds else self._beats_of_scene + 1
        self._beats_of_text = self._beats_of_text + 1 if self._stage.text else 0

    def _steps(self, start_ms: int) -> tuple[SceneStep, ...]:
        if not self._something_happens():
            return ()
        if not self._rng.chance(self._options.double_rate):
            step = self._step(self._stage, start_ms + self._rng.whole(100, 300), start_ms + 1400)
            return (step,) if step else ()
        first = self._step(self._stage, start_ms + 100, start_ms + 700)
        if first is None:
            return ()
        self._resting |= {first.event.name}
        second = self._step(first.after, start_ms + 800, start_ms + 1400)
        return (first, second) if second else (first,)

    def _something_happens(self) -> bool:
        if self._still_beats > 0:
            self._still_beats -= 1
            return False
        if self._rng.chance(self._options.still_rate):
            self._still_beats = self._rng.whole(2, 7)
            return False
        return self._rng.chance(self._options.event_rate)

    def _step(self, stage: Stage, onset_ms: int, end_ms: int) -> SceneStep | None:
        """One event that the stage allows; None when a few draws found none."""
        weights = self._weights(stage)
        for _ in range(TRIES_PER_EVENT):
            kind = self._rng.weighted(weights)
            step = MAKERS[kind](Draw(stage, kind, onset_ms, self._options, self._rng, self._cast, self._resting))
            if step:
                ends_ms = onset_ms if kind in INSTANT else end_ms
                return replace(step, event=replace(step.event, onset_ms=onset_ms, end_ms=ends_ms))
        return None

    def _weights(self, stage: Stage) -> dict[Kind, float]:
        present, free = len(stage.actors), self._options.max_objects - len(stage.actors)
        text = bool(self._options.texts and not stage.text)
        blank = bool(stage.text and self._beats_of_text >= MIN_BEATS_OF_TEXT)
        cut = bool(self._beats_of_scene >= MIN_BEATS_OF_SCENE and present and stage is self._stage)
        times: dict[Kind, int] = {
            "enter": free,
            "appear": free,
            "leave": present,
            "disappear": present,
            "move": present,
            "turn": present,
            "word": text,
            "number": text,
            "blank": blank,
            "cut": cut,
        }
        return {kind: WEIGHTS[kind] * number for kind, number in times.items()}
