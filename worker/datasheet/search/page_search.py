"""Finds the pages of a document that hold the package outline and the land pattern, and tells package variants apart."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from worker.datasheet.page import pages, text_layer
from worker.datasheet.page.pages import Book
from worker.datasheet.search import called, naming, orders, titles
from worker.datasheet.search.page_hit import PageHit
from worker.datasheet.thresholds.page import (
    AWAY_MOST,
    CALLED_ALIKE,
    CAPTIONED,
    ELECTRICAL_MOST,
    LAND_AFTER,
    MANY_PATHS,
    NAMED_SO,
    NAMED_WEIGHT,
    OF_ELECTRICAL,
    OF_LAND_ALONE,
    OF_TOLERANCE,
    OTHER_PACKAGE,
    OWN_PAGE,
    SAME_MATCH,
    SHOWN,
    SPARSE_CHARS,
    TITLED,
    TOLERANCED_LEAST,
    TOLERANCED_MOST,
)

OCR_PAGES = 10
FORGET_PAGES = 32
_DECIMAL = re.compile(r"\d[.,]\d")


@dataclass
class Search:
    hits: list[PageHit] = field(default_factory=list)
    mechanical: list[int] = field(default_factory=list)
    land: list[int] = field(default_factory=list)
    matched: bool = True  # whether the asked package is named on a drawing page
    names: list[tuple[str, int]] = field(default_factory=list)
    taken_for: str | None = None  # the longer name that the asked one was taken for
    rivals: list[str] = field(default_factory=list)  # other packages that the asked name fits as well

    def review_reason(self, package: str | None) -> str | None:
        """Why the drawings may be those of another package."""
        if self.rivals:
            asked = f"{package!r} fits them as well" if package else "none was asked for"
            return f"other packages are drawn too, and {asked}: {', '.join(self.rivals[:8])}"
        spoken = {name for h in self.hits for name in naming.families(h.text)}
        if not self.matched and len(spoken) > 1:
            return f"no drawing names {package!r}, and the document speaks of several packages"
        other = self._of_another(package)
        return f"the drawings are those of {', '.join(sorted(other))}, and {package!r} was asked for" if other else None

    def _of_another(self, package: str | None) -> set[str]:
        """The packages that a chosen page names, where it does not name the one asked for."""
        asked = naming.families(package) if package else set()
        for number in {*self.mechanical[:1], *self.land[:1]}:
            hit = next((h for h in self.hits if h.number == number), None)
            told = hit is not None and any(not naming.is_count(t) for t in hit.named)
            named = naming.families(hit.text) if hit is not None and not told else set()
            if asked and named and not any(_alike(a, b) or _alike(b, a) for a in asked for b in named):
                return named
        return set()

    def names_land(self) -> bool:
        """Whether a page of the part, or of no part in particular, names a land pattern."""
        outline = next((h for h in self.hits if h.number in self.mechanical[:1]), None)
        return any(h.titled and (outline is None or not _foreign(outline, h)) for h in self.hits)

    def land_title(self) -> tuple[str, int] | None:
        """The words that name a land pattern on the pages looked at, and their page."""
        named = ((titles.land_caption(h.text), h.number) for h in self.hits if h.number in self.land)
        return next(((caption, page) for caption, page in named if caption), None)

    def notes(self, package: str | None) -> list[str]:
        """How the asked name was understood."""
        return [f"{package!r} is taken for {self.taken_for}, which alone is drawn"] if self.taken_for else []


def scan(book: Book, package: str | None, on_page: Callable[[int, int], None]) -> list[PageHit]:
    """A hit for every page, from its text layer and, for pages drawn without text, from their strokes."""
    hits = []
    for number in range(1, book.pages + 1):
        on_page(number, book.pages)
        if number % FORGET_PAGES == 0:
            book.forget()
        text = pages.plain_text(book, number)
        if text_layer.garbled(text):
            text = ""
        drawn, images = pages.count_paths(book, number) if _promising(text) else (0, 0)
        hits.append(PageHit(number, text=text, drawn=drawn, images=images))
    sparse = [h for h in hits if len(h.text) < SPARSE_CHARS and h.drawn > MANY_PATHS]
    for hit in sparse[-OCR_PAGES:]:
        hit.text += " " + pages.read_titles(book, hit.number)
    _rate(hits, package)
    return hits


def _promising(text: str) -> bool:
    return len(text) < 6000 or titles.speaks_of_figures(text)


def _rate(hits: list[PageHit], package: str | None) -> None:
    wanted = naming.tokens(package) if package else []
    words = [naming.words_of(h.text) for h in hits]
    rarity = {t: math.log((len(hits) + 1) / (1 + sum(t in w for w in words))) + 0.3 for t in wanted}
    for hit, own in zip(hits, words, strict=True):
        away = 8.0 * titles.distractions(hit.text)
        figure = 1.0 if hit.drawn > 12 or hit.images else -4.0
        long = max(0.0, (len(hit.text) - 3500) / 800)
        hit.mechanical = titles.mechanical_score(hit.text) + figure - away - long
        hit.mechanical += min(3.0, 0.1 * len(_DECIMAL.findall(hit.text))) - 4.0 * bool(titles.STENCIL.search(hit.text))
        hit.mechanical += CAPTIONED * _captioned(hit)
        hit.land = titles.land_score(hit.text) + figure - away - long
        hit.titled = figure > 0 and titles.land_caption(hit.text) is not None
        if hit.titled:  # nothing else that a page speaks of outweighs the title of a land pattern
            hit.land = max(hit.land, titles.land_score(hit.text) + figure)
            hit.mechanical += away if titles.mechanical_score(hit.text) >= TITLED else 0.0
        if titles.of_land_alone(hit.text):
            hit.mechanical -= OF_LAND_ALONE
        hit.outline = hit.mechanical + _of_outline(hit, hits[hit.number - 2] if hit.number > 1 else None, away)
        hit.named = frozenset(t for t in wanted if t in own)
        hit.match = sum(rarity[t] for t in hit.named)


def _of_outline(hit: PageHit, before: PageHit | None, away: float) -> float:
    """What the kinds of numbers on a page and its titles add to the score of an outline."""
    told, named = titles.toleranced(hit.text), titles.outline_caption(hit.text)
    layout = hit.titled and not named and not titles.of_land_alone(hit.text)  # boards have tolerances too
    score = 0.0 if layout else OF_TOLERANCE * min(told, TOLERANCED_MOST)
    if not named:
        score -= OF_ELECTRICAL * min(titles.electrical(hit.text), ELECTRICAL_MOST)
    if titles.of_land_alone(hit.text) and told >= TOLERANCED_LEAST and not (before and before.outline >= SHOWN):
        score += OF_LAND_ALONE
    kept = hit.titled and titles.mechanical_score(hit.text) >= TITLED  # nothing was taken
    if not kept and (named or (hit.titled and told >= TOLERANCED_LEAST)):
        score += max(0.0, away - AWAY_MOST)
    return score


def _captioned(hit: PageHit) -> bool:
    """Whether a page is a picture under nothing but the name of a package."""
    lines = (line.strip() for line in hit.text.splitlines())
    return bool(hit.images) and len(hit.text) < SPARSE_CHARS and any(naming.FAMILY.fullmatch(line) for line in lines)


def search(book: Book, package: str | None, on_page: Callable[[int, int], None]) -> Search:
    """The best outline and land pages, for the asked package when one is asked."""
    hits = scan(book, package, on_page)
    found = Search(hits)
    titled = [h for h in hits if (titles.is_titled(h.text) or _captioned(h)) and max(h.mechanical, h.land) >= 3.0]
    found.names = _names(titled)
    if package:
        _find_named(found, titled, package)
    if len(hits) == 1:
        found.mechanical, found.land = [1], [1]
        return found
    drawings = [h for h in hits if _shows_outline(h, package)]
    if not drawings:
        drawings = [h for h in hits if max(h.mechanical, h.outline) > 0 and (h.drawn > 100 or h.images)]
    ranked = sorted(drawings, key=lambda h: -_rank(h, hits, package))
    if package and ranked:
        least = _rank(ranked[0], hits, package) - CALLED_ALIKE
        ranked = called.first(ranked, [h for h in ranked if _rank(h, hits, package) > least], package)
    found.mechanical = [h.number for h in ranked[:3]]
    if ranked:
        found.land = land_pages(hits, ranked[0], package)
        before = _page_before(hits, found.land[0], ranked[0])
        found.mechanical = [before, *found.mechanical] if before else found.mechanical
        found.rivals = _rivals(hits[found.mechanical[0] - 1], titled)
    else:
        found.land = [h.number for h in sorted(hits, key=lambda h: -h.land)[:2] if h.land >= 3.0]
    return found


def _shows_outline(hit: PageHit, package: str | None) -> bool:
    """Whether a page looks like an outline by its words, or names the package where something is drawn."""
    seen = (hit.drawn > MANY_PATHS or hit.images) and not titles.of_land_alone(hit.text)
    return hit.outline > 0 and hit.outline + (NAMED_WEIGHT * hit.match if package and seen else 0.0) >= SHOWN


def _rank(hit: PageHit, hits: list[PageHit], package: str | None) -> float:
    """How likely a page is the outline: by its words, by the package's name, and by the land pattern that follows it."""
    after = hits[hit.number - 1 : hit.number + 1]
    follows = any(h.land >= OWN_PAGE and titles.is_titled(h.text) and not _foreign(hit, h) for h in after)
    other = package and not hit.match and naming.families(hit.text) and any(h.match for h in hits)
    return (
        hit.outline
        + (NAMED_WEIGHT * hit.match if package else 0.0)
        + (3.0 if follows else 0.0)
        - OTHER_PACKAGE * bool(other)
    )


