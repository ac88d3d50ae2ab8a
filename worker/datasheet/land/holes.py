"""Tells holes and balls from pads, and gives holes and round shapes the diameters and slot sizes that are printed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from db.documents.kinds.datasheet import PadType
from worker.datasheet.drawing import scale
from worker.datasheet.drawing.shapes import ROUND, Shape
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.land import contacts, hole_leaders
from worker.datasheet.land.pads import Solved
from worker.datasheet.land.patterns import MAX_PEGS
from worker.datasheet.text.quantities import Quantity
from worker.datasheet.thresholds.land import (
    CONTACTS_LEAST,
    HOLE_COUNT_OFF,
    HOLE_LEAST_MM,
    HOLE_MIDDLE_PT,
    HOLE_MISFIT_COST,
    HOLE_NEAR,
    HOLE_REACH_PT,
    HOLE_WRONG,
    LAND_END_PT,
    RING_MOST,
    ROUND_RATIO,
    SHIELD_MOST,
)

BALLS = re.compile(r"\bBGA\b|ball|\bCSP\b|WLCSP|DSBGA|bump|solder\s*mask\s*(?:opening|defined)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Round:
    """What is known of a round pad or one with a hole: width and height of copper and drill in mm, null where not printed."""

    copper: tuple[float | None, float | None]
    drill: tuple[float, float] | None
    type: PadType
    holds: bool = False  # the part, and is no contact


def is_round(shape: Shape) -> bool:
    """Whether a shape is a circle as drawn, width and height nearly equal."""
    return (
        shape.kind in ROUND
        and shape.box.width < ROUND_RATIO * shape.box.height
        and shape.box.height < ROUND_RATIO * shape.box.width
    )


def diameters(solved: Solved) -> list[Quantity]:
    """Printed diameters, and letters of a table that measure nothing between two arrow heads."""
    box = solved.pattern.box.grown(HOLE_REACH_PT)
    used = {id(r.quantity) for r in solved.fit.used}
    near = [q for q in solved.drawing.quantities if box.holds_point(q.box.cx, q.box.cy)]
    return [q for q in near if q.kind == "diameter" or (q.symbol and id(q) not in used)]


def _counted(solved: Solved) -> list[Quantity]:
    """Numbers with a count and no sign that measure nothing between arrow heads: what they are a leader to a hole says."""
    used = {id(r.quantity) for r in solved.fit.used}
    box = solved.pattern.box.grown(HOLE_REACH_PT)
    return [
        q for q in solved.drawing.quantities
        if q.kind == "length" and q.count and q.value and id(q) not in used and box.holds_point(q.box.cx, q.box.cy)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class HoleSizes:
    """The diameters that are printed, and those that are drawn, in mm."""

    printed: list[Quantity]
    drawn: list[float]

    @classmethod
    def of(cls, solved: Solved) -> HoleSizes:
        """The printed diameters of a solved pattern, and the drawn ones of its round pads and of round shapes in pads, in mm."""
        pads = [solved.size(i)[0] for i, p in enumerate(solved.pattern.pads) if is_round(p)]
        return cls(
            diameters(solved), pads + [s.box.width / solved.scale.x for s in solved.pattern.inner if is_round(s)]
        )

    def nearest(self, size_mm: float, count: int) -> Quantity | None:
        """The printed diameter nearest a drawn one, if that is nearest to it; the right count decides between near ones."""
        fit = [
            q
            for q in self.printed
            if (off := _off(q, size_mm)) < HOLE_WRONG and off < min(_off(q, s) for s in self.drawn) + HOLE_NEAR
        ]
        return min(
            fit, key=lambda q: _off(q, size_mm) + (0.0 if q.count in (None, count) else HOLE_COUNT_OFF), default=None
        )


def _off(q: Quantity, size_mm: float) -> float:
    return abs(q.target / size_mm - 1)


def read(solved: Solved) -> dict[int, Round]:
    """Every round pad of the pattern, every other pad with a hole in its middle, and slots beside such pads, by index."""
    pads = solved.pattern.pads
    holed = {solved.model.size[i] for i, p in enumerate(pads) if _hole(p, solved) is not None}
    rounds = [
        i
        for i, p in enumerate(pads)
        if is_round(p) or solved.model.size[i] in holed or (holed and _bare_slot(solved, i))
    ]
    balls, sizes = are_balls(solved), HoleSizes.of(solved)
    bare = [i for i in rounds if is_round(pads[i]) and solved.model.size[i] not in holed]
    labelled = hole_leaders.labelled(
        solved, bare, [q for q in sizes.printed if q.kind == "diameter"] + _counted(solved)
    )
    copper = {i: _size(solved, i, rounds, sizes, labelled) for i in rounds}
    plain = len(rounds) == len(pads) and not holed and not balls
    held = contacts.holders(solved, {i: copper[i][0] or solved.size(i)[0] for i in rounds}) if plain else {}
    found: dict[int, Round] = {}
    for i in rounds:
        if balls:
            found[i] = Round(copper[i], None, "smd")
        elif solved.model.size[i] in holed:
            found[i] = Round(copper[i], _drill(solved, i, rounds, sizes), "thru_hole", _of_shield(rounds, pads))
        else:  # where others have copper it is for a peg
            peg = bool(holed) or len(rounds) < len(pads) or held.get(i, False)
            found[i] = Round((None, None), _hole_size(copper[i]), "np_thru_hole" if peg else "thru_hole", i in held)
    return found


def _of_shield(rounds: list[int], pads: list[Shape]) -> bool:
    """Whether plated holes only hold a part whose many contacts lie on the surface."""
    return len(rounds) <= SHIELD_MOST and len(pads) - len(rounds) >= max(CONTACTS_LEAST, len(rounds))


def _hole_size(size: tuple[float | None, float | None]) -> tuple[float, float] | None:
    w, h = size
    return None if w is None or h is None else (w, h)


def _size(
    solved: Solved, i: int, rounds: list[int], sizes: HoleSizes, labelled: dict[int, Quantity]
) -> tuple[float | None, float | None]:
    """The printed size of a pad: of a disc the diameter beside a leader, if there is one."""
    if not is_round(solved.pattern.pads[i]):
        return solved.stated(i)
    size, settled = solved.size(i)[0], solved.settled(i)[1]
    count = sum(solved.model.size[j] == solved.model.size[i] for j in rounds)
    if i in labelled:
        return labelled[i].target, labelled[i].target
    quantity = sizes.nearest(size, count)
    if quantity is None and len(sizes.printed) == 1 and max(sizes.drawn) < (1 + HOLE_NEAR) * min(sizes.drawn):
        quantity = sizes.printed[0]
    if quantity is not None and not (settled and _off(quantity, size) > HOLE_NEAR):
        return quantity.target, quantity.target
    return (size, size) if settled else (None, None)


def are_balls(solved: Solved) -> bool:
    """Whether all pads are round, and too small for holes or the page speaks of balls, not of holes."""
    if not all(is_round(p) for p in solved.pattern.pads) or len(solved.pattern.pads) < 4:
        return False
    if not solved.pattern.inner and max(solved.size(i)[0] for i in range(len(solved.pattern.pads))) < HOLE_LEAST_MM:
        return True
    words = " ".join(w.text for w in solved.drawing.lines)
    labelled = BALLS.search(words) and not re.search(r"\bhole", words, re.IGNORECASE)
    return bool(labelled)


def _bare_slot(solved: Solved, i: int) -> bool:
    """Whether an open oval is a slot for a peg; more of them are pads for the surface."""
    shape, size = solved.pattern.pads[i], solved.model.size[i]
    return shape.kind == "oval" and not shape.filled and solved.model.size.count(size) <= MAX_PEGS


def _hole(pad: Shape, solved: Solved) -> Shape | None:
    """The disc or slot in the middle of a pad; an oval hardly smaller than the pad is its mask."""
    for s in solved.pattern.inner:
        ring = min(s.box.width, s.box.height) < RING_MOST * min(pad.box.width, pad.box.height)
        if (is_round(s) or (s.kind == "oval" and ring)) and pad.box.holds(s.box) and _in_middle(s, pad):
            return s
    return None


def _in_middle(hole: Shape, pad: Shape) -> bool:
    return abs(hole.box.cx - pad.box.cx) + abs(hole.box.cy - pad.box.cy) < HOLE_MIDDLE_PT


def _drill(solved: Solved, i: int, rounds: list[int], sizes: HoleSizes) -> tuple[float, float] | None:
    """What is printed for the hole of a pad, or for an equal one."""
    pads, size = solved.pattern.pads, solved.model.size
    own = _hole(pads[i], solved)
    found = [(j, hole) for j in rounds if (hole := _hole(pads[j], solved)) is not None]
    equal = [hole for j, hole in found if (hole.same_size(own) if own else size[j] == size[i])]
    if is_round(equal[0]):
        quantity = sizes.nearest(equal[0].box.width / solved.scale.x, len(equal))
        if quantity is not None:
            return quantity.target, quantity.target
    w, h = (next((v for hole in equal if (v := _across(solved, hole, axis)) is not None), None) for axis in (0, 1))
    if is_round(equal[0]):
        w, h = w or h, h or w
    return None if w is None or h is None else (w, h)


def _across(solved: Solved, hole: Shape, axis: int) -> float | None:
    """The number of a dimension line from one side of a hole to the other."""
    box, used = hole.box, {id(r.quantity) for r in solved.fit.used}
    low, high = (box.x0, box.x1) if axis == 0 else (box.y0, box.y1)
    near = [
        r for r in solved.drawing.readings
        if r.span.axis == axis and abs(r.span.start - low) < LAND_END_PT and abs(r.span.end - high) < LAND_END_PT
        and id(r.quantity) not in used and scale.misfit(r, solved.scale) < HOLE_WRONG
    ]  # fmt: skip
    best = min(near, key=lambda r: r.cost + HOLE_MISFIT_COST * scale.misfit(r, solved.scale), default=None)
    return best.quantity.target if best is not None else None


def via_drill(solved: Solved, via: Box) -> Quantity | None:
    """The diameter printed for the vias of a pad."""
    size = via.width / solved.scale.x
    return HoleSizes([q for q in diameters(solved) if q.kind == "diameter"], [size]).nearest(
        size, len(solved.pattern.vias)
    )
