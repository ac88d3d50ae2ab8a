"""Reads a datasheet into the result document: pages, outline, land pattern, pads and body, with what is doubtful about them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from db.documents.footprint import verdict
from db.documents.footprint.ipc7351 import NO_LEAD
from db.documents.kinds.datasheet import (
    Body,
    DatasheetParams,
    DatasheetResult,
    LandPattern,
    Review,
    Value,
    Variant,
    View,
)
from db.documents.kinds.datasheet_words import MOST_PACKAGES, wrong_package
from db.failures import Failure
from worker.datasheet.body import body
from worker.datasheet.body.outline import Found
from worker.datasheet.drawing import drawing, variations
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.families import families
from worker.datasheet.families.families import PartFamily
from worker.datasheet.hypotheses import choose
from worker.datasheet.land import balls, holes, numbering, outline_labels, viewing_side
from worker.datasheet.land.pads import Solved
from worker.datasheet.page import pages
from worker.datasheet.page.pages import Book
from worker.datasheet.result import assemble, terminals
from worker.datasheet.result import review as doubts
from worker.datasheet.search import page_search as figures
from worker.datasheet.search import titles
from worker.datasheet.search.page_search import Search
from worker.datasheet.segmentation.captions import LAND
from worker.datasheet.thresholds.figures import MIN_SCORE
from worker.datasheet.thresholds.result import CONTRADICTED
from worker.errors import Permanent

BOARD = re.compile(
    r"p\.?\s?c\.?\s?b\b|p\.?\s?c\.?\s*board|\blayout\b|\bpads?\b|\bholes?\b", re.IGNORECASE
)  # of a land pattern on the outline's page
SURFACE = re.compile(r"\bSM[TD]\b|surface\s*mount", re.IGNORECASE)  # a package that has no holes for leads


@dataclass(frozen=True, slots=True)
class ReadingProgress:
    """What has been done so far; `stage` is search, outline, land or done."""

    stage: str
    pages_searched: int = 0
    pages: int = 0
    figures: int = 0
    pads: int = 0


@dataclass(frozen=True, slots=True)
class ReadingRequest:
    """What is asked, without where the bytes come from. Pages are counted from 1."""

    package: str | None = None
    mechanical_page: int | None = None
    land_page: int | None = None
    units: str = "auto"
    reader: str = "vector"

    @classmethod
    def of(cls, params: DatasheetParams) -> ReadingRequest:
        return cls(params.package, params.mechanical_page, params.land_page, params.units, params.reader)


OnProgress = Callable[[ReadingProgress], None]


def _quiet(_: ReadingProgress) -> None:
    return None


def extract(files: list[bytes | Path], request: ReadingRequest, progress: OnProgress = _quiet) -> DatasheetResult:
    """The vector reader over one PDF, or over the images of the outline and the land pattern in this order.

    Raises Permanent (BAD_DOCUMENT, BAD_PARAMS, TOO_LARGE); whatever `progress` raises passes through, which is how a job stops.
    """
    start = time.monotonic()
    book = pages.open_book(files)
    try:
        result = _read(book, request, progress)
    finally:
        book.close()
    return result.model_copy(update={"seconds": round(time.monotonic() - start, 3)})


def _read(book: Book, request: ReadingRequest, progress: OnProgress) -> DatasheetResult:
    search = _choose_pages(book, request, progress)
    known: dict[int, Drawing] = {}

    def drawn(number: int) -> Drawing:
        if number not in known:
            known[number] = drawing.interpret(pages.read_sheet(book, number), request.units, request.package)
        return known[number]

    progress(ReadingProgress("outline", book.pages, book.pages))
    outlines = [drawn(n) for n in search.mechanical[:1]]
    progress(ReadingProgress("land", book.pages, book.pages, len(known)))
    lands = [drawn(n) for n in search.land]
    family = families.find(request.package, [*outlines, *lands])
    unclear = _unclear(family, outlines, lands) or search.doubt(request.package)
    if family is not None:
        outlines, lands = [family.narrowed(d) for d in outlines], [family.narrowed(d) for d in lands]
    solved = choose.solved_of(lands, family, doubts.pins_of(request.package), request.package)
    if SURFACE.search(request.package or ""):
        solved = [s for s in solved if not all(holes.is_round(p) for p in s.pattern.pads) or holes.are_balls(s)]
    if search.land == search.mechanical[:1] and not request.land_page:
        solved = [s for s in solved if _named(s)]  # else the outline itself could be taken for it
    if not any(d.shapes or d.readings or d.entries for d in known.values()):
        raise Permanent(Failure.BAD_DOCUMENT, "no drawing was found in the document")
    result = _result(book, request, search, outlines, solved, unclear)
    count = len(result.land_pattern.pads) if result.land_pattern else 0
    progress(ReadingProgress("done", book.pages, book.pages, len(result.views), count))
    return result


def _unclear(family: PartFamily | None, outlines: list[Drawing], lands: list[Drawing]) -> str | None:
    """Why the figures that were read may be those of another part."""
    if family is None and any(families.shown(d) for d in outlines):
        return "the drawing stands for a family of parts and the package name chooses none"
    if family is not None and any(len(family.regions(d)) > 1 for d in lands):
        return "no heading tells which figure is that of the part"
    return None


def _named(solved: Solved) -> bool:
    page = " ".join(w.text for w in solved.drawing.lines)
    return solved.pattern.kind == LAND or titles.names_land(page) or bool(BOARD.search(page))


def _choose_pages(book: Book, request: ReadingRequest, progress: OnProgress) -> Search:
    for name, page in (("mechanical_page", request.mechanical_page), ("land_page", request.land_page)):
        if page is not None and page > book.pages:
            raise Permanent(Failure.BAD_PARAMS, f"{name} is {page}, the document has {book.pages} pages")
    if request.mechanical_page and request.land_page:
        return Search([], [request.mechanical_page], [request.land_page])
    if book.pdf is None:
        last = book.pages
        return Search([], [request.mechanical_page or 1], [request.land_page or last])
    if request.mechanical_page and not request.land_page:
        found = figures.search(book, request.package, lambda n, of: progress(ReadingProgress("search", n, of)))
        outline = next(h for h in found.hits if h.number == request.mechanical_page)
        return Search(
            found.hits, [outline.number], figures.land_pages(found.hits, outline, request.package), True, found.names
        )
    found = figures.search(book, request.package, lambda n, of: progress(ReadingProgress("search", n, of)))
    if request.land_page:
        found.land = [request.land_page]
    if not found.mechanical and not found.land:
        raise Permanent(Failure.BAD_DOCUMENT, "no page of the document looks like a package outline or a land pattern")
    if not found.matched and len(found.names) > 1:
        seen = [name for name, _ in found.names][:MOST_PACKAGES]
        raise Permanent(Failure.BAD_PARAMS, wrong_package(request.package, seen), {"packages": seen})
    return found


def _result(
    book: Book,
    request: ReadingRequest,
    search: Search,
    outlines: list[Drawing],
    solved: list[Solved],
    unclear: str | None,
) -> DatasheetResult:
    review: list[Review] = []
    words = " ".join(w.text for d in outlines for w in d.lines) + " " + (request.package or "")
    no_lead = bool(NO_LEAD.search(words))
    best = solved[0] if solved and solved[0].score >= MIN_SCORE else None
    taken = {id(r.quantity) for r in best.fit.used} if best is not None else set()
    found = body.read(outlines, no_lead, taken) if outlines else Found()
    if len(found.sides) < 2:
        review.append(Review(field="body", reason="length and width were not both found on the outline page"))
    if found.height is None:
        review.append(Review(field="body.height", reason="no height was found on the outline page"))
    review.extend(Review(field="body", reason=d) for d in [*found.doubts, *variations.told(outlines)])
    if not search.matched:
        review.append(Review(field="package", reason="the asked package is not named on the drawing page"))
    land = _land(best, outlines, request.package, review) if best is not None else None
    reasons = [unclear]
    if land is not None and best is not None:
        land, seen = viewing_side.from_above(land, solved)
        reasons += [seen, choose.rival(solved)]
    sizes = assemble.body_of(found, outlines)
    frame = terminals.body_in_land_frame(outlines, sizes, land)
    if any(reasons):
        land, sizes = _doubted(land) if land is not None else None, _doubted_body(sizes)
        review.extend(Review(field="land_pattern", reason=reason) for reason in reasons if reason)
    status = (
        "found" if land is not None else "not_read" if search.land and _has_land_title(search) else "not_in_document"
    )
    if status == "not_read":
        review.append(Review(field="land_pattern", reason=_unread(search)))
    if status == "not_in_document":
        review.append(Review(field="land_pattern", reason="no page that names or draws a land pattern was found"))
    least = min([land.confidence if land else 0.9] + [v.confidence for v in _stated(found, outlines)])
    return DatasheetResult(
        package=request.package, page_count=book.pages, mechanical_pages=search.mechanical[:1],
        land_pages=[best.drawing.number] if best else [], readers_used=["vector"],
        body=sizes, land_pattern=land, land_pattern_status=status,
        dimensions=assemble.table_of(outlines), terminals=terminals.read(outlines, land),
        overall=terminals.overall(outlines, sizes, land),
        body_in_land_frame=frame, exposed_pad=terminals.exposed_pad(outlines, sizes, frame),
        views=[*(View(page=d.number, kind="outline") for d in outlines), *_views(solved, best)], variants=_variants(search),
        ambiguities=[*found.doubts, *search.notes(request.package)], needs_review=review,
        confidence=round(least, 3),
    )  # fmt: skip


def _unread(search: Search) -> str:
    title = search.land_title()
    under = f' under "{title[0]}" on page {title[1]}' if title else f" on page {search.land[0]}" if search.land else ""
    return f"a land pattern is drawn{under}, but its dimensions could not be read"


def _doubted(land: LandPattern) -> LandPattern:
    doubted = [p.model_copy(update={"confidence": min(p.confidence, CONTRADICTED)}) for p in land.pads]
    return land.model_copy(update={"pads": doubted, "confidence": min(land.confidence, CONTRADICTED)})


def _doubted_body(sizes: Body) -> Body:
    doubted = {
        side: value.model_copy(update={"confidence": min(value.confidence, CONTRADICTED)}) for side, value in sizes
    }
    return sizes.model_copy(update=doubted)


def _stated(found: Found, outlines: list[Drawing]) -> list[Value]:
    values = assemble.body_of(found, outlines) if outlines else None
    return [v for v in (values.length, values.width, values.height) if v.status == "stated"] if values else []


def _has_land_title(search: Search) -> bool:
    return (
        search.names_land()
        or any(h.land >= 4.0 for h in search.hits if h.number in search.land)
        or bool(not search.hits and search.land)
    )


def _land(best: Solved, outlines: list[Drawing], package: str | None, review: list[Review]) -> LandPattern:
    rounds = assemble.rounds_of(best)
    labels = next((found for d in outlines if (found := outline_labels.outline_labels(d)) is not None), None)
    apart = assemble.mechanical(best, {label.number for label in labels[0]} if labels else set())
    pegs = {i for i, r in rounds.items() if r.type == "np_thru_hole"}
    apart |= {i for i, r in rounds.items() if r.holds}
    apart |= pegs if len(apart | pegs) < len(best.pattern.pads) else set()
    shapes = best.pattern.pads
    shown = [i for i in range(len(shapes)) if i not in apart]
    numbers = numbering.number([shapes[i] for i in shown], best.drawing, labels, best.pattern.first)
    flat = all(rounds.get(i) and rounds[i].type == "smd" for i in shown)
    grid = balls.named([shapes[i] for i in shown], numbers) if flat else None
    numbers = grid or numbers
    names = numbering.Numbers(
        [*numbers.names, *["MP"] * len(apart)], numbers.source, numbers.pin1, numbers.note, numbers.certain
    )
    land = assemble.land_of(best, names, rounds, apart, [*shown, *sorted(apart)])
    land = land.model_copy(update={"confidence": min((p.confidence for p in land.pads), default=0.0)})
    review.extend(doubts.of_land(land, best, numbers.certain))
    land = land.model_copy(update={"pins": doubts.pins(labels[0] if labels else (), package)})
    return _doubted(land) if verdict.too_few(land) else land


def _views(solved: list[Solved], best: Solved | None) -> list[View]:
    """The figures of the land pages, each once with its best hypothesis, the land pattern first."""
    kept: list[Solved] = []
    for one in solved:
        if not any(k.drawing.number == one.drawing.number and k.pattern.box.meets(one.pattern.box) for k in kept):
            kept.append(one)
    return [
        View(page=s.drawing.number, kind="land_pattern" if s is best else _kind(s),
             box=assemble.box_of(s.pattern.box, s.drawing.sheet),
             title=s.pattern.titles[0].text[:500] if s.pattern.titles else None, score=round(s.score, 3))
        for s in kept[:20]
    ]  # fmt: skip


def _kind(solved: Solved) -> str:
    return "stencil" if any(re.search("stencil", t.text, re.IGNORECASE) for t in solved.pattern.titles) else "other"


def _variants(search: Search) -> list[Variant]:
    return [Variant(name=n[:200], mechanical_page=p, chosen=p in search.mechanical[:1]) for n, p in search.names]
