"""Finds the pages of a document that hold the package outline and the land pattern, and tells package variants apart."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from worker.datasheet import letters, pages
from worker.datasheet.pages import Book

LAND = (
    (re.compile(r"land\s*pattern|solder(?:ing)?\s*foot\s*print|example\s*board\s*layout|(?:suggested|recommended|typical)\s*(?:pad|pcb|p\.c\.b\.|land|solder|footprint|mounting|board|layout|foot\s*print)", re.IGNORECASE), 5.0),  # noqa: E501 - one alternative after the other reads best on one line
    (re.compile(r"foot\s*print|pad\s*layout|board\s*layout|solder(?:ing)?\s*(?:lands|pads)|mounting\s*(?:pad|pattern|hole)|p\.?c\.?(?:b\.?|\s*board)\s*(?:layout|pattern|mounting)|suggested\s*layout|land\s*dimension", re.IGNORECASE), 3.0),  # noqa: E501 - one alternative after the other reads best on one line
)  # fmt: skip
MECHANICAL = (
    (re.compile(r"package\s*(?:outline|dimension|mechanical|size)|dimensions?\s*and\s*patterns?|mechanical\s*(?:data|case|drawing|dimension|outline)|outline\s*(?:drawing|dimension)|physical\s*dimension|case\s*outline|mechanical\s*package", re.IGNORECASE), 5.0),  # noqa: E501 - one alternative after the other reads best on one line
    (re.compile(r"dimensions?\b|millimet(?:er|re)s|\bBSC\b|seating\s*plane|\bJEDEC\b|\bSIDE VIEW\b|\bTOP VIEW\b|unit\s*:\s*mm", re.IGNORECASE), 1.0),  # noqa: E501 - one alternative after the other reads best on one line
    (re.compile(r"\bMIN\b[\s\S]{0,40}\bMAX\b", re.IGNORECASE), 1.5),
)  # fmt: skip
AWAY = re.compile(
    r"thermal\s*pad\s*(?:mechanical|dimension|characteristic|information)|package\s*marking|marking\s*information|carrier\s*tape|reel\s*(?:width|diameter|dimensions)|tape\s*and\s*reel|table\s*of\s*contents|revision\s*history|\.{8,}|device\s*per\s*reel|tube\b.{0,20}\bdimensions",
    re.IGNORECASE,
)
STENCIL = re.compile(r"stencil", re.IGNORECASE)
FAMILY = re.compile(
    r"\b([A-Z]{0,4}(?:SOIC|SSOP|SOP|SOT|SOD|QFN|DFN|QFP|LGA|BGA|DIP|CSP|PLCC|SON|PAK)N?(?:[\s\-–−]?\d{1,4}[A-Z]{0,3})?(?:[\-–−]\d{1,3})?|(?:SC|TO|DO|SMA|SMB|SMC)[\-–−]\d{2,3}[A-Z]{0,2})\b"
)
STOP = frozenset(
    [
        "CASE",
        "ISSUE",
        "BODY",
        "NO",
        "LEAD",
        "LEADS",
        "PACKAGE",
        "PLASTIC",
        "SMALL",
        "OUTLINE",
        "DUAL",
        "FLAT",
        "QUAD",
        "THIN",
        "MM",
        "SMD",
        "SMT",
        "THT",
        "TYPE",
        "WITH",
        "REV",
    ]
)
SPARSE_CHARS, MANY_PATHS = 330, 180
OCR_PAGES = 10
FORGET_PAGES = 32
LAND_AFTER = 3  # a land pattern follows its outline within this many pages


@dataclass
class PageHit:
    """How much a page looks like an outline and like a land pattern, and which package names it prints."""

    number: int
    mechanical: float = 0.0
    land: float = 0.0
    match: float = 0.0
    text: str = ""
    drawn: int = 0
    images: int = 0


@dataclass
class Search:
    hits: list[PageHit] = field(default_factory=list)
    mechanical: list[int] = field(default_factory=list)
    land: list[int] = field(default_factory=list)
    matched: bool = True  # whether the asked package is named on a drawing page
    names: list[tuple[str, int]] = field(default_factory=list)


def names_land(text: str) -> bool:
    """Whether a page says that it shows a land pattern."""
    return any(p.search(text) for p, _ in LAND)


def plain(text: str) -> str:
    return re.sub(r"[\s\-–−_]+", "", text).upper()


def tokens(package: str) -> list[str]:
    """The parts of a package name that can identify it on a page."""
    parts = re.findall(r"[A-Za-z0-9][A-Za-z0-9\-–−.]*", package)
    found = {plain(p) for p in parts} | {plain(package)}
    return sorted(t for t in found if len(t) > 1 and not t.isdigit() and t not in STOP)


def _words_of(text: str) -> set[str]:
    """Normalised words of a page, and pairs of neighbours, so that "SOIC - 14" equals "SOIC-14"."""
    parts = [plain(p) for p in re.findall(r"[A-Za-z0-9][A-Za-z0-9\-–−.]*", text)]
    return set(parts) | {a + b for a, b in pairwise(parts)}


def scan(book: Book, package: str | None, on_page: Callable[[int, int], None]) -> list[PageHit]:
    """A hit for every page, from its text layer and, for pages drawn without text, from their strokes."""
    hits = []
    for number in range(1, book.pages + 1):
        on_page(number, book.pages)
        if number % FORGET_PAGES == 0:
            book.forget()
        text = pages.plain_text(book, number)
        if letters.garbled(text):
            text = ""
        drawn, images = pages.count_paths(book, number) if _promising(text) else (0, 0)
        hits.append(PageHit(number, text=text, drawn=drawn, images=images))
    sparse = [h for h in hits if len(h.text) < SPARSE_CHARS and h.drawn > MANY_PATHS]
    for hit in sparse[-OCR_PAGES:]:
        hit.text += " " + pages.read_titles(book, hit.number)
    _rate(hits, package)
    return hits


def _promising(text: str) -> bool:
    return len(text) < 6000 or any(p.search(text) for p, _ in LAND + MECHANICAL[:1])


def _rate(hits: list[PageHit], package: str | None) -> None:
    wanted = tokens(package) if package else []
    words = [_words_of(h.text) for h in hits]
    rarity = {t: math.log((len(hits) + 1) / (1 + sum(t in w for w in words))) + 0.3 for t in wanted}
    for hit, own in zip(hits, words, strict=True):
        away = 8.0 * len(AWAY.findall(hit.text)[:2])
        figure = 1.0 if hit.drawn > 12 or hit.images else -4.0
        long = max(0.0, (len(hit.text) - 3500) / 800)
        hit.mechanical = sum(w * min(2, len(p.findall(hit.text))) for p, w in MECHANICAL) + figure - away - long
        hit.mechanical += min(3.0, 0.1 * len(re.findall(r"\d[.,]\d", hit.text))) - 4.0 * bool(STENCIL.search(hit.text))
        hit.land = sum(w * min(1, len(p.findall(hit.text))) for p, w in LAND) + figure - away - long
        if LAND[0][0].search(hit.text) and not MECHANICAL[0][0].search(hit.text):
            hit.mechanical -= 7.0  # a page of its own for the land pattern
        hit.match = sum(rarity[t] for t in wanted if t in own)


def search(book: Book, package: str | None, on_page: Callable[[int, int], None]) -> Search:
    """The best outline and land pages, for the asked package when one is asked."""
    hits = scan(book, package, on_page)
    found = Search(hits)
    if len(hits) == 1:
        found.mechanical, found.land = [1], [1]
        found.matched = not package or hits[0].match > 0
        return found
    drawings = [h for h in hits if h.mechanical >= 3.0]
    found.names = _names(drawings)
    if not drawings:
        drawings = [h for h in hits if h.mechanical > 0 and (h.drawn > 100 or h.images)]
    best_match = max((h.match for h in hits if h.mechanical >= 3.0 or h.land >= 3.0), default=0.0)
    found.matched = not package or best_match > 0.35
    ranked = sorted(drawings, key=lambda h: -(h.mechanical + (3.5 * h.match if package else 0.0)))
    found.mechanical = [h.number for h in ranked[:3]]
    if ranked:
        found.land = land_pages(hits, ranked[0], package)
        before = _page_before(hits, found.land[0], ranked[0])
        found.mechanical = [before, *found.mechanical] if before else found.mechanical
    else:
        found.land = [h.number for h in sorted(hits, key=lambda h: -h.land)[:2] if h.land >= 3.0]
    return found


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
    if land < 2 or own.match < 1.3 * outline.match + 0.5:
        return None
    before = hits[land - 2]
    named = before.match >= 0.8 * own.match or (before.mechanical >= 3.0 and not _foreign(own, before))
    return before.number if named and before.drawn > MANY_PATHS else None


def _families(text: str) -> set[str]:
    return {plain(m) for m in FAMILY.findall(text)}


def _foreign(outline: PageHit, hit: PageHit) -> bool:
    """Whether a page names package families and none of the outline's."""
    own, other = _families(outline.text), _families(hit.text)
    if not own or not other or own & other:
        return False
    return not any(a.startswith(b) or b.startswith(a) for a in own for b in other)


def _names(drawings: list[PageHit]) -> list[tuple[str, int]]:
    """One name of a package for each drawing page that prints one."""
    found: list[tuple[str, int]] = []
    for hit in drawings:
        m = FAMILY.search(hit.text)
        if m and not any(plain(m[1]) == plain(n) for n, _ in found):
            found.append((m[1].strip(), hit.number))
    return found[:40]
