"""Which of several pages is meant where all print the same words of the asked name: the one that is called so."""

from __future__ import annotations

from worker.datasheet.search.headings import words_of
from worker.datasheet.search.page_hit import PageHit
from worker.datasheet.thresholds.page import HEADING_WORDS, MANY_PATHS


def first(ranked: list[PageHit], alike: list[PageHit], package: str) -> list[PageHit]:
    """The pages, of those `alike` to the best one first that with a line that says most of the name and least else.

    "Top entry type" means no "Top entry type with a boss", though the pages of both print all its words.
    """
    same = [h for h in alike if h.named == ranked[0].named and len(h.named) > 1]
    asked = words_of(package)
    likeness = {h.number: _likeness(h, asked) for h in same}
    return sorted(ranked, key=lambda h: -likeness.get(h.number, -1))


def _likeness(hit: PageHit, asked: set[str]) -> int:
    """How like the asked name the best title of a page is: two for each word in common, less one for every other."""
    titled = [own for line in hit.text.splitlines() if len(own := words_of(line)) <= HEADING_WORDS]
    return max((2 * len(own & asked) - len(own - asked) for own in titled), default=0) if hit.drawn > MANY_PATHS else 0
