"""Chooses the pages of the land pattern that belongs to an outline: near it, and of no other package."""

from __future__ import annotations

from worker.datasheet.search import naming, titles
from worker.datasheet.search.page_hit import PageHit
from worker.datasheet.thresholds.page import (
    BETTER_BEFORE,
    FAR_PAGES_MOST,
    LAND_AFTER,
    MANY_PATHS,
    OF_BETTER_MATCH,
    OF_EARLIER_PAGE,
    OF_FAR_PAGE,
    OF_FOREIGN,
    OF_MATCH,
    OF_NEXT_PAGE,
    OF_PAGE_BETWEEN,
    OF_SAME_PAGE,
    OF_UNTITLED,
    SAME_MATCH,
    SHOWS_LEAST,
)


def land_pages(hits: list[PageHit], outline: PageHit, package: str | None) -> list[int]:
    """Land pattern pages of the same package: on the outline's page or soon after it, and of no other package."""
    rated = []
    for hit in hits:
        if hit.land < SHOWS_LEAST:
            continue
        apart = hit.number - outline.number
        near = (
            OF_SAME_PAGE
            if apart == 0
            else OF_NEXT_PAGE - OF_PAGE_BETWEEN * apart
            if 0 < apart <= LAND_AFTER
            else -OF_EARLIER_PAGE
            if apart < 0
            else -OF_FAR_PAGE * min(apart, FAR_PAGES_MOST)
        )
        loose = OF_UNTITLED * (
            not hit.titled and any(h.titled and h.match >= hit.match and not foreign(outline, h) for h in hits)
        )
        other = package and outline.match > 0.5 and hit.match < 0.5 * outline.match
        if apart and of_another(hit, outline, package):
            continue
        stranger = foreign(outline, hit) if apart else False
        rated.append(
            (
                hit.land
                - loose
                + near
                + OF_MATCH * hit.match
                - (OF_BETTER_MATCH if other else 0.0)
                - (OF_FOREIGN if stranger else 0.0),
                hit.number,
            )
        )
    found = _likely([n for s, n in sorted(rated, reverse=True)[:2] if s > 2.0], {h.number: h for h in hits})
    if not found and len(rated) == 1 and not foreign(outline, hits[rated[0][1] - 1]):
        return [rated[0][1]]  # the only one of the document: connectors name no part there
    return found or [outline.number]  # titles inside pictures are not seen by the search


def _likely(found: list[int], hits: dict[int, PageHit]) -> list[int]:
    """The chosen pages without those that name the package clearly less well than a titled one of them."""
    best = max((hits[n].match for n in found if hits[n].titled), default=0.0)
    return [n for n in found if hits[n].match >= SAME_MATCH * best]


def page_before(hits: list[PageHit], land: int, outline: PageHit) -> int | None:
    """The drawing page just before a land pattern that names the package better than the outline chosen by its words.

    It names the package too, or is an outline that names no other one: titles drawn as strokes are read only in part.
    """
    own = next(h for h in hits if h.number == land)
    near = (
        0 <= land - outline.number <= LAND_AFTER
    )  # an outline far from its land pattern is another page that has the name
    if land < 2 or (near and own.match < BETTER_BEFORE * outline.match + 0.5):
        return None
    before = hits[land - 2]
    named = before.match >= SAME_MATCH * own.match > 0 or (
        before.mechanical >= SHOWS_LEAST and not foreign(own, before)
    )
    return before.number if named and before.drawn > MANY_PATHS and not titles.distractions(before.text) else None


def of_another(hit: PageHit, outline: PageHit, package: str | None) -> bool:
    """Whether a page names another package than the one asked for, and nothing of its name, which the outline's page does."""
    return bool(package and outline.match and not hit.match) and _families_differ(package or "", hit.text)


def foreign(outline: PageHit, hit: PageHit) -> bool:
    """Whether a page names package families and none of the outline's."""
    return _families_differ(outline.text, hit.text)


def _families_differ(text: str, of: str) -> bool:
    own, other = naming.families(text), naming.families(of)
    if not own or not other or own & other:
        return False
    return not any(alike(a, b) or alike(b, a) for a in own for b in other)


def alike(name: str, other: str) -> bool:
    """Whether a name begins another one, or is the kind of it alone, as BGA is of LFBGA100."""
    return other.startswith(name) or (name.isalpha() and name in other)
