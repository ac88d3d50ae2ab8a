"""Looks at the page again where a result says a number stands: a cited box must contain the printed string."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from db.documents.kinds.datasheet import DatasheetResult
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.page import pages, text_layer
from worker.datasheet.page.pages import Book
from worker.datasheet.page.scan import text_detection, text_reading

SLACK_PT = 1.0
Area = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Citation:
    """A printed string and where it is said to stand: 1-based page, box in points of the page as seen."""

    page: int
    box: Area
    printed: str

    @property
    def place(self) -> Box:
        """Where the string may stand: its box in page points, y down, with the slack of the check on every side."""
        return Box(*self.box).grown(SLACK_PT)


def citations(result: DatasheetResult) -> list[Citation]:
    """Every place that the result cites, once."""
    return list(dict.fromkeys(_cited(result.model_dump(mode="python"))))


def _cited(part: Any) -> Iterator[Citation]:
    if isinstance(part, dict):
        if part.get("printed") and part.get("page") and part.get("box"):
            yield Citation(part["page"], part["box"], part["printed"])
        for inner in part.values():
            yield from _cited(inner)
    elif isinstance(part, (list, tuple)):
        for inner in part:
            yield from _cited(inner)


def shows(text: str, printed: str) -> bool:
    """Whether every piece of a printed string stands in the text of its box, however the pieces are set."""
    have = _plain(text)
    return all(_plain(piece) in have for piece in re.split(r"[\s/]+", printed) if _plain(piece))


def _plain(text: str) -> str:
    """One spelling for what print and text layer write differently; brackets and signs a box may cut off do not count.

    Points and commas of numbers are one sign: makers use either, and small pixels do not tell them apart.
    """
    text = text.replace("−", "-").replace("–", "-").replace("×", "x").lower()
    text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    text = re.sub(r"[φø∅⌀ϕ<>]", "", text)  # arrow heads may be read as < and >
    return re.sub(r"[\s()\[\]{}|]+", "", text).strip(".,;:-")


def text_of(book: Book, citation: Citation) -> str:
    """What the page shows in a cited box: its text layer where that can be read, else its pixels."""
    text = _text_in(book, citation.page, citation.place)
    readable = text.strip() and not text_layer.garbled(pages.plain_text(book, citation.page))
    return text if readable else _pixels_read(book, citation.page, citation.place)


def _text_in(book: Book, number: int, area: Box) -> str:
    """The text layer inside a box of the page as seen, as the library itself cuts it out."""
    if book.pdf is None:
        return ""
    page = book.pdf[number - 1]
    textpage = page.get_textpage()
    back = np.linalg.inv(pages.page_matrix(page))
    xs, ys, _ = (np.array([[area.x0, area.y0, 1.0], [area.x1, area.y1, 1.0]]) @ back).T
    try:
        return str(textpage.get_text_bounded(float(min(xs)), float(min(ys)), float(max(xs)), float(max(ys))))
    finally:
        textpage.close()
        page.close()


def _pixels_read(book: Book, number: int, area: Box) -> str:
    """The words that the rendered page shows in a box, one line after the other."""
    paper, scale = pages.render(book, number)
    x0, y0, x1, y1 = (max(0, round(v * scale)) for v in (area.x0, area.y0, area.x1, area.y1))
    cut = np.ascontiguousarray(paper[y0:y1, x0:x1])
    if cut.size == 0:
        return ""
    lines = text_detection.text_lines(text_detection.letter_boxes(text_detection.ink_of(cut), scale), scale)
    return " ".join(w.text for w in text_reading.read_text(cut, lines, scale, (0.0, 0.0)))


def truth_text(printed: Iterable[dict[str, Any]], citation: Citation) -> str:
    """What a generated drawing is known to print in a cited box, or around it: a number may be cited without its count."""
    place = citation.place
    known = [(Box(*p["box"]), p["printed"]) for p in printed if p["page"] == citation.page]
    return " ".join(t for b, t in known if place.holds_point(b.cx, b.cy) or b.holds_point(place.cx, place.cy))
