"""How likely a solved hypothesis is the land pattern: what its caption says, what it explains, and what is known of the part."""

from __future__ import annotations

import re

from worker.datasheet.geometry.primitives import Box
from worker.datasheet.hypotheses import repeated
from worker.datasheet.hypotheses.enumerate import classes_of
from worker.datasheet.hypotheses.symmetry import mirrored_part
from worker.datasheet.land import holes, numbering
from worker.datasheet.land.pads import Solved, miscounted
from worker.datasheet.land.patterns import Pattern
from worker.datasheet.segmentation.captions import CIRCUIT, CUTOUT, LAND, MASK, OUTLINE, STENCIL, TAPE, kind_of
from worker.datasheet.segmentation.figure import distance
from worker.datasheet.thresholds.figures import (
    ADDED,
    CAPTION_FADE_PT,
    COUNTED,
    DOUBLED,
    LEFT,
    LEFT_SINGLE,
    MARKED,
    MARKED_LEAST,
    MISCOUNTED,
    MOST_LEFT,
    OF_NO_CAPTION,
    OF_WAVE,
    PAIR_ALIKE,
    REACHED,
    SCATTERED,
    SPAN_END_PT,
    UNEVEN_PAIR,
    UNSIZED_ONE,
    UNTIED,
)
from worker.datasheet.thresholds.land import OF_SETTLED

KIND = {LAND: 4.0, "": 0.0, OUTLINE: -1.5, MASK: -4.0, STENCIL: -6.0, TAPE: -6.0, CUTOUT: -6.0, CIRCUIT: -6.0}
PAIR = 2  # pads
_WAVE = re.compile(r"\bwave\b", re.IGNORECASE)


def rank(solved: Solved, pins: int | None, package: str | None) -> float:
    """The score of a hypothesis; `pins` is the number of terminals of the part where it is known."""
    pattern = solved.pattern
    return (
        solved.score
        + captioned(solved)
        - _unexplained(solved)
        - ADDED * len(pattern.added)
        - _marked(solved)
        - _uneven_pair(pattern)
        - _unsized(solved)
        - _untied(solved)
        + _drilled(solved)
        + 1.0 * mirrored_part(pattern.pads)
        + _counted(solved, pins)
        - (1.0 if miscounted(solved) else 0.0)
        - (DOUBLED if repeated.doubled(solved) else 0.0)
        - (
            OF_WAVE
            if any(_WAVE.search(t.text) for t in pattern.titles[:2]) and not _WAVE.search(package or "")
            else 0.0
        )
    )


def _marked(solved: Solved) -> float:
    """Less for a lone disc among pads of another shape to which no dimension runs: it marks the first pin."""
    pads = solved.pattern.pads
    discs = [i for i, p in enumerate(pads) if holes.is_round(p)]
    if len(discs) != 1 or len(pads) < MARKED_LEAST or solved.settled(discs[0])[0]:
        return 0.0
    return 0.0 if any(q.kind == "diameter" for q in solved.drawing.quantities) else MARKED


def _uneven_pair(pattern: Pattern) -> float:
    """Less for two shapes of two sizes under no title of a land pattern: the views of a part over each other."""
    uneven = len(pattern.pads) == PAIR and not pattern.pads[0].same_size(pattern.pads[1], PAIR_ALIKE)
    return UNEVEN_PAIR if uneven and pattern.kind != LAND else 0.0


def _unsized(solved: Solved) -> float:
    """Less for one pad without a size among pads that all have theirs: the part itself, drawn between its pads.

    An exposed pad of which one side alone is printed is measured, and stays.
    """
    sides = [[solved.fit.settled[v] for v in size] for size in solved.model.size]
    known = [any(own) for own in sides]
    if solved.drawing.sheet.raster or len(known) <= 3 or known.count(False) != 1:
        return 0.0
    return UNSIZED_ONE if not any(map(holes.is_round, solved.pattern.pads)) else 0.0


