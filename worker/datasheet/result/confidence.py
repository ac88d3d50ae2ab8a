"""How sure a value is: a printed number alone is not; it takes a second source that says the same.

The second source of a pad is the drawing itself, which must show the number's length at a scale that other numbers fix;
that of a body side is the drawn box, or a table and the drawing together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from worker.datasheet.body.body import DESCRIBED, SOMETIMES_HEIGHTS
from worker.datasheet.body.edge_coverage import sides_drawn
from worker.datasheet.body.found import Found
from worker.datasheet.drawing import scale
from worker.datasheet.drawing.dimensions import DimensionReading
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.scale import Scale
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.land import pads
from worker.datasheet.land.holes import Round
from worker.datasheet.land.pads import Solved
from worker.datasheet.text.quantities import Quantity
from worker.datasheet.thresholds.land import PAD_LEAST_MM
from worker.datasheet.thresholds.result import (
    BODY_DRAWN_PART,
    CLEAR,
    CONFIRMED,
    CONTRADICTED,
    NO_BOX,
    READING_NEAR,
    SHOWN_PT,
    SHOWN_RASTER_PT,
    SIZE_ALIKE,
    TYPED,
    UNCONFIRMED,
    UNSUPPORTED,
    WITNESSES,
)

HEIGHTS = frozenset({"A", "A2", "H", "h", "T"})
HOLES = re.compile(r"\bholes?\b|\bdrill|\bN?PTH\b|\bplated\b|\bpegs?\b|\bboss", re.IGNORECASE)


def agreeing(readings: Iterable[DimensionReading], found: Scale) -> set[float]:
    """The different printed numbers that fit a scale."""
    return {r.quantity.target for r in readings if scale.misfit(r, found) < SIZE_ALIKE}


def of_pads(solved: Solved, rounds: dict[int, Round], guessed: bool) -> list[float]:
    """Confidence of every pad of a pattern, none sure of `guessed` numbers or of a hole that may be none."""
    fixed = _fixed(solved) and not guessed
    doubtful = {i for i in rounds if _may_be_no_hole(i, rounds, solved.drawing)}
    return [_of_pad(solved, i, fixed and i not in doubtful) for i in range(len(solved.pattern.pads))]


def _may_be_no_hole(i: int, rounds: dict[int, Round], drawing: Drawing) -> bool:
    """Whether a hole lacks its drill, or one without copper may be that of a lead, or copper where no words tell of holes."""
    own = rounds[i]
    if own.type != "np_thru_hole":
        return own.type == "thru_hole" and own.drill is None
    leads = [r.drill for r in rounds.values() if r.type == "thru_hole"]
    told = leads or any(HOLES.search(line.text) for line in drawing.lines)
    return own.drill is None or own.drill in leads or not told


def _fixed(solved: Solved) -> bool:
    """Whether enough numbers agree on the scale, next to none contradicts the solution, and the counts are kept."""
    used, refused = solved.fit.used, solved.fit.refused
    return (
        not pads.miscounted(solved)
        and min(side for i in range(len(solved.pattern.pads)) for side in solved.size(i)) >= PAD_LEAST_MM
        and len(agreeing(used, solved.scale)) >= WITNESSES
        and not refused  # one number that contradicts may move the middle that every place is told from
    )


def _of_pad(solved: Solved, i: int, fixed: bool) -> float:
    variables = [*solved.model.centre[i], *solved.model.size[i], *_ends(solved)]
    told = all(solved.fit.settled[v] for v in _ends(solved))
    sure = fixed and told and all(_as_drawn(solved, v) for v in variables) and _clearly_read(solved, variables)
    return CONFIRMED if sure else UNCONFIRMED if solved.fit.used else UNSUPPORTED


def _ends(solved: Solved) -> list[int]:
    """The outermost centres of both axes, between which the origin lies that every place is told from."""
    places = [[c[axis] for c in solved.model.centre] for axis in (0, 1)]
    return [end(own, key=lambda v: solved.model.start[v]) for own in places for end in (min, max)]


def _as_drawn(solved: Solved, variable: int) -> bool:
    """Whether a size, or a centre's distance from the first one on its axis, is what the drawing shows."""
    model, axis = solved.model, solved.model.axis[variable]
    centres = {c[axis] for c in model.centre}
    first = min(centres) if variable in centres else None
    drawn = model.start[variable] - (model.start[first] if first is not None else 0.0)
    value = solved.fit.values[variable] - (solved.fit.values[first] if first is not None else 0.0)
    slack = SHOWN_RASTER_PT if solved.drawing.sheet.raster else SHOWN_PT
    off = abs(value * solved.scale.of(axis) - drawn)
    return bool(off <= max(slack, SIZE_ALIKE * abs(drawn)))


