"""Puts the words of a cell or of a label together, low letters and rotated text included."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import replace

from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.text.phrases import frame, overlap
from worker.datasheet.thresholds.page import RAISED_LEAST, RAISED_SMALL
from worker.datasheet.thresholds.pins import IN_LINE, SPACE

_FOOTNOTE = re.compile(r"(?:\s*\(\d{1,2}\)|\s*\[\d{1,2}\])+(?=\s|$)")


class PageWords:
    """The words of a page by their height on it: a page of tables asks for those of hundreds of cells."""

    def __init__(self, words: list[Word]) -> None:
        self.words = sorted(words, key=lambda w: w.box.cy)
        self._at = [w.box.cy for w in self.words]

    def inside(self, box: Box) -> list[Word]:
        """The words whose middle lies in a box."""
        level = self.words[bisect_left(self._at, box.y0) : bisect_right(self._at, box.y1)]
        return [w for w in level if box.x0 <= w.box.cx <= box.x1]


def lifted(words: list[Word]) -> list[Word]:
    """The words, with underscores raised to the line that they stand under."""
    return [_lifted(w) if w.text.strip("_") == "" else w for w in words]


def _lifted(word: Word) -> Word:
    box, up = word.box, max(word.box.width, word.box.height) / len(word.text)
    raised = Box(box.x0, box.y0 - up, box.x1, box.y1) if word.turn == 0 else Box(box.x0 - up, box.y0, box.x1, box.y1)
    return replace(word, box=raised, size=up)


def lines_of(words: list[Word]) -> list[list[Word]]:
    """Words of the direction that most of them have, in lines, each in the order of reading."""
    if not words:
        return []
    turn = Counter({t: sum(len(w.text) for w in words if w.turn == t) for t in range(4)}).most_common(1)[0][0]
    lines: list[list[Word]] = []
    for word in sorted((w for w in words if w.turn == turn), key=lambda w: -w.across):
        _, _, top, bottom = frame(word.box, turn)
        home = next((line for line in lines if _in_line(line[0], top, bottom)), None)
        if home is None:
            lines.append([word])
        else:
            home.append(word)
    lines.sort(key=lambda line: frame(line[0].box, turn)[2])
    return [sorted(line, key=lambda w: frame(w.box, turn)[0]) for line in lines]


def _in_line(tall: Word, top: float, bottom: float) -> bool:
    """Whether something low, from top to bottom across the direction, belongs to the line of a taller word."""
    _, _, high, low = frame(tall.box, tall.turn)
    flat = bottom - top < IN_LINE * (low - high)  # a dash
    return overlap(high, low + IN_LINE * (low - high) * flat, top, bottom) > IN_LINE


def joined(line: list[Word]) -> str:
    """The text of one line without raised marks, spaces where there are gaps; an underscore has none beside it."""
    text = ""
    line = [word for i, word in enumerate(line) if not (i and _raised(word, line[i - 1]))]
    for i, word in enumerate(line):
        gap = frame(word.box, word.turn)[0] - frame(line[i - 1].box, word.turn)[1] if i else 0.0
        wide = i and gap > SPACE * max(word.across, line[i - 1].across) and "_" not in (word.text[:1], text[-1:])
        text += (" " if wide else "") + word.text
    return text


def _raised(word: Word, before: Word) -> bool:
    """Whether a number is the mark of a footnote: small, close behind a word and with its foot above that of the word."""
    _, end, top, foot = frame(before.box, before.turn)
    start, _, top2, foot2 = frame(word.box, word.turn)
    high = foot - top
    small = word.text.isdigit() and before.text[-1:].isalnum() and foot2 - top2 < RAISED_SMALL * high
    return small and start - end < SPACE * high and foot2 < foot - RAISED_LEAST * high


def text_of(words: list[Word]) -> str:
    """All lines as one text, marks of footnotes left out."""
    lines = [without_notes(joined(line)) for line in lines_of(words)]
    return without_notes("".join(_apart(lines[i - 1] if i else "") + line for i, line in enumerate(lines)))


def _apart(before: str) -> str:
    """What goes between two lines of a name: nothing where it was parted at a dash or an underscore."""
    return "" if not before or before[-1] in "-_" else " "


def without_notes(text: str) -> str:
    """A text without the marks of footnotes, such as (1) or [2], at the ends of its words."""
    return _FOOTNOTE.sub("", text).strip()
