"""Decides which pages are read: those that were asked for, else those that the search found."""

from __future__ import annotations

from db.documents.kinds.datasheet_words import MOST_PACKAGES, wrong_package
from db.failures import Failure
from worker.datasheet.page.pages import Book
from worker.datasheet.request import OnProgress, ReadingProgress, ReadingRequest
from worker.datasheet.search import naming, page_search, titles
from worker.datasheet.search.land_page import foreign, land_pages, of_another
from worker.datasheet.search.page_hit import PageHit
from worker.datasheet.search.page_search import Search
from worker.datasheet.thresholds.page import (
    DRAWN_LEAST,
    MANY_PATHS,
    OTHER_LANDS_MOST,
    OTHER_OUTLINES_MOST,
    SAME_MATCH,
    SHOWS_LEAST,
    SPARSE_CHARS,
)
from worker.errors import Permanent


def choose_pages(book: Book, request: ReadingRequest, progress: OnProgress) -> Search:
    """The pages of the outline and of the land pattern, from 1, the best first.

    Raises Permanent: BAD_PARAMS for a page the document does not have and for a package it does not name, BAD_DOCUMENT where
    no page looks like a drawing.
    """
    _refuse_missing(book, request)
    outline, land = request.mechanical_page, request.land_page
    if outline and land:
        return Search([], [outline], [land])
    if book.pdf is None:
        return Search([], [outline or 1], [land or book.pages])
    found = page_search.search(book, request.package, lambda n, of: progress(ReadingProgress("search", n, of)))
    if outline:
        return _around(found, outline, request.package)
    if land:
        found.land = [land]
    _refuse_unfound(found, request)
    return found


def _refuse_missing(book: Book, request: ReadingRequest) -> None:
    for name, page in (("mechanical_page", request.mechanical_page), ("land_page", request.land_page)):
        if page is not None and page > book.pages:
            raise Permanent(Failure.BAD_PARAMS, f"{name} is {page}, the document has {book.pages} pages")


def _around(found: Search, outline: int, package: str | None) -> Search:
    """The land patterns that go with the asked outline page."""
    hit = next(h for h in found.hits if h.number == outline)
    return Search(found.hits, [outline], land_pages(found.hits, hit, package), True, found.names)


def _refuse_unfound(found: Search, request: ReadingRequest) -> None:
    if not found.mechanical and not found.land:
        raise Permanent(Failure.BAD_DOCUMENT, "no page of the document looks like a package outline or a land pattern")
    if not found.matched and len(found.names) > 1:
        seen = [name for name, _ in found.names][:MOST_PACKAGES]
        raise Permanent(Failure.BAD_PARAMS, wrong_package(request.package, seen), {"packages": seen})


def other_lands(found: Search, package: str | None) -> list[int]:
    """Pages that may show the land pattern where the chosen ones give none, the likeliest first.

    Those that name one under which something is drawn, of no other package than the outline's; where none does, those that
    are drawn and say next to nothing.
    """
    outline = next((h for h in found.hits if h.number in found.mechanical[:1]), None)
    named = [
        h for h in found.hits
        if h.number not in found.land and h.land >= SHOWS_LEAST
        and (outline is None or not (foreign(outline, h) or of_another(h, outline, package)))
    ]  # fmt: skip
    named.sort(key=lambda h: (-h.titled, -titles.land_score(h.text), -h.match, h.number))
    mute = [] if found.names_land() else [h for h in found.hits if h not in named and _is_mute(h, found)]
    return [h.number for h in [*named, *mute][:OTHER_LANDS_MOST]]


def _is_mute(hit: PageHit, found: Search) -> bool:
    """Whether a page is a drawing whose words, if it has any, are strokes or pixels."""
    return hit.number not in found.land and len(hit.text) < SPARSE_CHARS and (hit.drawn > MANY_PATHS or hit.images > 0)


def other_outlines(found: Search) -> list[int]:
    """Pages that may show the outline where the first one does not: the next best, and that of the land pattern.

    The latter only where its words speak of an outline too; its own numbers are those of a board. Never a page that names
    a package and less of what was asked than the first one: no body is better than that of another part.
    """
    hits = {h.number: h for h in found.hits}
    lands = [n for n in found.land[:1] if n in hits and titles.mechanical_score(hits[n].text) > 0]
    asked = max((hits[n].match for n in found.mechanical[:1] if n in hits), default=0.0)
    pages = dict.fromkeys(n for n in (*found.mechanical[1:], *lands) if n not in found.mechanical[:1])
    return [n for n in pages if not _of_another(hits[n], asked)]


def further_outlines(found: Search) -> list[int]:
    """Pages with figures that nothing calls an outline, for a document whose likelier pages show none, the likeliest first.

    Of pages that are alike the first, but of those without words the last: packages stand at the end of a datasheet.
    """
    tried = {*found.mechanical[:1], *other_outlines(found)}
    asked = max((h.match for h in found.hits), default=0.0)
    figures = [
        h for h in found.hits
        if h.number not in tried and (h.drawn > DRAWN_LEAST or h.images)
        and not _of_another(h, asked) and not titles.of_tapes(h.text)
    ]  # fmt: skip
    figures.sort(key=lambda h: (-h.match, h.number not in found.land, -h.outline, h.number if h.text else -h.number))
    return [h.number for h in figures[:OTHER_OUTLINES_MOST]]


def _of_another(hit: PageHit, asked: float) -> bool:
    """Whether a page names a package, and matches the asked words clearly less well than `asked`."""
    return bool(naming.families(hit.text)) and hit.match < SAME_MATCH * asked
