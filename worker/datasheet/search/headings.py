"""Figures under their headings: which titles stand over a place of the page, and which figure the package name means."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from worker.datasheet.drawing import dimensions
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.search import naming
from worker.datasheet.thresholds.page import (
    HEADING_BOLDER,
    HEADING_LARGER,
    HEADING_LEFT_PT,
    HEADING_OUTDENT_PT,
    HEADING_OVERLAP,
    HEADING_WORDS,
)

_BRACKETS = re.compile(r"[<〈＜].*[>〉＞]")
_WORD = re.compile(r"[A-Za-z]{3,}")
_PART = re.compile(r"[A-Za-z]+|\d+")
_SIZE = re.compile(r"\d+(?:\.\d+)?(?:\s*[x×*]\s*\d+(?:\.\d+)?)+")
COUNTED = r"(?:circuits?|ckts?\.?|contacts?|positions?|pos\.?|poles?|ways?|pins?)"
OF_COUNTS = re.compile(
    rf"(\d{{1,3}})(?:\s*(?:to|[-~])\s*(\d{{1,3}}))?\s*{COUNTED}(\s*(?:or more|or over|and up|min\b))?", re.IGNORECASE
)
_SEEN_FROM = re.compile(r"viewed from [^)]*|\b(?:component|solder(?:ing)?|mating) side\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Region:
    """The part of a page under one heading, and all that stands over it from there upwards."""

    heading: Word
    chain: tuple[Word, ...]

    @property
    def words(self) -> set[str]:
        """The words of its headings that name a figure, in capitals."""
        return words_of(" ".join(w.text for w in self.chain))


def words_of(text: str) -> set[str]:
    """The words that name a figure, in capitals: no single letters, no side it is seen from, no number of circuits.

    The size of a part is one word: "2.5 x 3.2 mm" holds 2.5X3.2.
    """
    plain = OF_COUNTS.sub("", _SEEN_FROM.sub("", text))
    sizes = {re.sub(r"\s*[x×*]\s*", "X", size) for size in _SIZE.findall(plain)}
    return sizes | {part.upper() for part in _PART.findall(plain) if len(part) > 1}


def headings(drawing: Drawing) -> list[Word]:
    """Lines in letters clearly larger than those of the dimensions, and those in angle brackets."""
    sizes = [q.size for q in drawing.quantities if not q.symbol]
    usual = float(np.median(sizes)) if sizes else 0.0
    return [
        w for w in drawing.lines
        if sizes and w.turn == 0 and w.across >= usual * (1.0 if _BRACKETS.fullmatch(w.text) else HEADING_LARGER)
        and (_WORD.search(w.text) or naming.FAMILY.search(w.text)) and len(w.text.split()) <= HEADING_WORDS
    ]  # fmt: skip


def over(box: Box, titles: list[Word]) -> Word | None:
    """The heading that a place stands under: the lowest one above it, of those in one line the last that begins left of it."""
    above = [t for t in titles if t.box.y1 <= box.cy and t.box.x0 - HEADING_LEFT_PT < box.cx]
    if not above:
        return None
    lowest = max(t.box.y1 for t in above)
    return max((t for t in above if t.box.y1 > lowest - t.box.height / 2), key=lambda t: t.box.x0)


def region(heading: Word, titles: list[Word]) -> Region:
    """A heading with the lines set right over it and those above that stand farther left or are larger."""
    chain = [heading]
    for title in sorted(titles, key=lambda t: -t.box.y1):
        last = chain[-1]
        if title.box.y1 > last.box.y0 + HEADING_OVERLAP * last.box.height:
            continue
        beside = abs(title.box.x0 - last.box.x0) < HEADING_OUTDENT_PT
        stacked = beside and last.box.y0 - title.box.y1 < title.box.height
        farther = title.box.x0 < last.box.x0 - HEADING_OUTDENT_PT
        larger = title.box.x0 < last.box.x0 + HEADING_OUTDENT_PT and title.across > HEADING_BOLDER * last.across
        if stacked or farther or larger:
            chain.append(title)
    return Region(heading, tuple(chain))


def best(among: list[Region], package: str) -> list[Region]:
    """The regions whose headings have most words in common with the package name, and fewest others."""
    asked = words_of(package)
    rated = [((len(asked & found.words), -len(found.words - asked)), found) for found in among]
    most = max((score for score, _ in rated), default=(0, 0))
    return [found for score, found in rated if score == most and most[0] > 0]


def regions(drawing: Drawing) -> list[Region]:
    """Every region of a page with a dimensioned figure."""
    titles = headings(drawing)
    under = {id(t): t for s in drawing.spans if (t := over(dimensions.box_of(s), titles))}
    return [region(t, titles) for t in under.values()]


def beside(found: list[Region], table: Box) -> list[Region]:
    """Those regions that begin on the level of a table, or nearest to it."""
    gaps = [max(table.y0 - r.heading.box.cy, r.heading.box.cy - table.y1, 0.0) for r in found]
    return [r for r, gap in zip(found, gaps, strict=True) if gap == min(gaps)]


def holds(found: Region, box: Box, titles: list[Word]) -> bool:
    """Whether a box stands under the heading of a region, and under no nearer one."""
    return over(box, titles) is found.heading
