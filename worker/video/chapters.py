"""Chapters and a summary of a video, made by the same model from its own cues: bounded text in, bounded text out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from db.documents.captions import clock, plain
from db.documents.kinds.base import Sampling
from db.documents.kinds.video import Chapter, Cue
from db.failures import Failure
from worker.engine.protocol import ChatRequest, Engine, OnText
from worker.errors import Permanent

CHAPTER_MS = 5 * 60_000
MAX_CHAPTERS = 24
MAX_TITLE_CHARS = 80
MAX_NOTES_CHARS = 600  # of what is kept of one answer: the next round's input stays bounded whatever the model says
ANSWER_TOKENS = 160
PROMPT_TOKENS = 512  # kept free for the questions and the chat format
MIN_BLOCK_CHARS = 1000
MAX_BLOCK_CHARS = 24_000

ASK_TITLE = (
    "These are the captions of one part of a video, each with its time. Answer with two lines: first a title of at most "
    "eight words for this part, then one sentence saying what happens in it.\n\n"
)
ASK_SUMMARY = (
    "These notes tell a video from its beginning to its end. Summarize the video in at most four sentences.\n\n"
)
ASK_SHORTER = "Retell these notes of one part of a video in at most three sentences.\n\n"


@dataclass(frozen=True)
class VideoOutline:
    """What a video is about, as far as its captions tell."""

    chapters: tuple[Chapter, ...]
    summary: str | None


def outline(
    engine: Engine, cues: Sequence[Cue], sampling: Sampling, on_step: Callable[[], None], on_text: OnText
) -> VideoOutline:
    """Chapters and a summary. `on_step` is called before each question; it and `on_text` may raise `Stopped`.

    Map: each chapter's captions become a title and a note. Reduce: the notes, folded until they fit, become the summary.
    """
    ask = _Asker(engine, sampling, on_step, on_text)
    if not cues:
        return VideoOutline((), None)
    told = [(block, *_title_and_note(ask, block)) for block in blocks(cues)]
    chapters = [Chapter(start_ms=b[0].start_ms, end_ms=b[-1].end_ms, title=title) for b, title, _ in told]
    notes = ask.folded([note for _, _, note in told])
    return VideoOutline(tuple(contiguous(chapters)), ask(ASK_SUMMARY + notes) or None)


def refuse_small_context(context_tokens: int) -> None:
    """Raise Permanent(CONTEXT_TOO_SMALL) before the video is watched when the questions could not be asked at its end."""
    needed = ANSWER_TOKENS + PROMPT_TOKENS + MIN_BLOCK_CHARS
    if context_tokens < needed:
        message = f"chapters need a context of {needed} tokens, the model's is {context_tokens}"
        raise Permanent(Failure.CONTEXT_TOO_SMALL, message)


def blocks(cues: Sequence[Cue]) -> Iterator[Sequence[Cue]]:
    """Cues cut into parts of about equal time, one a chapter: about five minutes each, at most MAX_CHAPTERS."""
    start_ms, end_ms = cues[0].start_ms, cues[-1].end_ms
    count = max(1, min(MAX_CHAPTERS, round((end_ms - start_ms) / CHAPTER_MS)))
    part_ms = max(1, (end_ms - start_ms) / count)
    first = 0
    for at in range(1, len(cues) + 1):
        if at == len(cues) or (cues[at].start_ms - start_ms) // part_ms != (cues[first].start_ms - start_ms) // part_ms:
            yield cues[first:at]
            first = at


def contiguous(chapters: Sequence[Chapter]) -> Iterator[Chapter]:
    """Neighbours of one title become one, and each chapter lasts until the next begins."""
    merged: list[Chapter] = []
    for chapter in chapters:
        if merged and merged[-1].title == chapter.title:
            merged[-1] = merged[-1].model_copy(update={"end_ms": chapter.end_ms})
        else:
            merged.append(chapter)
    for chapter, following in zip(merged, [*merged[1:], None], strict=True):
        yield chapter.model_copy(update={"end_ms": following.start_ms}) if following else chapter


def _title_and_note(ask: _Asker, block: Sequence[Cue]) -> tuple[str, str]:
    lines = [f"{clock(cue.start_ms)[:-4]} {' '.join(cue.text.split())}" for cue in block]
    answer = ask(ASK_TITLE + ask.folded(lines))
    title, _, note = answer.partition("\n")
    return title[:MAX_TITLE_CHARS].strip() or clock(block[0].start_ms)[:-4], note.strip() or answer


class _Asker:
    """Puts one question at a time to the model, each short enough for its context."""

    def __init__(self, engine: Engine, sampling: Sampling, on_step: Callable[[], None], on_text: OnText) -> None:
        self._engine = engine
        self._sampling = sampling
        self._on_step = on_step
        self._on_text = on_text
        # One character is at most about one token in any script, and far less in most.
        room = engine.info.context_tokens - ANSWER_TOKENS - PROMPT_TOKENS
        self._block_chars = max(MIN_BLOCK_CHARS, min(MAX_BLOCK_CHARS, room))

    def __call__(self, question: str) -> str:
        self._on_step()
        messages = [{"role": "user", "content": [{"type": "text", "text": question}]}]
        answer = self._engine.chat(ChatRequest(messages, ANSWER_TOKENS, self._sampling), self._on_text)
        return plain(answer.text)[:MAX_NOTES_CHARS].strip()

    def folded(self, lines: Sequence[str]) -> str:
        """Lines as one text that fits a question: retold group by group, as often as it takes."""
        lines = [line[: self._block_chars // 2] for line in lines]
        while sum(len(line) + 1 for line in lines) > self._block_chars:
            lines = [self(ASK_SHORTER + "\n".join(group))[: self._block_chars // 4] for group in self._groups(lines)]
        return "\n".join(lines)

    def _groups(self, lines: Sequence[str]) -> Iterator[list[str]]:
        group: list[str] = []
        for line in lines:
            if group and sum(map(len, group)) + len(group) + len(line) > self._block_chars:
                yield group
                group = []
            group.append(line)
        yield group