def _clearly_read(solved: Solved, variables: list[int]) -> bool:
    """Whether no number behind these variables may have been another one."""
    own, least = set(variables), _least([solved.drawing])
    return all(r.quantity.confidence > least for r, row in solved.fit.rows if own & set(row))


def _least(drawings: list[Drawing]) -> float:
    """How surely a number must have been read."""
    return TYPED if any(d.sheet.raster for d in drawings) else CLEAR


def of_body(found: Found, drawings: list[Drawing]) -> tuple[list[float], float]:
    """Confidence of the sides in the order found, and of the height."""
    if found.review_reasons:
        return [CONTRADICTED] * len(found.sides), CONTRADICTED
    boxes = [pair for d in drawings for pair in _boxes(found.sides, d)]
    skew = min([*(abs(_ratio(x) / _ratio(y) - 1) for x, y in boxes), NO_BOX])
    edges = {id(r.span) for pair in boxes for r in pair}
    named = skew < NO_BOX or found.how == DESCRIBED
    sides = [_of_value(q, named if q.symbol else skew < SIZE_ALIKE, drawings, edges) for q in found.sides]
    tall = found.height
    if tall is not None and found.height_twice and tall.confidence > _least(drawings):
        return sides, CONFIRMED
    return sides, _of_height(tall, found, named, drawings) if tall is not None else 0.0


def _of_height(tall: Quantity, found: Found, named: bool, drawings: list[Drawing]) -> float:
    """A letter that is a height in some tables only needs a side view; drawn elsewhere, its length says nothing of a height."""
    elsewhere = tall.symbol in SOMETIMES_HEIGHTS and not found.height_drawn and found.how != DESCRIBED
    letter = tall.symbol in HEIGHTS or (tall.symbol in SOMETIMES_HEIGHTS and not elsewhere)
    return _of_value(tall, letter and named, drawings, set() if elsewhere else None)


def _of_value(q: Quantity, confirmed: bool, drawings: list[Drawing], edges: set[int] | None = None) -> float:
    """A number is sure when a second source confirms it, or the drawing shows its length; in a scan it may show another one's.

    Of a side only the spans of its drawn box count: the tips of leads are as far apart as their number says.
    """
    if q.confidence <= _least(drawings):
        return UNCONFIRMED
    shown = any(_shown(q, d, edges) for d in drawings if not d.sheet.raster)
    second = bool(q.symbol)  # of a table: a number of the drawing alone may belong to another figure
    return CONFIRMED if second and (confirmed or shown) else UNCONFIRMED


def _shown(q: Quantity, drawing: Drawing, edges: set[int] | None) -> bool:
    """Whether the span that a number names has its length, at a scale that other numbers fix."""
    near = [r for r in drawing.readings if r.cost < READING_NEAR]
    own = [r for r in near if _same(r.quantity, q) and (edges is None or id(r.span) in edges)]
    others = [r for r in near if not _same(r.quantity, q)]
    found = scale.solve(others)
    if found is None or len(agreeing(others, found)) < WITNESSES - 1:
        return False
    return any(scale.misfit(r, found) < SIZE_ALIKE for r in own)


def _same(a: Quantity, b: Quantity) -> bool:
    return a is b or bool(a.symbol and a.symbol == b.symbol)


def _boxes(sides: list[Quantity], drawing: Drawing) -> list[tuple[DimensionReading, DimensionReading]]:
    """The spans along x and y that both sides measure around one drawn box.

    Only a box of which all four sides are drawn counts, which the tips of leads are not.
    """
    if len(sides) < 2:
        return []
    near = [r for r in drawing.readings if r.cost < READING_NEAR]
    pairs = (
        (x, y) for a, b in (sides, sides[::-1])
        for x in near if x.span.axis == 0 and _same(x.quantity, a)
        for y in near if y.span.axis == 1 and _same(y.quantity, b)
    )  # fmt: skip
    return [(x, y) for x, y in pairs if _boxed(x, y, drawing)]


def _ratio(reading: DimensionReading) -> float:
    return reading.span.length / reading.quantity.target


def _boxed(x: DimensionReading, y: DimensionReading, drawing: Drawing) -> bool:
    box = Box(x.span.start, y.span.start, x.span.end, y.span.end)
    return sides_drawn(box, drawing)[0] > BODY_DRAWN_PART
