"""Finds the pages of a document that hold the package outline and the land pattern, and tells package variants apart."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from worker.datasheet.page import pages, text_layer
from worker.datasheet.page.pages import Book
from worker.datasheet.search import called, naming, orders, titles
from worker.datasheet.search.land_page import alike, foreign, land_pages, page_before
from worker.datasheet.search.page_hit import PageHit
from worker.datasheet.thresholds.page import (
    AWAY_MOST,
    CALLED_ALIKE,
    CAPTIONED,
    DRAWN_LEAST,
    DRAWN_MUCH,
    ELECTRICAL_MOST,
    LONG_CHARS,
    LONG_CHARS_EACH,
    MANY_PATHS,
    MATCH_ALIKE,
    NAMED_SO,
    NAMED_WEIGHT,
    OF_DECIMAL,
    OF_DECIMALS_MOST,
    OF_DISTRACTION,
    OF_ELECTRICAL,
    OF_FOLLOWING,
    OF_LAND_ALONE,
    OF_NO_FIGURE,
    OF_STENCIL,
    OF_TOLERANCE,
    OTHER_PACKAGE,
    OWN_PAGE,
    PROMISING_CHARS,
    RARE_LEAST,
    SHOWN,
    SHOWS_LEAST,
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
            if asked and named and not any(alike(a, b) or alike(b, a) for a in asked for b in named):
                return named
        return set()

    def names_land(self) -> bool:
        """Whether a page of the part, or of no part in particular, names a land pattern."""
        outline = next((h for h in self.hits if h.number in self.mechanical[:1]), None)
        return any(h.titled and (outline is None or not foreign(outline, h)) for h in self.hits)

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
    return len(text) < PROMISING_CHARS or titles.speaks_of_figures(text)


def _rate(hits: list[PageHit], package: str | None) -> None:
    wanted = naming.tokens(package) if package else []
    words = [naming.words_of(h.text) for h in hits]
    rarity = {t: math.log((len(hits) + 1) / (1 + sum(t in w for w in words))) + RARE_LEAST for t in wanted}
    for hit, own in zip(hits, words, strict=True):
        away = OF_DISTRACTION * titles.distractions(hit.text)
        figure = 1.0 if hit.drawn > DRAWN_LEAST or hit.images else -OF_NO_FIGURE
        long = max(0.0, (len(hit.text) - LONG_CHARS) / LONG_CHARS_EACH)
        hit.mechanical = titles.mechanical_score(hit.text) + figure - away - long
        hit.mechanical += min(OF_DECIMALS_MOST, OF_DECIMAL * len(_DECIMAL.findall(hit.text))) - OF_STENCIL * bool(
            titles.STENCIL.search(hit.text)
        )
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
    outlined = before and before.outline >= SHOWN and not foreign(before, hit)
    if titles.of_land_alone(hit.text) and told >= TOLERANCED_LEAST and not outlined:
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
    titled = [
        h for h in hits if (titles.is_titled(h.text) or _captioned(h)) and max(h.mechanical, h.land) >= SHOWS_LEAST
    ]
    found.names = _names(titled)
    if package:
        _find_named(found, titled, package)
    if len(hits) == 1:
        found.mechanical, found.land = [1], [1]
        return found
    drawings = [h for h in hits if _shows_outline(h, package)]
    if not drawings:
        drawings = [h for h in hits if max(h.mechanical, h.outline) > 0 and (h.drawn > DRAWN_MUCH or h.images)]
    ranked = sorted(drawings, key=lambda h: -_rank(h, hits, package))
    if package and ranked:
        least = _rank(ranked[0], hits, package) - CALLED_ALIKE
        ranked = called.first(ranked, [h for h in ranked if _rank(h, hits, package) > least], package)
    ranked = _naming_more(ranked)
    found.mechanical = [h.number for h in ranked[:3]]
    if ranked:
        found.land = land_pages(hits, ranked[0], package)
        before = page_before(hits, found.land[0], ranked[0])
        found.mechanical = [before, *found.mechanical] if before else found.mechanical
        found.mechanical += [h.number for h in hits if h not in ranked and _toleranced(h)][:1]
        found.mechanical += [h.number for h in hits if h.number not in found.mechanical and titles.tells_size(h.text)][
            :1
        ]
        found.rivals = _rivals(hits[found.mechanical[0] - 1], titled)
    else:
        found.land = [h.number for h in sorted(hits, key=lambda h: -h.land)[:2] if h.land >= SHOWS_LEAST]
    return found


def _naming_more(ranked: list[PageHit]) -> list[PageHit]:
    """The pages, that first which shows a titled figure and prints all the asked words of the best one and more of them.

    What else stands on such a page, such as a circuit over the outline, tells nothing then.
    """
    more = [h for h in ranked if h.titled and h.drawn > MANY_PATHS and h.named > ranked[0].named]
    first = max(more, key=lambda h: h.match, default=None)
    return ranked if first is None else [first, *(h for h in ranked if h is not first)]


def _shows_outline(hit: PageHit, package: str | None) -> bool:
    """Whether a page looks like an outline by its words, or names the package where something is drawn."""
    seen = (hit.drawn > MANY_PATHS or hit.images) and not titles.of_land_alone(hit.text)
    return hit.outline > 0 and hit.outline + (NAMED_WEIGHT * hit.match if package and seen else 0.0) >= SHOWN


def _toleranced(hit: PageHit) -> bool:
    """Whether a page that is mostly of other things names dimensions and prints tolerances."""
    told = hit.mechanical >= SHOWN and titles.toleranced(hit.text) >= TOLERANCED_LEAST
    return told and hit.drawn > 0 and not hit.titled


def _rank(hit: PageHit, hits: list[PageHit], package: str | None) -> float:
    """How likely a page is the outline: by its words, by the package's name, and by the land pattern that follows it."""
    after = hits[hit.number - 1 : hit.number + 1]
    follows = any(h.land >= OWN_PAGE and titles.is_titled(h.text) and not foreign(hit, h) for h in after)
    other = package and not hit.match and naming.families(hit.text) and any(h.match for h in hits)
    return (
        hit.outline
        + (NAMED_WEIGHT * hit.match if package else 0.0)
        + (OF_FOLLOWING if follows else 0.0)
        - OTHER_PACKAGE * bool(other)
    )


def _find_named(found: Search, titled: list[PageHit], package: str) -> None:
    """Whether a drawing names the asked package; else the only drawn one whose name the asked one begins.

    A word that every drawing prints, such as the part number, tells nothing where several packages are drawn.
    """
    drawn = titled or [h for h in found.hits if max(h.mechanical, h.land) >= SHOWS_LEAST] or found.hits
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
    as_good = [h for h in titled if h.match > chosen.match - MATCH_ALIKE and foreign(chosen, h)]
    return [name for name, _ in _names(as_good) if naming.plain(name) not in own]


def _names(drawings: list[PageHit]) -> list[tuple[str, int]]:
    """One name of a package for each drawing page that prints one; a family without a number is none beside one of its own."""
    found: list[tuple[str, int]] = []
    for hit in drawings:
        name = naming.first_name(hit.text)
        if name and not any(naming.plain(name) == naming.plain(n) for n, _ in found):
            found.append((name, hit.number))
    own = [(name, page) for name, page in found if not any(_is_family_of(name, n) for n, _ in found)]
    return own[:40]


def _is_family_of(name: str, other: str) -> bool:
    family, member = naming.plain(name), naming.plain(other)
    return family.isalpha() and member != family and member.startswith(family)