def _untied(solved: Solved) -> float:
    """Less for equal pads of which no number says anything: not where they stand, nor how large they are."""
    if solved.drawing.sheet.raster:
        return 0.0
    pads, told = solved.pattern.pads, {i for i, r in holes.read(solved).items() if r.drill or r.copper[0]}
    index = {id(p): i for i, p in enumerate(pads)}
    tied = solved.fit.settled
    loose = [
        own for own in classes_of(pads)
        if not any(index[id(p)] in told or any(tied[v] for v in _values(solved, index[id(p)])) for p in own)
    ]  # fmt: skip
    return min(UNTIED * sum(map(len, loose)), MOST_LEFT)


def _values(solved: Solved, i: int) -> tuple[int, ...]:
    return (*solved.model.centre[i], *solved.model.size[i])


def _drilled(solved: Solved) -> float:
    """Holes whose diameter is printed beside a leader are as settled as pads with dimensions."""
    pads = solved.pattern.pads
    rounds = holes.read(solved) if any(holes.is_round(p) for p in pads) else {}
    known = [i for i, r in rounds.items() if (r.drill or r.copper[0]) and not solved.settled(i)[1]]
    return OF_SETTLED * 0.5 * len(known) / len(pads)


def captioned(solved: Solved) -> float:
    """What the caption says of the figure, less the farther it stands."""
    pattern = solved.pattern
    weight = KIND.get(pattern.kind, -OF_NO_CAPTION)
    if not pattern.titles or weight <= 0:
        return weight
    own = [t for t in pattern.titles if kind_of(t.text) == pattern.kind] or pattern.titles
    near = min(distance(pattern.extent, t.box) for t in own)
    return weight / (1.0 + near / CAPTION_FADE_PT)


def _unexplained(solved: Solved) -> float:
    """Shapes of the figure that this hypothesis leaves out: equal ones cost more than single ones."""
    again = repeated.of(solved)
    left = [s for s in solved.pattern.left if s not in again]
    cost = sum(LEFT * len(c) if len(c) > 1 else LEFT_SINGLE for c in classes_of(left))
    scattered = SCATTERED if len(left) > 2 * len(solved.pattern.pads) else 0.0
    reached = REACHED * sum(_reached(s.box, solved) for s in left)
    sized = MOST_LEFT * any(_amid(s.box, solved) and _sized(s.box, solved) for s in left)
    return min(cost + reached + sized, MOST_LEFT) + scattered


def _amid(box: Box, solved: Solved) -> bool:
    """Whether a shape stands free between the pads, as an exposed pad does."""
    pads = [p.box for p in solved.pattern.pads]
    return solved.pattern.box.holds(box) and not any(p.meets(box) for p in pads)


def _sized(box: Box, solved: Solved) -> bool:
    """Whether printed dimensions run across a shape both ways."""
    near = [r.span for r in solved.drawing.readings if r.cost < 1.0]
    return all(
        any(s.axis == axis and abs(s.start - low) < SPAN_END_PT and abs(s.end - high) < SPAN_END_PT for s in near)
        for axis, low, high in ((0, box.x0, box.x1), (1, box.y0, box.y1))
    )


def _reached(box: Box, solved: Solved) -> bool:
    """Whether a printed dimension runs from a shape to a pad of the pattern."""
    for reading in solved.drawing.readings:
        low, span = reading.span.axis, reading.span
        own = [abs(v - e) < SPAN_END_PT for e in (span.start, span.end) for v in _lines(box, low)]
        if reading.cost < 1.0 and any(own):
            ends = (span.start, span.end) if any(own[3:]) else (span.end, span.start)
            if any(abs(v - ends[0]) < SPAN_END_PT for p in solved.pattern.pads for v in _lines(p.box, low)):
                return True
    return False


def _lines(box: Box, axis: int) -> tuple[float, float, float]:
    return (box.x0, box.cx, box.x1) if axis == 0 else (box.y0, box.cy, box.y1)


def _counted(solved: Solved, pins: int | None) -> float:
    if pins is None:
        return 0.0
    pads = solved.pattern.pads
    return COUNTED if len(pads) - len(numbering.exposed(pads)) == pins else -MISCOUNTED
