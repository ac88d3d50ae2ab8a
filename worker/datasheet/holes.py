"""Tells holes and balls from pads, and gives holes and round shapes the diameters and slot sizes that are printed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from db.kinds.datasheet import PadType
from worker.datasheet import scale
from worker.datasheet.marks import Box
from worker.datasheet.pads import Solved
from worker.datasheet.quantities import Quantity
from worker.datasheet.shapes import ROUND, Shape

NEAR_PT = 160.0
MIDDLE_PT, END_PT = 1.2, 0.9
LEAST_HOLE_MM = 0.5  # for a lead
RING = 0.85  # of the width of a pad: a hole leaves more copper around it than a mask does
WRONG = 0.22  # a printed diameter farther from the drawn one is of something else
BALLS = re.compile(r"\bBGA\b|ball|\bCSP\b|WLCSP|DSBGA|bump|solder\s*mask\s*(?:opening|defined)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Round:
    """What is known of a round pad or one with a hole: width and height of copper and drill in mm, null where not printed."""

    copper: tuple[float | None, float | None]
    drill: tuple[float, float] | None
    type: PadType


def is_round(shape: Shape) -> bool:
    return (
        shape.kind in ROUND and shape.box.width < 1.08 * shape.box.height and shape.box.height < 1.08 * shape.box.width
    )


def diameters(solved: Solved) -> list[Quantity]:
    """Printed diameters, and letters of a table that measure nothing between two arrow heads."""
    box = solved.pattern.box.grown(NEAR_PT)
    used = {id(r.quantity) for r in solved.fit.used}
    near = [q for q in solved.drawing.quantities if box.holds_point(q.box.cx, q.box.cy)]
    return [q for q in near if q.kind == "diameter" or (q.symbol and id(q) not in used)]


def _printed(size_mm: float, count: int, options: list[Quantity]) -> Quantity | None:
    """The printed diameter nearest the drawn one; the right count decides between near ones."""
    fit = [q for q in options if abs(q.target / size_mm - 1) < WRONG]
    return min(
        fit, key=lambda q: abs(q.target / size_mm - 1) + (0.0 if q.count in (None, count) else 0.1), default=None
    )


def read(solved: Solved) -> dict[int, Round]:
    """Every round pad of the pattern, every other pad with a hole in its middle, and slots beside such pads, by index."""
    pads = solved.pattern.pads
    holed = {solved.model.size[i] for i, p in enumerate(pads) if _hole(p, solved) is not None}
    rounds = [
        i for i, p in enumerate(pads) if is_round(p) or solved.model.size[i] in holed or (holed and _bare_slot(p))
    ]
    balls = are_balls(solved)
    found: dict[int, Round] = {}
    for i in rounds:
        copper = _size(solved, i, rounds, bool(holed))
        if balls:
            found[i] = Round(copper, None, "smd")
        elif solved.model.size[i] in holed:
            found[i] = Round(copper, _drill(solved, i, rounds), "thru_hole")
        else:
            bare = bool(holed) or len(rounds) < len(pads)  # the others have copper: this one is for a peg
            drill = None if copper[0] is None or copper[1] is None else (copper[0], copper[1])
            found[i] = Round((None, None), drill, "np_thru_hole" if bare else "thru_hole")
    return found


def _size(solved: Solved, i: int, rounds: list[int], holed: bool) -> tuple[float | None, float | None]:
    """The printed size of a pad: of a disc the diameter beside a leader, if there is one."""
    if not is_round(solved.pattern.pads[i]):
        return solved.stated(i)
    options, size = diameters(solved), solved.size(i)[0]
    count = sum(solved.model.size[j] == solved.model.size[i] for j in rounds)
    quantity = _printed(size, count, options)
    if quantity is None and not holed and len(options) == 1 and len({solved.model.size[j] for j in rounds}) == 1:
        quantity = options[0]
    value = quantity.target if quantity is not None else size if solved.settled(i)[1] else None
    return value, value


def are_balls(solved: Solved) -> bool:
    """Whether all pads are round, and too small for holes or the page speaks of balls, not of holes."""
    if not all(is_round(p) for p in solved.pattern.pads) or len(solved.pattern.pads) < 4:
        return False
    if not solved.pattern.inner and max(solved.size(i)[0] for i in range(len(solved.pattern.pads))) < LEAST_HOLE_MM:
        return True
    words = " ".join(w.text for w in solved.drawing.lines)
    told = BALLS.search(words) and not re.search(r"\bhole", words, re.IGNORECASE)
    return bool(told)


def _bare_slot(shape: Shape) -> bool:
    return shape.kind == "oval" and not shape.filled


def _hole(pad: Shape, solved: Solved) -> Shape | None:
    """The disc or slot in the middle of a pad; an oval hardly smaller than the pad is its mask."""
    for s in solved.pattern.inner:
        ring = min(s.box.width, s.box.height) < RING * min(pad.box.width, pad.box.height)
        if (is_round(s) or (s.kind == "oval" and ring)) and pad.box.holds(s.box) and _in_middle(s, pad):
            return s
    return None


def _in_middle(hole: Shape, pad: Shape) -> bool:
    return abs(hole.box.cx - pad.box.cx) + abs(hole.box.cy - pad.box.cy) < MIDDLE_PT


def _drill(solved: Solved, i: int, rounds: list[int]) -> tuple[float, float] | None:
    """What is printed for the hole of a pad, or for an equal one."""
    pads, size = solved.pattern.pads, solved.model.size
    own = _hole(pads[i], solved)
    found = [(j, hole) for j in rounds if (hole := _hole(pads[j], solved)) is not None]
    equal = [hole for j, hole in found if (hole.same_size(own) if own else size[j] == size[i])]
    if is_round(equal[0]):
        quantity = _printed(equal[0].box.width / solved.scale.x, len(pads), diameters(solved))
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
        if r.span.axis == axis and abs(r.span.start - low) < END_PT and abs(r.span.end - high) < END_PT
        and id(r.quantity) not in used and scale.misfit(r, solved.scale) < WRONG
    ]  # fmt: skip
    return min(near, key=lambda r: r.cost).quantity.target if near else None


def via_drill(solved: Solved, via: Box) -> Quantity | None:
    """The diameter printed for the vias of a pad."""
    options = [q for q in diameters(solved) if q.kind == "diameter"]
    return _printed(via.width / solved.scale.x, len(solved.pattern.vias), options)
