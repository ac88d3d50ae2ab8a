"""Builds the result document from what the rooms found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from db.documents.footprint.ipc7351 import NO_LEAD
from db.documents.kinds.datasheet import Body, DatasheetResult, LandPattern, Review, Variant, View
from worker.datasheet.body import body
from worker.datasheet.body.found import Found
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.land import viewing_side
from worker.datasheet.land.grid_rules import BallGrid
from worker.datasheet.land.pads import Solved
from worker.datasheet.result import assemble, ball_grid, land_pattern, review, terminals
from worker.datasheet.search.page_search import Search
from worker.datasheet.segmentation import own_outline
from worker.datasheet.segmentation.captions import LAND
from worker.datasheet.thresholds.figures import LAND_TITLED, MIN_SCORE
from worker.datasheet.thresholds.result import CLEAR, CONTRADICTED


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found on the pages of a document, before it is said how sure it is."""

    page_count: int
    package: str | None  # as it was asked for
    search: Search
    outlines: list[Drawing]
    solved: list[Solved]  # land patterns, the best first
    unclear: str | None  # why the figures may be those of another part
    rival: str | None  # why another pattern is about as likely as the best one
    grid: BallGrid | None = None  # of a part whose pads no figure shows
    untitled: bool = False  # whether nothing calls the page of the outline one

    @property
    def best(self) -> Solved | None:
        """The land pattern, None where no hypothesis is good enough."""
        return self.solved[0] if self.solved and self.solved[0].score >= MIN_SCORE else None


def result_of(found: Findings) -> DatasheetResult:
    """The document without what follows from its values (checks, equations, IPC-7351, files)."""
    outlines, package = found.outlines, found.package
    read = _body(found)
    sizes = assemble.body_of(read, outlines)
    land, of_land, reasons = _land(found)
    frame = terminals.body_in_land_frame(outlines, sizes, land)
    stated = _confidences(sizes)
    if reasons:
        land, sizes = land_pattern.contradicted(land) if land is not None else None, _contradicted(sizes)
    least = min([land.confidence if land else CLEAR, *stated])
    status = _status(land, found.search)
    return DatasheetResult(
        package=package, page_count=found.page_count, mechanical_pages=found.search.mechanical[:1],
        land_pages=[land.page] if land is not None and land.page else [], readers_used=["vector"],
        body=sizes, land_pattern=land, land_pattern_status=status,
        dimensions=assemble.table_of(outlines), terminals=terminals.read(outlines, land),
        overall=terminals.overall(outlines, sizes, land),
        body_in_land_frame=frame, exposed_pad=terminals.exposed_pad(outlines, sizes, frame),
        views=_views(found), variants=_variants(found.search),
        ambiguities=[*read.review_reasons, *found.search.notes(package)],
        needs_review=review.of_reading(read, outlines, found.search, of_land, reasons, status),
        confidence=round(least, 3),
    )  # fmt: skip


def has_sides(found: Findings) -> bool:
    """Whether the outlines give both sides of the body."""
    return len(_body(found).sides) > 1


def has_body(found: Findings) -> bool:
    """Whether the outlines give both sides of the body and its height."""
    read = _body(found)
    return len(read.sides) > 1 and read.height is not None


def _body(found: Findings) -> Found:
    """Sides and height from the outlines; a number that the land pattern uses is the body's where no other is."""
    if not found.outlines:
        return Found()
    words = " ".join(w.text for d in found.outlines for w in d.lines) + " " + (found.package or "")

    def parts(page: Drawing) -> tuple[Drawing, Drawing]:
        return own_outline.parts(page, found.package)

    read = body.read(found.outlines, bool(NO_LEAD.search(words)), _taken(found.best), parts, found.package)
    if found.untitled:
        read.review_reasons.append("nothing says that the page of the body shows an outline")
    return read


def _taken(best: Solved | None) -> set[int]:
    """Ids of the numbers that are those of the land pattern; letters only where its caption or its numbers say that it is one."""
    if best is None:
        return set()
    kind, whole = best.pattern.kind, all(all(best.settled(i)) for i in range(len(best.pattern.pads)))
    own = kind == LAND or (not kind and whole)
    return {id(r.quantity) for r in best.fit.used if own or not r.quantity.symbol}


def _land(found: Findings) -> tuple[LandPattern | None, list[Review], list[str]]:
    """The land pattern seen from above, what is doubtful in it, and why it may be another one altogether."""
    if found.grid is not None:
        return *ball_grid.build(found.grid), [found.unclear] if found.unclear else []
    if found.best is None:
        return None, [], [found.unclear] if found.unclear else []
    land, reviews = land_pattern.build(found.best, found.outlines, found.package)
    land, seen = viewing_side.from_above(land, found.solved)
    return land, reviews, [reason for reason in (found.unclear, seen, found.rival) if reason]


def _contradicted(sizes: Body) -> Body:
    contradicted = {
        side: value.model_copy(update={"confidence": min(value.confidence, CONTRADICTED)}) for side, value in sizes
    }
    return sizes.model_copy(update=contradicted)


def _confidences(sizes: Body) -> list[float]:
    return [v.confidence for v in (sizes.length, sizes.width, sizes.height) if v.status == "stated"]


def _status(land: LandPattern | None, search: Search) -> Literal["found", "not_read", "not_in_document"]:
    if land is not None:
        return "found"
    return "not_read" if search.land and _has_land_title(search) else "not_in_document"


def _has_land_title(search: Search) -> bool:
    return (
        search.names_land()
        or any(h.land >= LAND_TITLED for h in search.hits if h.number in search.land)
        or bool(not search.hits and search.land)
    )


def _views(found: Findings) -> list[View]:
    """The outlines, then the figures of the land pages, each once with its best hypothesis, the land pattern first."""
    kept: list[Solved] = []
    for one in found.solved:
        if not any(k.drawing.number == one.drawing.number and k.pattern.box.meets(one.pattern.box) for k in kept):
            kept.append(one)
    outlines = [View(page=d.number, kind="outline") for d in found.outlines]
    return outlines + [
        View(page=s.drawing.number, kind="land_pattern" if s is found.best else _kind(s),
             box=assemble.box_of(s.pattern.box, s.drawing.sheet),
             title=s.pattern.titles[0].text[:500] if s.pattern.titles else None, score=round(s.score, 3))
        for s in kept[:20]
    ]  # fmt: skip


def _kind(solved: Solved) -> Literal["stencil", "other"]:
    return "stencil" if any(re.search("stencil", t.text, re.IGNORECASE) for t in solved.pattern.titles) else "other"


def _variants(search: Search) -> list[Variant]:
    return [Variant(name=n[:200], mechanical_page=p, chosen=p in search.mechanical[:1]) for n, p in search.names]
