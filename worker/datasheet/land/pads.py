"""Turns a pattern of shapes and the numbers around it into pads in millimetres, and says how well the two agree."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from worker.datasheet.body.outline import without_labels
from worker.datasheet.drawing import by_place, scale
from worker.datasheet.drawing.dimensions import DimensionReading, box_of
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.joined_spans import joined
from worker.datasheet.drawing.scale import Scale
from worker.datasheet.drawing.shapes import ROUND
from worker.datasheet.land import borrowed, solver, variables
from worker.datasheet.land.patterns import Pattern
from worker.datasheet.land.solver import Fit
from worker.datasheet.land.variables import Feature, Model, Row
from worker.datasheet.thresholds.drawing import LETTER_CLEAR, READING_ON_LINE
from worker.datasheet.thresholds.land import (
    ASTRAY,
    BLUR_PT,
    BY_HAND_BETTER,
    ELSE_COST,
    ELSE_OFF,
    ELSE_ON,
    FITTING_MOST,
    LAND_END_BY_HAND_MOST_PT,
    LAND_END_BY_HAND_PART,
    LAND_END_BY_HAND_PT,
    LAND_END_PT,
    LAND_END_RASTER_PT,
    LAND_MISFIT,
    LAND_REACH_PT,
    MAY_MEAN_LINE,
    NEARER_PT,
    OF_FITTING,
    OF_PADS,
    OF_PADS_MOST,
    OF_REFUSED,
    OF_SETTLED,
    OF_UNLIKELY,
    PAD_LEAST_MM,
    PAD_MOST_MM,
    SAME_PLACE_PT,
    SAME_PLACE_RASTER_PT,
    SIZES_ALIKE,
    STEP_PT,
    UNSIZED_MOST,
    UNSIZED_PART,
)


@dataclass
class Solved:
    """A pattern solved: pad i of the pattern has centre (x, y) and size (w, h) in mm, y down."""

    pattern: Pattern
    drawing: Drawing
    scale: Scale
    model: Model
    fit: Fit
    score: float
    notes: list[str] = field(default_factory=list)

    def place(self, i: int) -> tuple[float, float]:
        """The centre (x, y) of pad i in mm, y down."""
        cx, cy = self.model.centre[i]
        return float(self.fit.values[cx]), float(self.fit.values[cy])

    def size(self, i: int) -> tuple[float, float]:
        """Width (along x) and height (along y) of pad i in mm."""
        w, h = self.model.size[i]
        return float(self.fit.values[w]), float(self.fit.values[h])

    def stated(self, i: int) -> tuple[float | None, float | None]:
        """The size as far as the drawing states it: on pixels, where numbers are missed, the drawn size stands for them."""
        known = [self.drawing.sheet.raster or self.fit.settled[v] for v in self.model.size[i]]
        w, h = (value if told else None for value, told in zip(self.size(i), known, strict=True))
        return w, h

    def settled(self, i: int) -> tuple[bool, bool]:
        """Whether position and size follow from printed numbers."""
        s = self.fit.settled
        return bool(all(s[v] for v in self.model.centre[i])), bool(all(s[v] for v in self.model.size[i]))


def _close(reading: DimensionReading, pattern: Pattern) -> bool:
    box, span = pattern.box, reading.span
    low, high = (box.y0, box.y1) if span.axis == 0 else (box.x0, box.x1)
    return low - LAND_REACH_PT < span.at < high + LAND_REACH_PT


def ends_of(reading: DimensionReading, model: Model, drawing: Drawing) -> tuple[Feature, Feature] | None:
    """The lines of the pattern that a dimension runs between, as near as the drawing is drawn."""
    if drawing.sheet.raster:
        return variables.ends_of(reading, model, model.slack, BLUR_PT)
    return variables.ends_of(reading, model, model.slack)


def own_readings(pattern: Pattern, drawing: Drawing, model: Model) -> list[DimensionReading]:
    """Readings whose span ends at edges or centres of this pattern's pads."""
    own = by_place.least_costs(drawing)
    near = [
        r for r in drawing.readings
        if r.quantity.kind != "radius" and _close(r, pattern) and not _astray(r, own[id(r.quantity)])
    ]  # fmt: skip
    return without_labels([r for r in near if _measures(r, model, drawing) and not _of_another(r, pattern)])


def _astray(reading: DimensionReading, least: float) -> bool:
    """Whether a number stands right on another dimension line and far from this one."""
    return least < READING_ON_LINE and reading.cost > least + ASTRAY


