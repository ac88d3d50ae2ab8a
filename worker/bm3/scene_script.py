"""The director: what happens in each beat of an endless scene, decided from a seed in plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from worker.bm3.scene_cast import Cast
from worker.bm3.scene_dice import Dice
from worker.bm3.scene_world import BACKGROUNDS, COLUMNS, DIRECTIONS, NUMBERS, ROWS, SIDES, WORDS, Actor, Event, Kind, Options, Stage

PLACES_ON_STAGE = COLUMNS * ROWS
MIN_BEATS_OF_TEXT = 2
MIN_BEATS_OF_SCENE = 10
TRIES_PER_EVENT = 4


@dataclass(frozen=True)
class Step:
    """One event between two still stages."""

    before: Stage
    after: Stage
    event: Event


@dataclass(frozen=True)
class Beat:
    """`beat_ms` of the scene: a stage, and the steps that change it, in order of time."""

    index: int
    start_ms: int
    opening: Stage
    steps: tuple[Step, ...] = ()

    @property
    def closing(self) -> Stage:
        return self.steps[-1].after if self.steps else self.opening


class Director:
    """Yields beats for ever; its state does not grow."""

    def __init__(self, seed: int, options: Options) -> None:
        self._options = options
        self._dice = Dice(seed)
        self._cast = Cast(options, self._dice)
        self.phase_ms = self._dice.whole(0, options.beat_ms - 1) if options.random_phase else 0
        self._stage = Stage(self._dice.pick(tuple(BACKGROUNDS)))
        self._still_beats = 0
        self._beats_of_text = 0
        self._beats_of_scene = 0
        self._last_names: frozenset[str] = frozenset()  # nobody acts in two beats running: repeated captions would merge

    def opening(self) -> Stage:
        """What stands before the first beat."""
        return self._stage

    def beats(self) -> Iterator[Beat]:
        index = 0
        while True:
            start_ms = self.phase_ms + index * self._options.beat_ms
            self._cast.see(self._stage, start_ms)
            beat = Beat(index, start_ms, self._stage, self._steps(start_ms))
            self._last_names = frozenset(step.event.name for step in beat.steps if step.event.name)
            self._stage = beat.closing
            self._beats_of_scene += 1
            self._beats_of_text = self._beats_of_text + 1 if self._stage.text else 0
            yield beat
            index += 1

    def _steps(self, start_ms: int) -> tuple[Step, ...]:
        if not self._something_happens():
            return ()
        if not self._dice.chance(self._options.double_rate):
            step = self._step(self._stage, start_ms + self._dice.whole(100, 300), start_ms + 1400)
            return (step,) if step else ()
        first = self._step(self._stage, start_ms + 100, start_ms + 700)
        second = self._step(first.after, start_ms + 800, start_ms + 1400) if first else None
        if first and second and second.event.name != first.event.name and second.event.kind != "cut":
            return (first, second)
        return (first,) if first else ()

    def _something_happens(self) -> bool:
        if self._still_beats > 0:
            self._still_beats -= 1
            return False
        if self._dice.chance(self._options.still_rate):
            self._still_beats = self._dice.whole(2, 7)
            return False
        return self._dice.chance(self._options.event_rate)

    def _step(self, stage: Stage, onset_ms: int, end_ms: int) -> Step | None:
        """One event that the stage allows; None when a few draws found none."""
        weights = self._weights(stage)
        for _ in range(TRIES_PER_EVENT):
            kind = self._dice.weighted(weights)
            step = self._MAKERS[kind](self, stage, kind, onset_ms)
            if step:
                lasts = kind not in ("word", "number", "blank", "cut")
                event = replace(step.event, onset_ms=onset_ms, end_ms=end_ms if lasts else onset_ms)
                return replace(step, event=event)
        return None

    def _weights(self, stage: Stage) -> dict[Kind, float]:
        present, free = len(stage.actors), self._options.max_objects - len(stage.actors)
        text = 1.0 if self._options.texts and not stage.text else 0.0
        return {
            "enter": 1.5 * free,
            "appear": 0.7 * free,
            "leave": 0.7 * present,
            "disappear": 0.35 * present,
            "move": 0.7 * present,
            "turn": 0.4 * present,
            "word": 0.5 * text,
            "number": 0.5 * text,
            "blank": 2.0 if self._beats_of_text >= MIN_BEATS_OF_TEXT else 0.0,
            "cut": 0.5 if self._beats_of_scene >= MIN_BEATS_OF_SCENE and present else 0.0,
        }

    def _arrive(self, stage: Stage, kind: Kind, now_ms: int) -> Step | None:
        ways = [
            (place, side)
            for place in range(PLACES_ON_STAGE)
            for side in (SIDES if kind == "enter" else ("",))
            if _is_free(stage, place) and (not side or _path_is_clear(stage, place, side))
        ]
        if len(stage.actors) >= self._options.max_objects or not ways:
            return None
        newcomer = self._cast.newcomer(stage, now_ms)
        if newcomer is None:
            return None
        (thing, visit), (place, side) = newcomer, self._dice.pick(ways)
        jitter = (self._dice.between(-0.015, 0.015), self._dice.between(-0.015, 0.015))
        actor = Actor(thing, place, self._dice.between(*self._options.side), jitter)
        after = replace(stage, actors=(*stage.actors, actor))
        count = after.count(thing.shape) if thing.colour else 0
        return Step(stage, after, Event(kind, thing.name, side, visit, count if count > 1 else 0))

    def _depart(self, stage: Stage, kind: Kind, now_ms: int) -> Step | None:
        actor = self._someone(stage)
        sides = [""] if kind == "disappear" else [side for side in SIDES if actor and _path_is_clear(stage, actor.place, side)]
        if actor is None or not sides:
            return None
        after = replace(stage, actors=tuple(other for other in stage.actors if other is not actor))
        return Step(stage, after, Event(kind, actor.thing.name, self._dice.pick(sides)))

    def _move(self, stage: Stage, kind: Kind, now_ms: int) -> Step | None:
        actor = self._someone(stage)
        ways = _moves(stage, actor.place) if actor else []
        if actor is None or not ways:
            return None
        direction, place = self._dice.pick(ways)
        return Step(stage, _recast(stage, actor, replace(actor, place=place)), Event(kind, actor.thing.name, direction))

    def _turn(self, stage: Stage, kind: Kind, now_ms: int) -> Step | None:
        actor = self._someone(stage)
        thing = self._cast.recoloured(actor.thing, now_ms) if actor and actor.thing.colour else None
        if actor is None or thing is None:
            return None
        return Step(stage, _recast(stage, actor, replace(actor, thing=thing)), Event(kind, actor.thing.name, thing.colour))

    def _text(self, stage: Stage, kind: Kind, now_ms: int) -> Step:
        text = "" if kind == "blank" else self._dice.pick(WORDS if kind == "word" else NUMBERS)
        return Step(stage, replace(stage, text=text), Event(kind, detail=text))

    def _cut(self, stage: Stage, kind: Kind, now_ms: int) -> Step:
        self._beats_of_scene = 0
        background = self._dice.pick([name for name in BACKGROUNDS if name != stage.background])
        return Step(stage, Stage(background), Event(kind, detail=background))

    def _someone(self, stage: Stage) -> Actor | None:
        free = [actor for actor in stage.actors if actor.thing.name not in self._last_names]
        return self._dice.pick(free) if free else None

    _MAKERS: dict[Kind, Callable[[Director, Stage, Kind, int], Step | None]] = {
        "enter": _arrive,
        "appear": _arrive,
        "leave": _depart,
        "disappear": _depart,
        "move": _move,
        "turn": _turn,
        "word": _text,
        "number": _text,
        "blank": _text,
        "cut": _cut,
    }


def _recast(stage: Stage, old: Actor, new: Actor) -> Stage:
    return replace(stage, actors=tuple(new if actor is old else actor for actor in stage.actors))


def _is_free(stage: Stage, place: int) -> bool:
    return all(actor.place != place for actor in stage.actors)


def _path_is_clear(stage: Stage, place: int, side: str) -> bool:
    """Nobody stands, and no text is shown, between a place and that edge of the frame."""
    column, row = place % COLUMNS, place // COLUMNS
    between = {
        "left": [row * COLUMNS + c for c in range(column)],
        "right": [row * COLUMNS + c for c in range(column + 1, COLUMNS)],
        "top": [r * COLUMNS + column for r in range(row)],
        "bottom": [r * COLUMNS + column for r in range(row + 1, ROWS)],
    }[side]
    return all(_is_free(stage, other) for other in between) and not (side == "bottom" and stage.text)


def _moves(stage: Stage, place: int) -> list[tuple[str, int]]:
    """(direction, place) of the free neighbours of a place."""
    column, row = place % COLUMNS, place // COLUMNS
    ways = []
    for direction, (right, down) in DIRECTIONS.items():
        to_column, to_row = column + right, row + down
        to = to_row * COLUMNS + to_column
        if 0 <= to_column < COLUMNS and 0 <= to_row < ROWS and _is_free(stage, to):
            ways.append((direction, to))
    return ways
