"""The caption language says what happened and nothing else."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.bm3.scenes.grammar import caption, dense, memory_spans, parse, say, unparsed, vocabulary
from worker.bm3.scenes.script import Director
from worker.bm3.scenes.world import PRESETS, Actor, Options, SceneEvent, Stage, Thing

PICTURES = ("apple", "cat face", "zebra")


def told(event: SceneEvent) -> SceneEvent:
    """What a caption tells of an event: everything but the time."""
    return SceneEvent(event.kind, event.name, event.detail, event.visit, event.count)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**40), st.sampled_from(((), PICTURES)))
def test_parse_undoes_say(seed: int, pictures: tuple[str, ...]) -> None:
    beats = islice(Director(seed, Options(pictures=pictures, double_rate=0.3)).beats(), 200)
    for beat in beats:
        events = [step.event for step in beat.steps]
        assert parse(caption(events)) == [told(event) for event in events]
        assert unparsed(caption(events)) == []


@given(st.text(max_size=60))
def test_any_text_is_parsed_without_complaint(text: str) -> None:
    assert len(parse(text)) + len(unparsed(text)) == len([part for part in text.split(";") if part.strip()])


def test_a_clause_with_a_strange_word_is_no_event() -> None:
    assert parse("red circle dances") == []
    assert unparsed("red circle dances; red circle disappears") == ["red circle dances"]
    assert parse("") == []


def test_the_sentences_read_as_they_should() -> None:
    assert (
        say(SceneEvent("enter", "red circle", "left", 2, 2)) == "red circle enters from the left again, now two circles"
    )
    assert say(SceneEvent("appear", "blue cross", "", 3, 3)) == "blue cross appears a third time, now three crosses"
    assert say(SceneEvent("cut", detail="teal")) == "new scene, teal background"
    assert say(SceneEvent("number", detail="7")) == "number 7"
    stage = Stage("gray", (Actor(Thing("blue", "star"), 5, 0.3), Actor(Thing("red", "circle"), 0, 0.3)), "GO")
    assert dense(stage) == "gray background; red circle top left; blue star bottom right; text GO"
    assert dense(Stage("pink")) == "pink background"


@pytest.mark.parametrize(
    "marked",
    [
        "red circle[] enters from the left[ again, now two circles]; text GO",
        "red circle[] appears[]; blue cross[] appears[ a third time]",
        "red star[] disappears; red cross[] turns blue",
    ],
)
def test_where_memory_speaks(marked: str) -> None:
    text = marked.replace("[", "").replace("]", "")
    for start, end in sorted(memory_spans(text), reverse=True):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    assert text == marked


def test_the_vocabulary_holds_every_word_that_is_said() -> None:
    options = PRESETS["nano"]
    words = set(vocabulary(options))
    for beat in islice(Director(3, options).beats(), 2000):
        text = caption(step.event for step in beat.steps) + " ; " + dense(beat.closing)
        assert set(text.replace(",", " ,").replace(";", " ;").split()) <= words