def _of_another(reading: DimensionReading, pattern: Pattern) -> bool:
    """Whether a dimension runs across a shape that is no pad and stands nearer to it than the pads: a body over its lands."""
    line, axis = box_of(reading.span), reading.span.axis
    gap = min(p.box.gap(line) for p in pattern.pads)
    return any(
        abs(low - reading.span.start) < SAME_PLACE_PT and abs(high - reading.span.end) < SAME_PLACE_PT
        for s in pattern.left if s.box.gap(line) < gap - NEARER_PT and not any(p.same_size(s) for p in pattern.pads)
        for low, high in [(s.box.x0, s.box.x1) if axis == 0 else (s.box.y0, s.box.y1)]
    )  # fmt: skip


def _measures_else(reading: DimensionReading, drawing: Drawing, found: Scale) -> bool:
    """Whether a number is off the scale here and says what another dimension line about as near to it is drawn with."""
    most = reading.cost + (LETTER_CLEAR if reading.quantity.symbol else ELSE_COST)
    return scale.misfit(reading, found) > ELSE_OFF and any(
        r.quantity is reading.quantity and r.cost < most and scale.misfit(r, found) < ELSE_ON for r in drawing.readings
    )


def _measures(reading: DimensionReading, model: Model, drawing: Drawing) -> bool:
    """Whether a dimension runs between lines of the pattern; a diameter only across one pad."""
    ends = ends_of(reading, model, drawing)
    return ends is not None and (reading.quantity.kind != "diameter" or len(variables.row_of(ends)) == 1)


def solve(pattern: Pattern, drawing: Drawing) -> Solved | None:
    """The pattern in millimetres, None when no printed number measures it."""
    if drawing.sheet.raster:
        return _solve_within(pattern, drawing, LAND_END_RASTER_PT)
    exact = _solve_within(pattern, drawing, LAND_END_PT)
    if exact is not None and all(all(exact.settled(i)) for i in range(len(pattern.pads))):
        return exact
    loose = _solve_within(pattern, drawing, _by_hand(pattern))
    if loose is None or _uneven(loose):
        return exact
    if exact is not None and loose.score < exact.score + BY_HAND_BETTER and not _follows(loose):
        return exact
    loose.notes.append("the dimensions end beside the edges they mean, as in a figure drawn by hand")
    return loose


def _by_hand(pattern: Pattern) -> float:
    """How far a hand ends dimensions from the edges they mean, in points: a little farther where no other edge is near."""
    side = min(min(p.box.width, p.box.height) for p in pattern.pads)
    return max(LAND_END_BY_HAND_PT, min(LAND_END_BY_HAND_PART * side, LAND_END_BY_HAND_MOST_PT))


def _follows(solved: Solved) -> bool:
    """Whether all pads follow from the printed numbers, none of which contradicts another; leaders tell the size of holes."""
    holed = any(p.kind in ROUND for p in solved.pattern.pads)
    return not holed and not solved.fit.refused and all(all(solved.settled(i)) for i in range(len(solved.pattern.pads)))


def _uneven(solved: Solved) -> bool:
    """Whether a row drawn at one step exactly comes out at several: a number of something else was taken for that of a pad."""
    model, scale = solved.model, solved.scale
    for axis, own in solver.lanes(model):
        drawn = np.diff([model.start[i] for i in own])
        made = np.diff([solved.fit.values[i] for i in own])
        if len(own) > 2 and np.ptp(drawn) < STEP_PT and np.ptp(made) > STEP_PT / scale.of(axis):
            return True
    return False


def _solve_within(pattern: Pattern, drawing: Drawing, ends: float) -> Solved | None:
    """The pattern with dimensions that end so many points from the edges they mean."""
    best: Solved | None = None
    for part in SIZES_ALIKE:
        solved = _solve_with(pattern, drawing, part, ends)
        if solved is None:
            return None
        if best is None or _kept_counts(solved) > _kept_counts(best) or _sizes_more(solved, best):
            best = solved
    return best


def _sizes_more(solved: Solved, other: Solved) -> bool:
    """Whether more pads have a printed size, none of which contradicts another: what a hand drew a little off is one size.

    Not on pixels, where the drawn size stands for one that no number gives.
    """
    if (
        solved.drawing.sheet.raster
        or _kept_counts(solved) < _kept_counts(other)
        or len(solved.fit.refused) > len(other.fit.refused)
    ):
        return False
    return _sized(solved) > _sized(other)


