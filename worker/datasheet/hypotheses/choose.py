"""Solves the hypotheses about all figures of the land pages and puts the likeliest first."""

from __future__ import annotations

from dataclasses import replace

from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.families.families import PartFamily
from worker.datasheet.hypotheses import beside, headed, named, repeated
from worker.datasheet.hypotheses.enumerate import classes_of, of_figure
from worker.datasheet.hypotheses.rank import rank
from worker.datasheet.land import holes, pads, row_repeat
from worker.datasheet.land.pads import Solved
from worker.datasheet.land.patterns import MAX_PEGS
from worker.datasheet.segmentation import legend
from worker.datasheet.segmentation.candidates import centred, holds
from worker.datasheet.segmentation.captions import LAND
from worker.datasheet.segmentation.figure import Figure, figures_of, whole
from worker.datasheet.thresholds.figures import (
    BEYOND_WAYS,
    CLEAR_SCORE,
    LATER_PAGE,
    LEAST_FIT,
    MARGIN,
    NUMBERS_OF_FOUR,
    OF_LEGEND,
    OF_RUN,
    OWN_NUMBERS,
)

_ADDED = "{} of the pads were not found as shapes and were added as mirror images of those across"
_CLOSE = "another reading of the figure is about as likely: {} pads instead of {}"


def solved_of(lands: list[Drawing], family: PartFamily | None, pins: int | None, package: str | None) -> list[Solved]:
    """Solved hypotheses of all land pages, best first; those of a family with the number of pads that the part has."""
    found: list[Solved] = []
    for place, page in enumerate(lands):
        figures = figures_of(page)
        measured = [f.box for f in figures if len(f.drawing.readings) >= OWN_NUMBERS]
        titled = [f for f in figures if f.kind == LAND or headed.of_package(f.box, page.lines, package, measured) > 0]
        titled += [twin for f in figures if f not in titled and (twin := beside.twin(f, titled)) is not None]
        less = LATER_PAGE * place
        own = [s for f in titled for s in _of_figure(f, page, family, pins, package, less)]
        if not any(s.score >= CLEAR_SCORE for s in own):  # a caption may stand nearer to another figure than to its own
            own += [s for f in figures if f not in titled for s in _of_figure(f, page, family, pins, package, less)]
        alone = {c.kind for f in figures for c in f.captions} <= {LAND} and not any(_whole(s, figures) for s in own)
        clear = any(s.score >= CLEAR_SCORE or _complete(s) for s in own)
        if not clear or alone or (family and not any(_complete(s) for s in own)):
            own += _of_figure(whole(page), page, family, pins, package, less)
        for one in own:
            one.score += headed.of_package(one.pattern.box, page.lines, package, measured)
            one.score += repeated.headed(one, _alike(one, own), page.lines, package)
        for one, more in zip(own, named.score(own, page, package), strict=True):
            one.score += more
        found += own
    for one, points in zip(found, headed.by_caption([s.pattern.titles for s in found], package), strict=True):
        one.score += points
    return sorted(found, key=lambda s: -s.score)


def _alike(solved: Solved, own: list[Solved]) -> list[Shape]:
    """The pads of patterns of as many pads elsewhere on the page."""
    pads = solved.pattern.pads
    apart = (o.pattern for o in own if len(o.pattern.pads) == len(pads) and not o.pattern.box.meets(solved.pattern.box))
    return [p for pattern in apart for p in pattern.pads]


def _whole(solved: Solved, figures: list[Figure]) -> bool:
    """Whether a titled figure follows from its numbers to the last shape, and no shapes like its pads stand without numbers."""
    pads = solved.pattern.pads
    if solved.score < CLEAR_SCORE or solved.pattern.left or not all(all(solved.settled(i)) for i in range(len(pads))):
        return False
    others = [s for f in figures if len(f.drawing.readings) < OWN_NUMBERS for s in f.shapes]
    return not any(p.same_size(s) for p in pads for s in others)


def _complete(solved: Solved) -> bool:
    """Whether all of a figure's shapes are pads that follow from its numbers, as of a land pattern drawn apart."""
    pads = solved.pattern.pads
    told = len(solved.fit.used) >= NUMBERS_OF_FOUR and not solved.fit.refused
    return told and not solved.pattern.left and len(pads) >= 4 and all(all(solved.settled(i)) for i in range(len(pads)))


def _of_figure(
    figure: Figure, page: Drawing, family: PartFamily | None, pins: int | None, package: str | None, less: float
) -> list[Solved]:
    found: list[Solved] = []
    for pattern in of_figure(figure):
        as_drawn = family is not None and row_repeat.drawn(pattern, family.count)
        again = row_repeat.redrawn(pattern, figure.drawing, family.count) if family and not as_drawn else None
        solved = pads.solve(*(again or (pattern, beside.own_drawing(pattern, figure.drawing))))
        if solved is not None and solved.score >= LEAST_FIT and not _chance(solved):
            solved.score = (
                rank(solved, pins, package) - less + (OF_RUN if again or as_drawn else 0.0) + _painted(solved, page)
            )
            if (again or as_drawn) and family and len(solved.pattern.pads) > family.count + MAX_PEGS:
                solved.score -= BEYOND_WAYS
            found.append(replace(solved, drawing=replace(solved.drawing, lines=page.lines)))
    return found


def _chance(solved: Solved) -> bool:
    """Whether one printed number alone picks some shapes from several others, or sets sizes apart that it says nothing of."""
    if len({id(r.quantity) for r in solved.fit.used}) >= 2:
        return False
    return len(solved.pattern.left) >= 2 or _unsized(solved)


def _unsized(solved: Solved) -> bool:
    """Whether the pads have several sizes and no number gives any; round ones are sized beside leaders."""
    pads = solved.pattern.pads
    if any(holes.is_round(p) for p in pads) or len(classes_of(pads)) < 2:
        return False
    return not any(solved.fit.settled[v] for size in solved.model.size for v in size)


def _painted(solved: Solved, page: Drawing) -> float:
    """What the legend of a page says of the colour of the pads, and of pads that lie in the middle of other shapes."""
    if legend.tells_paste(page) and _amid(solved):
        return -OF_LEGEND
    copper, other = legend.copper_of(page)
    if not copper or not other:
        return 0.0
    own = legend.color_of(solved.pattern.pads[0].box, page)
    return OF_LEGEND if own in copper else -OF_LEGEND if own in other else 0.0


def _amid(solved: Solved) -> bool:
    """Whether most pads lie in the middle of a solid shape each."""
    solid = [s for s in solved.pattern.frames if not s.dashed]
    held = [any(holds(s, p) and centred(s, p) for s in solid) for p in solved.pattern.pads]
    return sum(held) > len(held) / 2


def rival(solved: list[Solved]) -> str | None:
    """Why the best hypothesis is not sure: the second best one, of other pads, is about as likely."""
    if not solved:
        return None
    best = solved[0]
    if best.pattern.added:
        return _ADDED.format(len(best.pattern.added))
    other = next((s for s in solved[1:] if _differs(best, s)), None)
    if other is None or best.score - other.score >= MARGIN:
        return None
    return _CLOSE.format(len(other.pattern.pads), len(best.pattern.pads))


def _differs(a: Solved, b: Solved) -> bool:
    return len(a.pattern.pads) != len(b.pattern.pads) or any(
        x.box != y.box for x, y in zip(a.pattern.pads, b.pattern.pads, strict=True)
    )
