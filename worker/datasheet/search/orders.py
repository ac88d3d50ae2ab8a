"""Which drawing an order code means: the one whose title has the words that the ordering information puts beside the code."""

from __future__ import annotations

import re

from worker.datasheet.search.headings import words_of
from worker.datasheet.search.page_hit import PageHit
from worker.datasheet.thresholds.page import (
    ORDER_CHARS,
    ORDER_CODE_LEAST,
    ORDER_JOINED,
    ORDER_SERIES,
    ORDER_TITLE_CHARS,
)

_ORDERING = re.compile(
    r"\border(?:ing)?\s*(?:information|codes?|numbers?|guide)\b|\bpart\s*(?:number|no)s?\b", re.IGNORECASE
)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-/]*")


def drawing_of(package: str, hits: list[PageHit], drawn: list[PageHit]) -> PageHit | None:
    """The one drawing that the words behind an order code fit better than any other; None where they fit none or two."""
    codes = [c for c in _CODE.findall(package) if len(c) >= ORDER_CODE_LEAST and re.search(r"\d", c)]
    said = set().union(*(_behind(c, h.text) for c in codes for h in hits if _ORDERING.search(h.text)))
    titles = [words_of(h.text[:ORDER_TITLE_CHARS]) for h in drawn]
    if not said or len(drawn) < 2:
        return None
    everywhere = set.intersection(*titles)
    scores = [len((own - everywhere) & said) for own in titles]
    best = max(scores)
    return drawn[scores.index(best)] if best and scores.count(best) == 1 else None


def _behind(code: str, text: str) -> set[str]:
    """The words that follow an order code closely, up to the next code that begins like it."""
    found: set[str] = set()
    for m in re.finditer(rf"(?<![A-Za-z0-9]){re.escape(code)}(?![A-Za-z0-9])", text, re.IGNORECASE):
        after = text[m.end() : m.end() + ORDER_CHARS]
        end = after.find(code[:ORDER_SERIES], ORDER_JOINED)  # codes joined by "&" have one description
        found |= words_of(after[:end] if end > 0 else after)
    return found
