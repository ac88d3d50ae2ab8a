"""Finds the pages that may hold a table or a figure of pins, and reads both from them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.geometry.primitives import NO_LINES
from worker.datasheet.page import pages, paths
from worker.datasheet.page.pages import Book
from worker.datasheet.pins import ball_figure, cell_text, pin_figure, pin_table, ruled
from worker.datasheet.pins.cell_text import PageWords
from worker.datasheet.pins.pin_figure import PinFigure
from worker.datasheet.pins.pin_table import PinLayout, PinTable
from worker.datasheet.thresholds.pins import CONTENTS_LEAST, FIRST_PAGES, MOST_PAGES, SEEN, STRONG

_SPEAKS = re.compile(
    r"\b(?:pin|terminal|ball|signal)s?[\s\-]*(?:descriptions?|functions?|definitions?|configurations?|assignments?|out|names?|no|numbers?|#"
    r"|connections?|diagrams?|lists?|map)\b|\bpin-?outs?\b|\bballouts?\b|\bpinning\b|\bpackage\s+types?\b|\bpin\s*#",
    re.IGNORECASE,
)
_SEEN = re.compile(r"\btop\s+view\b", re.IGNORECASE)  # over figures of packages, which early pages show with their pins
_CONTENTS = re.compile(r"\.{8}|(?:\. ){8}")


@dataclass
class PinSources:
    """Tables, those over several pages as one, and figures of pins of a document."""

    tables: list[PinTable] = field(default_factory=list)
    figures: list[PinFigure] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PinPages:
    """Pages from 1: those that speak of pins a lot, and those that name them once."""

    strong: list[int]
    weak: list[int]


def speaking(texts: Sequence[tuple[int, str]]) -> PinPages:
    """Which pages of a document to look at; a list of contents or of changes speaks of pins that it does not show."""
    told = {n: len(_SPEAKS.findall(t)) / (1 + len(_CONTENTS.findall(t)) // CONTENTS_LEAST) for n, t in texts}
    told |= {n: SEEN for n, t in texts if n <= FIRST_PAGES and not told[n] and _SEEN.search(t)}
    ranked = sorted((n for n in told if told[n]), key=lambda n: (-told[n], n))[:MOST_PAGES]
    strong = [n for n in ranked if told[n] >= STRONG]
    return PinPages(sorted(strong), sorted(set(ranked) - set(strong)))


def read(book: Book, found: PinPages) -> PinSources:
    """Every table and figure of pins of a PDF; pages that name pins once only where the others lack a table or a figure."""
    sources = PinSources()
    _read(book, found.strong, sources)
    if not (sources.tables and sources.figures):
        after = [n + 1 for n in found.strong if n < book.pages and n + 1 not in found.strong]
        _read(book, sorted({*found.weak, *([] if sources.tables else after)}), sources)
    return sources


def _read(book: Book, numbers: list[int], sources: PinSources) -> None:
    """Reads pages, and those after a page with a table, which may go on there."""
    last: tuple[PinTable, PinLayout] | None = None
    waiting, seen = list(numbers), set[int]()
    while waiting and len(seen) < MOST_PAGES:
        number = waiting.pop(0)
        seen.add(number)
        words = PageWords(cell_text.lifted(pages.read_text(book, number)[0]))
        last = _tables(book, number, words, sources, last)
        sources.figures.extend(f for kind in (pin_figure, ball_figure) for f in kind.figures_of(words, number))
        goes_on = last is not None and last[0].last_page == number and number < book.pages
        if goes_on and number + 1 not in seen and number + 1 not in waiting:
            waiting.insert(0, number + 1)


def _tables(
    book: Book, number: int, words: PageWords, found: PinSources, last: tuple[PinTable, PinLayout] | None
) -> tuple[PinTable, PinLayout] | None:
    """Adds the tables of a page; gives the last one, which the next page may go on with."""
    for one in ruled.tables_of(_strokes(book, number)):
        before = last if last is not None and number - last[0].last_page <= 1 else None
        read_one = pin_table.read(one, words, number, before)
        if read_one is None:
            continue
        table, layout = read_one
        if before is not None and before[0].continued(table):
            before[0].take(table)
            last = before[0], layout
        else:
            found.tables.append(table)
            last = table, layout
    return last


def _strokes(book: Book, number: int) -> NDArray[np.float64]:
    """The strokes of a page (n x 7, points); none where there are more than any drawing has."""
    if book.pdf is None:
        return NO_LINES
    page = book.pdf[number - 1]
    try:
        return paths.read_paths(page.raw, pages.page_matrix(page))[0]
    except paths.TooMuch:
        return NO_LINES
    finally:
        page.close()