def _find_named(found: Search, titled: list[PageHit], package: str) -> None:
    """Whether a drawing names the asked package; else the only drawn one whose name the asked one begins.

    A word that every drawing prints, such as the part number, tells nothing where several packages are drawn.
    """
    drawn = titled or [h for h in found.hits if max(h.mechanical, h.land) >= 3.0] or found.hits
    if any(_telling([h.named for h in drawn], found)):
        return
    begun = _telling([naming.begun_by(package, h.text) for h in drawn], found)
    longest = {n for names in begun for n in names if not any(o != n and o.startswith(n) for o in names)}
    found.matched = len(longest) == 1
    ordered = orders.drawing_of(package, found.hits, drawn) if not longest else None
    if ordered is not None:
        found.matched, found.taken_for = True, naming.first_name(ordered.text)
        ordered.match += NAMED_SO
    elif found.matched:
        found.taken_for = next(iter(longest))
        for hit, names in zip(drawn, begun, strict=True):
            hit.match += NAMED_SO * bool(names)


def _telling(words: list[frozenset[str]], found: Search) -> list[frozenset[str]]:
    """The words of each drawing without those on every drawing where several packages are drawn."""
    everywhere = frozenset.intersection(*words) if len(found.names) > 1 else frozenset()
    return [own - everywhere for own in words]


