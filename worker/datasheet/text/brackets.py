"""Joins a number with the same number in brackets where a stroke of the drawing ran through the opening bracket."""

from __future__ import annotations

import re
from dataclasses import replace

from worker.datasheet.geometry.primitives import Word, around
from worker.datasheet.text.phrases import frame, overlap
from worker.datasheet.thresholds.page import BRACKET_IN_LINE, BRACKET_NEAR

_NUMBER, _CLOSED = re.compile(r"[\dØ].*\d"), re.compile(r"[\d.,]*\d\]")


def joined(words: list[Word]) -> list[Word]:
    """The words, each end of a bracket put to the number that stands before it."""
    found = list(words)
    for end in words:
        if not _CLOSED.match(end.text):
            continue
        start = next((w for w in found if _NUMBER.fullmatch(w.text) and _precedes(w, end)), None)
        if start is not None:
            found.remove(end)
            text, box = f"{start.text} [{end.text}", around([start.box, end.box])
            found[found.index(start)] = replace(
                start, text=text, box=box, confidence=min(start.confidence, end.confidence)
            )
    return found


def _precedes(word: Word, end: Word) -> bool:
    _, stop, top, bottom = frame(word.box, word.turn)
    begin, _, top2, bottom2 = frame(end.box, end.turn)
    near = 0 <= begin - stop < BRACKET_NEAR * min(word.across, end.across)
    return word.turn == end.turn and near and overlap(top, bottom, top2, bottom2) > BRACKET_IN_LINE
