"""The events there are: each maker draws one that the stage allows, and what the stage is afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from worker.bm3.scenes import world
from worker.bm3.scenes.cast import Cast, placed
from worker.bm3.scenes.rng import SeededRandom
from worker.bm3.scenes.world import COLUMNS, ROWS, Actor, Kind, Options, SceneEvent, Stage

PLACES_ON_STAGE = COLUMNS * ROWS


@dataclass(frozen=True)
class SceneStep:
    """One event between two still stages."""

    before: Stage
    after: Stage
    event: SceneEvent


@dataclass(frozen=True)
class Draw:
    """What a maker may use: the stage, the kind of event wanted, the dice, and who must rest."""

    stage: Stage
    kind: Kind
    now_ms: int
    options: Options
    rng: SeededRandom
    cast: Cast
    resting: frozenset[str]

    def someone(self) -> Actor | None:
        """An object on stage that may act now; None when all must rest."""
        free = [actor for actor in self.stage.actors if actor.thing.name not in self.resting]
        return self.rng.pick(free) if free else None

    def step(self, after: Stage, event: SceneEvent) -> SceneStep:
        """The step from the present stage to `after`."""
        return SceneStep(self.stage, after, event)


def _arrive(draw: Draw) -> SceneStep | None:
    stage, rng = draw.stage, draw.rng
    sides = world.SIDES if draw.kind == "enter" else ("",)
    places = [place for place in range(PLACES_ON_STAGE) if _is_free(stage, place)]
    ways = [(place, side) for place in places for side in sides if not side or _path_is_clear(stage, place, side)]
    if len(stage.actors) >= draw.options.max_objects or not ways:
        return None
    newcomer = draw.cast.newcomer(stage, draw.now_ms, draw.resting)
    if newcomer is None:
        return None
    (thing, visit), (place, side) = newcomer, rng.pick(ways)
    after = replace(stage, actors=(*stage.actors, placed(thing, place, draw.options, rng)))
    count = after.count(thing.shape) if thing.colour else 0
    return draw.step(after, SceneEvent(draw.kind, thing.name, side, visit, count if count > 1 else 0))


def _depart(draw: Draw) -> SceneStep | None:
    actor = draw.someone()
    if actor is None:
        return None
    clear = [side for side in world.SIDES if _path_is_clear(draw.stage, actor.place, side)]
    sides = clear if draw.kind == "leave" else [""]
    if not sides:
        return None
    after = replace(draw.stage, actors=tuple(other for other in draw.stage.actors if other is not actor))
    return draw.step(after, SceneEvent(draw.kind, actor.thing.name, draw.rng.pick(sides)))


def _move(draw: Draw) -> SceneStep | None:
    actor = draw.someone()
    ways = _moves(draw.stage, actor.place) if actor else []
    if actor is None or not ways:
        return None
    direction, place = draw.rng.pick(ways)
    after = _recast(draw.stage, actor, replace(actor, place=place))
    return draw.step(after, SceneEvent(draw.kind, actor.thing.name, direction))


def _turn(draw: Draw) -> SceneStep | None:
    actor = draw.someone()
    thing = draw.cast.recoloured(actor.thing, draw.now_ms) if actor and actor.thing.colour else None
    if actor is None or thing is None:
        return None
    after = _recast(draw.stage, actor, replace(actor, thing=thing))
    return draw.step(after, SceneEvent(draw.kind, actor.thing.name, thing.colour))


def _text(draw: Draw) -> SceneStep:
    text = "" if draw.kind == "blank" else draw.rng.pick(world.WORDS if draw.kind == "word" else world.NUMBERS)
    return draw.step(replace(draw.stage, text=text), SceneEvent(draw.kind, detail=text))


def _cut(draw: Draw) -> SceneStep:
    background = draw.rng.pick([name for name in world.BACKGROUNDS if name != draw.stage.background])
    return draw.step(Stage(background), SceneEvent(draw.kind, detail=background))


MAKERS: dict[Kind, Callable[[Draw], SceneStep | None]] = {
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
    for direction, (right, down) in world.DIRECTIONS.items():
        to_column, to_row = column + right, row + down
        to = to_row * COLUMNS + to_column
        if 0 <= to_column < COLUMNS and 0 <= to_row < ROWS and _is_free(stage, to):
            ways.append((direction, to))
    return ways
