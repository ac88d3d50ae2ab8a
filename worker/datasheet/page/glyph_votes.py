"""What the letters of fonts mean that do not tell it: each glyph what most words read from the pixels say it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from worker.datasheet.geometry.primitives import Box
from worker.datasheet.page.scan.ocr import Gray, recogniser
from worker.datasheet.page.scan.text_reading import crop_of
from worker.datasheet.page.text_layer import Glyph, KnownGlyph, UnmappedWord
from worker.datasheet.thresholds.page import (
    GLYPH_AGREED,
    GLYPH_MOST_SURE,
    GLYPH_WORDS,
    GLYPH_WORDS_MOST,
    MISREAD_PART,
)
from worker.datasheet.thresholds.scan import READ_LEAST

_Said = dict[str, list[float]]  # for each letter that was read how surely


@dataclass
class GlyphVotes:
    """What words read from pixels said of the glyphs in them, and how many words were read for each."""

    said: defaultdict[Glyph, _Said] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    read: Counter[Glyph] = field(default_factory=Counter)

    pages: set[int] = field(default_factory=set)  # that the search for the drawings had read

    def add(
        self, words: list[UnmappedWord], rendered: Callable[[], tuple[Gray, float]], enough: int = GLYPH_WORDS
    ) -> None:
        """Reads more words, where fewer than enough were read for a glyph; `rendered` gives their page and pixels per point.

        A word counts where as many letters are read as it has, and those that its font does tell read as they are.
        """
        chosen = self._telling(words, enough)
        if not chosen:
            return
        paper, px_per_pt = rendered()
        crops = [(w, crop_of(paper, _scaled(w.box, px_per_pt), w.turn)) for w in chosen]
        shown = [(w, crop) for w, crop in crops if crop.size]  # a page may hold words beside its edges
        for (word, _), (line, sure) in zip(shown, recogniser().read([crop for _, crop in shown]), strict=True):
            text = line.replace(" ", "")
            if sure >= READ_LEAST and _fits(word, text):
                for letter, read in zip(word.letters, text, strict=True):
                    if not isinstance(letter, str):
                        self.said[letter][read].append(sure)

    def _telling(self, words: list[UnmappedWord], enough: int) -> list[UnmappedWord]:
        """Words enough for every glyph, long ones first: letters beside it tell an O from a zero."""
        chosen: list[UnmappedWord] = []
        drawn = [w for w in words if w.box.width > 0 and w.box.height > 0 and w.turn in (0, 1, 3)]
        for word in sorted(drawn, key=lambda w: -len(w.letters)):
            glyphs = {letter for letter in word.letters if not isinstance(letter, str)}
            if len(chosen) < GLYPH_WORDS_MOST and any(self.read[g] < enough for g in glyphs):
                chosen.append(word)
                self.read.update(glyphs)
        return chosen

    def meanings(self) -> dict[Glyph, KnownGlyph]:
        """The meaning of each glyph on which the words that hold it agree."""
        return {glyph: known for glyph, said in self.said.items() if (known := _agreed(said)) is not None}


def _fits(word: UnmappedWord, text: str) -> bool:
    told = [(own, read) for own, read in zip(word.letters, text, strict=False) if isinstance(own, str)]
    wrong = sum(own.upper() != read.upper() for own, read in told)
    return len(text) == len(word.letters) and wrong <= MISREAD_PART * len(told)


def _agreed(said: _Said) -> KnownGlyph | None:
    weight = {text: sum(sure) for text, sure in said.items()}
    best = max(weight, key=lambda text: weight[text])
    if weight[best] < GLYPH_AGREED * sum(weight.values()):
        return None
    return KnownGlyph(best, min(float(np.mean(said[best])), GLYPH_MOST_SURE))


def _scaled(box: Box, factor: float) -> Box:
    return Box(box.x0 * factor, box.y0 * factor, box.x1 * factor, box.y1 * factor)
