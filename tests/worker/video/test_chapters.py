"""Chapters and summary: they tile the captions, every question fits the model, and any answer is survived."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.documents.kinds.base import Sampling
from db.documents.kinds.video import Cue
from db.failures import Failure
from worker.engine.protocol import Answer, ChatRequest, ModelInfo
from worker.errors import Permanent, Stopped
from worker.video.chapters import (
    ANSWER_TOKENS,
    MAX_CHAPTERS,
    MAX_NOTES_CHARS,
    VideoOutline,
    blocks,
    outline,
    refuse_small_context,
)


class Scribe:
    """The text side of an engine: answers by a function, keeps the questions."""

    def __init__(self, answer: Callable[[str], str], context_tokens: int = 32_768) -> None:
        self.info = ModelInfo("scribe", "fake", "fake", "0", context_tokens)
        self.questions: list[str] = []
        self._answer = answer

    def chat(self, request: ChatRequest, on_text: Any = None) -> Answer:
        self.questions.append(request.messages[0]["content"][0]["text"])
        return Answer(self._answer(self.questions[-1]), 1, 1, "stop")


def cues_of(count: int, step_ms: int = 2000, text: str = "something happens") -> list[Cue]:
    return [
        Cue(seq=k, start_ms=k * step_ms, end_ms=k * step_ms + 1500, text=f"{text} {k}", chunk_first=k, chunk_last=k)
        for k in range(count)
    ]


def told(scribe: Scribe, cues: Sequence[Cue]) -> VideoOutline:
    return outline(scribe, cues, Sampling(), lambda: None, lambda _: None)  # type: ignore[arg-type]


@given(st.integers(1, 900), st.integers(100, 120_000))
def test_blocks_hold_every_cue_once_in_order(count: int, step_ms: int) -> None:
    cues = cues_of(count, step_ms)
    cut = list(blocks(cues))
    assert [cue for block in cut for cue in block] == cues
    assert 1 <= len(cut) <= MAX_CHAPTERS


def test_chapters_follow_each_other_and_equal_titles_merge() -> None:
    titles = iter(["Start", "Middle", "Middle", "End", "whole"])
    scribe = Scribe(lambda _: f"{next(titles)}\nA note.")
    chapters = told(scribe, cues_of(4 * 150)).chapters
    assert [chapter.title for chapter in chapters] == ["Start", "Middle", "End"]
    assert chapters[0].start_ms == 0
    for before, after in pairwise(chapters):
        assert before.end_ms == after.start_ms


@given(st.integers(1, 2000), st.integers(1700, 9000), st.text(max_size=2000))
def test_every_question_fits_and_the_reduction_ends(count: int, context_tokens: int, answer: str) -> None:
    scribe = Scribe(lambda _: answer, context_tokens)
    found = told(scribe, cues_of(count, text="many words " * 6))
    assert all(len(question) <= context_tokens - ANSWER_TOKENS for question in scribe.questions)
    assert len(found.summary or "") <= MAX_NOTES_CHARS
    assert all(chapter.title and "\n" not in chapter.title for chapter in found.chapters)


def test_no_captions_no_questions() -> None:
    scribe = Scribe(lambda _: "x")
    assert told(scribe, []) == VideoOutline((), None)
    assert not scribe.questions


def test_it_can_be_stopped_between_questions() -> None:
    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        outline(Scribe(lambda _: "x"), cues_of(3), Sampling(), stop, lambda _: None)  # type: ignore[arg-type]


@pytest.mark.parametrize(("minutes", "chapters"), [(1, 1), (7, 1), (8, 2), (12, 2), (13, 3), (15, 3), (400, 24)])
def test_a_chapter_is_about_five_minutes_long(minutes: int, chapters: int) -> None:
    cut = list(blocks(cues_of(30 * minutes)))
    assert len(cut) == chapters
    begins = [block[0].start_ms for block in cut]
    part_ms = minutes * 60_000 / chapters
    assert begins == pytest.approx([part_ms * number for number in range(chapters)], abs=2000)


def test_parts_are_counted_from_the_first_caption() -> None:
    late = [
        cue.model_copy(update={"start_ms": cue.start_ms + 137_000, "end_ms": cue.end_ms + 137_000})
        for cue in cues_of(300)
    ]
    assert [len(block) for block in blocks(late)] == [150, 150]


def test_one_caption_of_no_length_is_a_chapter() -> None:
    (only,) = cues_of(1)
    assert [*blocks([only.model_copy(update={"end_ms": only.start_ms})])] == [
        [only.model_copy(update={"end_ms": only.start_ms})]
    ]


def test_the_questions_hold_times_captions_and_notes() -> None:
    scribe = Scribe(lambda asked: "Title\nIt  rains." if "title" in asked else "All of it.")
    found = told(scribe, cues_of(300, text="a  red\ncar"))
    first, second, summary = scribe.questions
    assert "\n00:00:00 a red car 0\n00:00:02 a red car 1\n" in first
    assert first.endswith("00:04:58 a red car 149")
    assert second.endswith("00:09:58 a red car 299")
    assert summary.endswith("\n\nIt rains.\nIt rains.")
    assert found.summary == "All of it."


def test_an_answer_of_one_line_is_title_and_note_and_an_empty_one_leaves_the_time() -> None:
    answers = iter(["Only a title", "", "\n", ""])
    scribe = Scribe(lambda _: next(answers))
    found = told(scribe, cues_of(450))
    assert [chapter.title for chapter in found.chapters] == ["Only a title", "00:05:00", "00:10:00"]
    assert scribe.questions[-1].endswith("\n\nOnly a title\n\n")
    assert found.summary is None


def test_a_long_title_is_cut() -> None:
    (chapter,) = told(Scribe(lambda _: "word " * 40), cues_of(3)).chapters
    assert chapter.title == ("word " * 16).strip()
    assert (chapter.start_ms, chapter.end_ms) == (0, 5500)


def test_each_question_is_a_step() -> None:
    steps: list[int] = []
    scribe = Scribe(lambda _: "x", context_tokens=1700)
    outline(scribe, cues_of(450), Sampling(), lambda: steps.append(len(scribe.questions)), lambda _: None)  # type: ignore[arg-type]
    assert steps == list(range(len(scribe.questions)))
    assert len(steps) > 4, "what does not fit was retold first"


def test_a_context_that_is_too_small_for_the_questions_is_refused_before() -> None:
    refuse_small_context(1672)
    with pytest.raises(Permanent, match="chapters need a context of 1672 tokens, the model's is 1671") as caught:
        refuse_small_context(1671)
    assert caught.value.code is Failure.CONTEXT_TOO_SMALL
