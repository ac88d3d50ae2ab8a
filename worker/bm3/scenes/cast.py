"""Who may come on stage: all objects of a scene, and the memory of who was there and when."""

from __future__ import annotations

from dataclasses import dataclass, replace

from worker.bm3.scenes.rng import SeededRandom
from worker.bm3.scenes.world import (
    BACKGROUNDS,
    COLOURS,
    HELD_OUT_PAIRS,
    ODD,
    PATTERNS,
    SHAPES,
    Actor,
    Fill,
    Options,
    Rgb,
    Stage,
    Thing,
    plain,
)

ODD_FROM_NAMED = 40
"""How far, in gray levels of the channel that differs most, an odd colour is at least from every colour with a name."""
ODD_FROM_ITS_NAMED = 100
THIRD_VISITS = 0.4  # of the returns that could be a third visit
ALIKE_SHARE = 0.35  # of newcomers, where one of a shape on stage is free
JITTER = 0.015  # how far an object stands off its place, as a share of the picture's sides
"""How far at most from one of them: shapes are to be known next to the colours in which they are never seen."""


@dataclass(frozen=True)
class Visit:
    """The last time an object was seen, and which arrival within memory that was."""

    seen_ms: int
    number: int


class Cast:
    """Picks objects so that "again" has one meaning: seen at most `again_ms` ago, else not for `fresh_ms`."""

    def __init__(self, options: Options, rng: SeededRandom) -> None:
        self._options = options
        self._rng = rng
        self._visits: dict[Thing, Visit] = {}
        self._things = _things(options)

    def see(self, stage: Stage, now_ms: int) -> None:
        """Everything on stage is being seen now; what was not seen for `fresh_ms` is forgotten."""
        for actor in stage.actors:
            number = self._visits[actor.thing].number if actor.thing in self._visits else 1
            self._visits[actor.thing] = Visit(now_ms, number)
        oldest_ms = now_ms - self._options.fresh_ms
        self._visits = {thing: visit for thing, visit in self._visits.items() if visit.seen_ms > oldest_ms}

    def newcomer(self, stage: Stage, now_ms: int, resting: frozenset[str]) -> tuple[Thing, int] | None:
        """Someone to come on stage, not of those resting, and the number of the visit; the visit is remembered."""
        back = [thing for thing in self._returning(stage, now_ms) if thing.name not in resting]
        if back and self._rng.chance(self._options.again_rate):
            # A third time needs two earlier visits and would be rare by chance.
            twice = [thing for thing in back if self._visits[thing].number == 2]
            thing = self._rng.pick(twice if twice and self._rng.chance(THIRD_VISITS) else back)
            number = self._visits[thing].number + 1
        else:
            fresh = self.fresh(stage)
            if fresh is None:
                return None
            thing, number = fresh, 1
        self._visits[thing] = Visit(now_ms, number)
        return thing, number

    def fresh(self, stage: Stage) -> Thing | None:
        """Someone not seen within memory, now and then of a shape that is on stage already."""
        if self._options.odd_rate and self._rng.chance(self._options.odd_rate):
            return self._odd()
        free = [thing for thing in self._things if thing not in self._visits]
        shapes = {actor.thing.shape for actor in stage.actors}
        return self._prefer([thing for thing in free if thing.shape in shapes], free, share=ALIKE_SHARE)

    def _odd(self) -> Thing | None:
        free = [thing for shape in SHAPES if (thing := Thing(ODD, shape)) not in self._visits]
        return replace(self._rng.pick(free), odd_fill=self._odd_fill()) if free else None

    def _odd_fill(self) -> Fill:
        if not (self._options.patterned_rate and self._rng.chance(self._options.patterned_rate)):
            return plain(self._odd_rgb())
        ground = self._rng.pick(tuple(COLOURS.values()))
        others = [rgb for rgb in COLOURS.values() if rgb != ground]
        return Fill(ground, self._rng.pick([*others, self._odd_rgb()]), self._rng.pick(PATTERNS))

    def _odd_rgb(self) -> Rgb:
        named = (*COLOURS.values(), *BACKGROUNDS.values())
        near = self._rng.pick(tuple(COLOURS.values()))
        while True:
            red, green, blue = (self._near(level) for level in near)
            if min(max(abs(red - r), abs(green - g), abs(blue - b)) for r, g, b in named) >= ODD_FROM_NAMED:
                return red, green, blue

    def _near(self, level: int) -> int:
        """A channel of an odd colour, given that of the named colour beside it."""
        return self._rng.whole(max(0, level - ODD_FROM_ITS_NAMED), min(255, level + ODD_FROM_ITS_NAMED))

    def recoloured(self, thing: Thing, now_ms: int) -> Thing | None:
        """The same shape in a colour not seen within memory; it is remembered as seen now."""
        free = [other for other in self._things if other.shape == thing.shape and other not in self._visits]
        chosen = self._prefer([], free, share=0.0)
        if chosen:
            self._visits[chosen] = Visit(now_ms, 1)
        return chosen

    def _prefer(self, first: list[Thing], free: list[Thing], share: float) -> Thing | None:
        if first and self._rng.chance(share):
            free = first
        if self._options.combos == "mixed":
            held_out = [thing for thing in free if _is_held_out(thing)]
            if held_out and self._rng.chance(0.5):
                free = held_out
        return self._rng.pick(free) if free else None

    def _returning(self, stage: Stage, now_ms: int) -> list[Thing]:
        on_stage = {actor.thing for actor in stage.actors}
        since_ms = now_ms - self._options.again_ms
        return [
            thing
            for thing, visit in self._visits.items()
            if thing not in on_stage and visit.number < 3 and visit.seen_ms >= since_ms
        ]


def _things(options: Options) -> list[Thing]:
    pairs = [Thing(colour, shape) for colour in COLOURS for shape in SHAPES]
    if options.combos == "train":
        pairs = [thing for thing in pairs if not _is_held_out(thing)]
    return pairs + [Thing("", name) for name in options.pictures]


def _is_held_out(thing: Thing) -> bool:
    return (thing.colour, thing.shape) in HELD_OUT_PAIRS


def placed(thing: Thing, place: int, options: Options, rng: SeededRandom) -> Actor:
    """A thing at a place (0..5 in reading order), a little off it and of a size within the options."""
    jitter = (rng.between(-JITTER, JITTER), rng.between(-JITTER, JITTER))
    return Actor(thing, place, rng.between(*options.side), jitter)