def _sized(solved: Solved) -> int:
    return sum(solved.settled(i)[1] for i in range(len(solved.pattern.pads)))


def _kept_counts(solved: Solved) -> int:
    """How many printed counts ("14X") equal the number of pads their dimension sizes."""
    return sum(printed == found for printed, found in _counts(solved))


def miscounted(solved: Solved) -> bool:
    """Whether a count is printed that the pads of its size do not come to."""
    return any(printed != found for printed, found in _counts(solved))


def _counts(solved: Solved) -> list[tuple[int, int]]:
    """Printed counts of sizes, and how many pads have that size."""
    found: dict[int, tuple[int, int]] = {}
    for reading, row in solved.fit.rows:
        sizes = [v for v, factor in row.items() if abs(factor) == 1.0 and any(v in s for s in solved.model.size)]
        if reading.quantity.count and len(row) == 1 and sizes:
            before = found.get(id(reading), (0, 0))[1]  # one number may size pads of several shapes
            found[id(reading)] = (reading.quantity.count, before + sum(sizes[0] in s for s in solved.model.size))
    return list(found.values())


def _solve_with(pattern: Pattern, drawing: Drawing, part: float, ends: float) -> Solved | None:
    slack = SAME_PLACE_RASTER_PT if drawing.sheet.raster else SAME_PLACE_PT
    model = variables.model_of(pattern.pads, slack, part)
    model.slack = ends
    near = [r for r in drawing.readings if r.cost < MAY_MEAN_LINE and _close(r, pattern)]
    variables.add_lines(model, near, ends)
    readings = scale.without_rivals(own_readings(pattern, drawing, model))
    found = scale.solve(readings)
    if found is None:
        return None
    readings = joined(readings, found)
    chosen = [r for r in scale.assign(readings, found) if not _measures_else(r, drawing, found)]
    solved = solver.solve(model, found, _rows(chosen, model, drawing))
    if (placed := by_place.of(readings, chosen, drawing, found)) is not None:
        other = solver.solve(model, found, _rows(placed, model, drawing))
        solved = other if not other.refused and all(other.settled) and len(other.used) == len(placed) else solved
    apart, beside = borrowed.from_details(solved, model, drawing), borrowed.one_ended(solved, model, near)
    counted = borrowed.by_count(solved, model)
    if apart or beside or counted:
        solved = solver.solve(model, found, solved.rows + apart + beside + counted)
    result = Solved(pattern, drawing, found, model, solved, 0.0)
    for told, rows in (("is taken from a detail drawn apart", apart), ("has a dimension that misses its edge", beside)):
        if rows:
            result.notes.append(f"a pad size {told}: " + ", ".join(r.quantity.printed for r, _ in rows))
    result.score = _score(result)
    return result


def _rows(chosen: list[DimensionReading], model: Model, drawing: Drawing) -> list[tuple[DimensionReading, Row]]:
    pairs = [(r, variables.row_of(e)) for r in chosen if (e := ends_of(r, model, drawing)) is not None]
    return [(r, row) for r, row in pairs if row]


def _score(solved: Solved) -> float:
    """How likely this is the land pattern: numbers that fit and pads that follow from them."""
    good = [r for r in solved.fit.used if scale.misfit(r, solved.scale) < LAND_MISFIT]
    pads = len(solved.pattern.pads)
    settled = np.mean([sum(solved.settled(i)) / 2 for i in range(pads)])
    sane = _sane(solved)
    return float(
        OF_FITTING * min(len(good), FITTING_MOST) - OF_REFUSED * len(solved.fit.refused) + OF_SETTLED * float(settled)
        + OF_PADS * min(pads, OF_PADS_MOST) ** 0.5 + sane
    )  # fmt: skip


def _sane(solved: Solved) -> float:
    """Less for pads no board has: too small, too large, or of many sizes that no number gives."""
    count = len(solved.pattern.pads)
    sizes = [s for i in range(count) for s in solved.size(i)]
    unsized = {own for own in solved.model.size if not any(solved.fit.settled[v] for v in own)}
    motley = len(unsized) > max(UNSIZED_MOST, UNSIZED_PART * count)
    return -OF_UNLIKELY if motley or min(sizes) < PAD_LEAST_MM or max(sizes) > PAD_MOST_MM else 0.0
