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
from worker.engine.protocol import Answer, ChatRequest, ModelInfo
from worker.errors import Stopped
from worker.video.chapters import ANSWER_TOKENS, MAX_CHAPTERS, MAX_NOTES_CHARS, VideoOutline, blocks, outline


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
