"""What is looked for in captions: words, phrases, beginnings of words, and what must not be there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

MOST_WORDS = 32
LONGEST_WORD = 200
AROUND = 120  # characters of a snippet before its first hit and after its last
# Written without blanks: each sign is a word of its own. The migration that fills the index says the same.
SIGN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
PIECE = re.compile(r'(?P<no>-?)(?:"(?P<phrase>[^"]*)(?:"|$)|(?P<word>[^\s"]+))')


class BadQuery(ValueError):
    """Nothing can be looked for, and why."""


@dataclass(frozen=True)
class SpokenWord:
    """A word of a text and where it stands."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Phrase:
    """Words that follow one another; the last one may be the beginning of a word."""

    words: tuple[str, ...]
    prefix: bool = False

    def at(self, spoken: list[SpokenWord], place: int) -> bool:
        """Whether it stands there in a text."""
        here = spoken[place : place + len(self.words)]
        if len(here) < len(self.words):
            return False
        *before, last = (word.text for word in here)
        ends_well = last.startswith(self.words[-1]) if self.prefix else last == self.words[-1]
        return ends_well and before == [*self.words[:-1]]


@dataclass(frozen=True)
class SearchQuery:
    """All of `wanted` and none of `unwanted`."""

    wanted: tuple[Phrase, ...]
    unwanted: tuple[Phrase, ...] = ()

    def fits(self, text: str) -> bool:
        """Whether a text holds all that is wanted and nothing that is not."""
        spoken = words(text)

        def holds(phrase: Phrase) -> bool:
            return any(phrase.at(spoken, place) for place in range(len(spoken)))

        return all(map(holds, self.wanted)) and not any(map(holds, self.unwanted))

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where a text holds what is wanted, from the first place to the last, without overlaps."""
        spoken = words(text)
        marked = {
            place + offset
            for phrase in self.wanted
            for place in range(len(spoken))
            if phrase.at(spoken, place)
            for offset in range(len(phrase.words))
        }
        return [(spoken[n].start, spoken[n].end) for n in sorted(marked)]


def parse(text: str) -> SearchQuery:
    """The query as people write it: `red car`, `"red car"`, `ca*`, `-blue`. Nothing in it is a syntax error.

    Raises BadQuery without a word to look for, and with too many.
    """
    wanted: list[Phrase] = []
    unwanted: list[Phrase] = []
    for piece in PIECE.finditer(text):
        written = piece["word"] if piece["phrase"] is None else piece["phrase"]
        found = tuple(word.text[:LONGEST_WORD] for word in words(written))
        if found:
            prefix = piece["phrase"] is None and written.endswith("*")
            (unwanted if piece["no"] else wanted).append(Phrase(found, prefix))
    if not wanted:
        raise BadQuery("give at least one word to look for; only words and digits count")
    if sum(len(phrase.words) for phrase in (*wanted, *unwanted)) > MOST_WORDS:
        raise BadQuery(f"at most {MOST_WORDS} words a search")
    return SearchQuery(tuple(wanted), tuple(unwanted))


def words(text: str) -> list[SpokenWord]:
    """The words of a text in lower case: runs of letters and digits, and single signs of scripts without blanks."""
    return [
        SpokenWord(text[start:end].lower(), start, end)
        for run_start, run_end in _runs(text)
        for start, end in _split(text, run_start, run_end)
    ]


def snippet(text: str, query: SearchQuery) -> list[tuple[str, bool]]:
    """The part of a text around what was looked for, in pieces: what it says, and whether that was looked for."""
    spans = query.spans(text)
    begin, end = _window(text, spans)
    pieces: list[tuple[str, bool]] = [("…", False)] if begin else []
    place = begin
    for start, stop in spans:
        if stop > end:
            break
        pieces += [(text[place:start], False), (text[start:stop], True)]
        place = stop
    pieces.append((text[place:end] + ("…" if end < len(text) else ""), False))
    return _joined(pieces)


def _runs(text: str) -> Iterator[tuple[int, int]]:
    for inside, places in groupby(range(len(text)), key=lambda n: _is_part(text[n])):
        if inside:
            run = [*places]
            yield run[0], run[-1] + 1


def _is_part(sign: str) -> bool:
    return sign.isalnum() or unicodedata.category(sign).startswith("M")


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    place = start
    for sign in SIGN.finditer(text, start, end):
        if place < sign.start():
            yield place, sign.start()
        yield sign.span()
        place = sign.end()
    if place < end:
        yield place, end


def _window(text: str, spans: list[tuple[int, int]]) -> tuple[int, int]:
    """The part to show: all of a short text, else what lies around the first hit, cut between words."""
    first = spans[0][0] if spans else 0
    begin = text.rfind(" ", 0, first - AROUND) + 1 if first > AROUND else 0
    last = first + 2 * AROUND
    end = text.find(" ", last) if last < len(text) else -1
    return begin, len(text) if end < 0 else end


def _joined(pieces: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Neighbours of one sort as one: two marked words with only blanks between them are marked as one."""
    merged: list[tuple[str, bool]] = []
    for text, hit in pieces:
        if not text:
            continue
        if merged and merged[-1][1] == hit:
            merged[-1] = (merged[-1][0] + text, hit)
        elif hit and len(merged) > 1 and merged[-1][0].isspace() and merged[-2][1]:
            blank, _ = merged.pop()
            merged[-1] = (merged[-1][0] + blank + text, True)
        else:
            merged.append((text, hit))
    return merged
