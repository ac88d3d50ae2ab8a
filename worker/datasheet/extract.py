"""Reads a datasheet into the result document: pages, outline, land pattern, pads and body, with what is doubtful about them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from db.documents.kinds.datasheet import DatasheetResult
from db.failures import Failure
from worker.datasheet.drawing import drawing
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.families import families
from worker.datasheet.families.families import PartFamily
from worker.datasheet.hypotheses import choose, plausible
from worker.datasheet.land import grid_rules
from worker.datasheet.page import pages
from worker.datasheet.page.pages import Book
from worker.datasheet.pins import reading
from worker.datasheet.request import OnProgress, ReadingProgress, ReadingRequest
from worker.datasheet.result import build, review
from worker.datasheet.result.build import Findings
from worker.datasheet.search.page_choice import choose_pages, further_outlines, other_lands, other_outlines
from worker.datasheet.search.page_search import Search
from worker.errors import Permanent


def _quiet(_: ReadingProgress) -> None:
    return None


def extract(files: list[bytes | Path], request: ReadingRequest, progress: OnProgress = _quiet) -> DatasheetResult:
    """The vector reader over one PDF, or over the images of the outline and the land pattern in this order.

    Raises Permanent (BAD_DOCUMENT, BAD_PARAMS, TOO_LARGE); whatever `progress` raises passes through, which is how a job stops.
    """
    start = time.monotonic()
    book = pages.open_book(files)
    try:
        found = _read(book, request, progress)
        result = reading.add(build.result_of(found), book, found.search)
    finally:
        book.close()
    count = len(result.land_pattern.pads) if result.land_pattern else 0
    progress(ReadingProgress("done", result.page_count, result.page_count, len(result.views), count))
    return result.model_copy(update={"seconds": round(time.monotonic() - start, 3)})


def _read(book: Book, request: ReadingRequest, progress: OnProgress) -> Findings:
    @cache
    def drawn(number: int) -> Drawing:
        return drawing.interpret(pages.read_sheet(book, number), request.units, request.package)

    search = choose_pages(book, request, progress)
    progress(ReadingProgress("outline", book.pages, book.pages))
    outlines = [drawn(n) for n in search.mechanical[:1]]
    progress(ReadingProgress("land", book.pages, book.pages, len(outlines)))
    if not any(d.shapes or d.readings or d.entries for d in (*outlines, *(drawn(n) for n in search.land))):
        raise Permanent(Failure.BAD_DOCUMENT, "no drawing was found in the document")
    found = _patterns(book.pages, request, search, drawn)
    if found.best is None and found.grid is None and not request.land_page:
        found = _of_other_pages(found, request, drawn)
    return found if request.mechanical_page or build.has_sides(found) else _with_body(found, drawn)


def _patterns(count: int, request: ReadingRequest, search: Search, drawn: Callable[[int], Drawing]) -> Findings:
    """What the chosen pages of a document of `count` pages show, outlines and land patterns read together."""
    outlines, lands = [drawn(n) for n in search.mechanical[:1]], [drawn(n) for n in search.land]
    family = families.find(request.package, [*outlines, *lands])
    unclear = _unclear(family, outlines, lands) or search.review_reason(request.package)
    if family is not None:
        outlines, lands = [family.narrowed(d) for d in outlines], [family.narrowed(d) for d in lands]
    grid = grid_rules.find(outlines, lands, request.package)
    solved = choose.solved_of(lands, family, review.pins_of(request.package), request.package)
    solved = plausible.of_part(solved, request, search)
    if grid is not None and solved and len(solved[0].pattern.pads) == grid.columns * grid.rows:
        grid = None  # the pads are drawn, one by one
    solved = solved if grid is None else []
    rival = choose.rival(solved) or plausible.unnamed(solved, search)
    return Findings(count, request.package, search, outlines, solved, unclear, rival, grid)


def _of_other_pages(found: Findings, request: ReadingRequest, drawn: Callable[[int], Drawing]) -> Findings:
    """What was found, with the land pattern of the first other page that may show one where the chosen pages give none."""
    for number in other_lands(found.search, request.package):
        other = _patterns(found.page_count, request, replace(found.search, land=[number]), drawn)
        if other.best is not None and (plausible.named(other.best) or plausible.alone(other.best)):
            return other
    return found


def _with_body(found: Findings, drawn: Callable[[int], Drawing]) -> Findings:
    """What was found, with the first page that shows a body where the one chosen by its words shows none.

    A page that nothing calls an outline must show all three sides of a body.
    """
    for number in other_outlines(found.search):
        if build.has_sides(other := _outlined_on(number, found, drawn)):
            return other
    for number in further_outlines(found.search):
        if build.has_body(other := replace(_outlined_on(number, found, drawn), untitled=True)):
            return other
    return found


def _outlined_on(number: int, found: Findings, drawn: Callable[[int], Drawing]) -> Findings:
    """What was found, with the outline of another page."""
    search = replace(found.search, mechanical=[number, *(n for n in found.search.mechanical if n != number)])
    return replace(found, outlines=[drawn(number)], search=search)


def _unclear(family: PartFamily | None, outlines: list[Drawing], lands: list[Drawing]) -> str | None:
    """Why the figures that were read may be those of another part."""
    if family is None and any(families.shown(d) for d in outlines):
        return "the drawing stands for a family of parts and the package name chooses none"
    if family is not None and any(len(family.regions(d)) > 1 for d in lands):
        return "no heading says which figure is that of the part"
    rivals = [e.quantity.printed for d in (*outlines, *lands) for e in d.rivals]
    if rivals:
        return f"other rows of the table fit the package name as well: {'; '.join(rivals[:6])}"
    return None
