"""The caption language: events to clauses and back, dense descriptions of one frame, and the whole vocabulary."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from worker.bm3.scenes import world
from worker.bm3.scenes.world import ARRIVALS, PLURALS, Options, SceneEvent, Stage

VISITS = {2: "again", 3: "a third time"}
COUNTS = {2: "two", 3: "three", 4: "four"}
SEPARATOR = "; "


def _one_of(words: Iterable[str]) -> str:
    return "(" + "|".join(words) + ")"


_NAME = r"([a-z][a-z \-]*?)"
_TAIL = rf"(?: {_one_of(VISITS.values())})?(?:, now {_one_of(COUNTS.values())} {_one_of(PLURALS.values())})?"
_ARRIVAL = re.compile(rf"(?:enters from the {_one_of(world.SIDES)}|\bappears)(?P<memory>{_TAIL})")
_ACTION = re.compile(r" (?:enters|appears|leaves|disappears|moves|turns)\b")
_PATTERNS: dict[world.Kind, re.Pattern[str]] = {
    "enter": re.compile(rf"{_NAME} enters from the {_one_of(world.SIDES)}{_TAIL}"),
    "appear": re.compile(rf"{_NAME} appears(){_TAIL}"),
    "leave": re.compile(rf"{_NAME} leaves to the {_one_of(world.SIDES)}"),
    "disappear": re.compile(rf"{_NAME} disappears()"),
    "move": re.compile(rf"{_NAME} moves {_one_of(world.DIRECTIONS)}"),
    "turn": re.compile(rf"{_NAME} turns {_one_of(world.COLOURS)}"),
    "word": re.compile(rf"text (){_one_of(world.WORDS)}"),
    "number": re.compile(r"number ()(\d+)"),
    "blank": re.compile(r"text gone()()"),
    "cut": re.compile(rf"new scene, (){_one_of(world.BACKGROUNDS)} background"),
}
_CLAUSES: dict[world.Kind, Callable[[SceneEvent], str]] = {
    "enter": lambda event: f"{event.name} enters from the {event.detail}",
    "appear": lambda event: f"{event.name} appears",
    "leave": lambda event: f"{event.name} leaves to the {event.detail}",
    "disappear": lambda event: f"{event.name} disappears",
    "move": lambda event: f"{event.name} moves {event.detail}",
    "turn": lambda event: f"{event.name} turns {event.detail}",
    "word": lambda event: f"text {event.detail}",
    "number": lambda event: f"number {event.detail}",
    "blank": lambda _: "text gone",
    "cut": lambda event: f"new scene, {event.detail} background",
}


def say(event: SceneEvent) -> str:
    """The clause for one event."""
    clause = _CLAUSES[event.kind](event)
    if event.kind not in ARRIVALS:
        return clause
    if event.visit in VISITS:
        clause += f" {VISITS[event.visit]}"
    if event.count in COUNTS:
        clause += f", now {COUNTS[event.count]} {PLURALS[event.name.split()[-1]]}"
    return clause


def caption(events: Iterable[SceneEvent]) -> str:
    """The caption of one chunk; '' is silence."""
    return SEPARATOR.join(say(event) for event in events)


def parse(text: str) -> list[SceneEvent]:
    """The events a caption tells, without times. What is not a clause of the language is left out (see `unparsed`)."""
    return [event for event in map(_parse_clause, _split(text)) if event is not None]


def unparsed(text: str) -> list[str]:
    """The clauses of a caption that the language does not know."""
    return [clause for clause in _split(text) if _parse_clause(clause) is None]


def memory_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where (characters) memory decides what a caption says: the visit and the count of an arrival, or their absence,
    and the empty place before every action, as only who is not on stage arrives and all others do something else."""
    yield from (match.span("memory") for match in _ARRIVAL.finditer(text))
    yield from ((match.start(), match.start()) for match in _ACTION.finditer(text))


def _split(text: str) -> list[str]:
    return [clause.strip() for clause in text.split(";") if clause.strip()]


def _parse_clause(clause: str) -> SceneEvent | None:
    for kind, pattern in _PATTERNS.items():
        match = pattern.fullmatch(clause)
        if match:
            return _event(kind, match)
    return None


def _event(kind: world.Kind, match: re.Match[str]) -> SceneEvent:
    name, detail = match.group(1), match.group(2)
    if kind not in ARRIVALS:
        return SceneEvent(kind, name, detail)
    visit = next((number for number, words in VISITS.items() if words == match.group(3)), 1)
    count = next((number for number, word in COUNTS.items() if word == match.group(4)), 0)
    return SceneEvent(kind, name, detail, visit, count)


def dense(stage: Stage) -> str:
    """Everything in view, objects in reading order."""
    actors = sorted(stage.actors, key=lambda actor: actor.place)
    clauses = [f"{stage.background} background"]
    clauses += [f"{actor.thing.name} {world.PLACES[actor.place]}" for actor in actors]
    if stage.text:
        clauses.append(f"{'number' if stage.text.isdigit() else 'text'} {stage.text}")
    return SEPARATOR.join(clauses)


def vocabulary(options: Options) -> list[str]:
    """Every word and mark the captions can hold, sorted."""
    glue = "enters from the appears leaves to disappears moves turns text number gone new scene , ; now background"
    words = {*glue.split(), world.ODD, *world.COLOURS, *world.SHAPES, *PLURALS.values(), *world.BACKGROUNDS}
    words |= {*world.SIDES, *world.DIRECTIONS, *world.WORDS, *world.NUMBERS, *COUNTS.values()}
    for phrase in (*world.PLACES, *VISITS.values(), *options.pictures):
        words |= set(phrase.split())
    return sorted(words)