def _rivals(chosen: PageHit, titled: list[PageHit]) -> list[str]:
    """Names of other packages whose drawings fit what was asked as well as the chosen one."""
    own = naming.families(chosen.text)
    alike = [h for h in titled if h.match > chosen.match - 0.05 and _foreign(chosen, h)]
    return [name for name, _ in _names(alike) if naming.plain(name) not in own]


def land_pages(hits: list[PageHit], outline: PageHit, package: str | None) -> list[int]:
    """Land pattern pages of the same package: on the outline's page or soon after it, and of no other package."""
    rated = []
    for hit in hits:
        if hit.land < 3.0:
            continue
        apart = hit.number - outline.number
        near = (
            3.0
            if apart == 0
            else 2.5 - 0.5 * apart
            if 0 < apart <= LAND_AFTER
            else -1.5
            if apart < 0
            else -0.3 * min(apart, 8)
        )
        other = package and outline.match > 0.5 and hit.match < 0.5 * outline.match
        foreign = _foreign(outline, hit) if apart else False
        rated.append(
            (hit.land + near + 2.0 * hit.match - (6.0 if other else 0.0) - (8.0 if foreign else 0.0), hit.number)
        )
    found = [n for s, n in sorted(rated, reverse=True)[:2] if s > 2.0]
    if not found and len(rated) == 1 and not _foreign(outline, hits[rated[0][1] - 1]):
        return [rated[0][1]]  # the only one of the document: connectors name no part there
    return found or [outline.number]  # titles inside pictures are not seen by the search


def _page_before(hits: list[PageHit], land: int, outline: PageHit) -> int | None:
    """The drawing page just before a land pattern that names the package better than the outline chosen by its words.

    It names the package too, or is an outline that names no other one: titles drawn as strokes are read only in part.
    """
    own = next(h for h in hits if h.number == land)
    near = (
        0 <= land - outline.number <= LAND_AFTER
    )  # an outline far from its land pattern is another page that has the name
    if land < 2 or (near and own.match < 1.3 * outline.match + 0.5):
        return None
    before = hits[land - 2]
    named = before.match >= SAME_MATCH * own.match > 0 or (before.mechanical >= 3.0 and not _foreign(own, before))
    return before.number if named and before.drawn > MANY_PATHS else None


def _foreign(outline: PageHit, hit: PageHit) -> bool:
    """Whether a page names package families and none of the outline's."""
    own, other = naming.families(outline.text), naming.families(hit.text)
    if not own or not other or own & other:
        return False
    return not any(_alike(a, b) or _alike(b, a) for a in own for b in other)


def _alike(name: str, other: str) -> bool:
    """Whether a name begins another one, or is the kind of it alone, as BGA is of LFBGA100."""
    return other.startswith(name) or (name.isalpha() and name in other)


def _names(drawings: list[PageHit]) -> list[tuple[str, int]]:
    """One name of a package for each drawing page that prints one."""
    found: list[tuple[str, int]] = []
    for hit in drawings:
        name = naming.first_name(hit.text)
        if name and not any(naming.plain(name) == naming.plain(n) for n, _ in found):
            found.append((name, hit.number))
    return found[:40]
