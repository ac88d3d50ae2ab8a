"""Tells holes and balls from pads, and gives round shapes the diameters printed beside leaders."""

from __future__ import annotations

import re
from dataclasses import dataclass

from db.kinds.datasheet import PadType
from worker.datasheet.pads import Solved
from worker.datasheet.quantities import Quantity
from worker.datasheet.shapes import ROUND, Shape

NEAR_PT = 160.0
MIDDLE_PT = 1.2
WRONG = 0.22  # a printed diameter farther from the drawn one is of something else
BALLS = re.compile(r"\bBGA\b|ball|\bCSP\b|WLCSP|DSBGA|bump|solder\s*mask\s*(?:opening|defined)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Round:
    """What is known of a round pad: copper and drill diameter in mm, null where not printed."""

    copper: float | None
    drill: float | None
    type: PadType
    source: Quantity | None


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
    """Every round pad of the pattern, and every other pad with a hole in its middle, by index."""
    pads = solved.pattern.pads
    holed = {solved.model.size[i] for i, p in enumerate(pads) if _hole(solved, p) is not None}
    rounds = [i for i, p in enumerate(pads) if is_round(p) or solved.model.size[i] in holed]
    balls = are_balls(solved)
    options = diameters(solved)
    classes = {solved.model.size[i] for i in rounds}
    found: dict[int, Round] = {}
    for i in rounds:
        size_class = solved.model.size[i]
        count = sum(solved.model.size[j] == size_class for j in rounds)
        size = solved.size(i)[0]
        quantity = _printed(size, count, options) if is_round(pads[i]) else None
        if quantity is None and len(classes) == 1 and len(options) == 1 and not holed:
            quantity = options[0]
        value = quantity.target if quantity is not None else size if solved.settled(i)[1] else None
        if balls:
            found[i] = Round(value, None, "smd", quantity)
        elif size_class in holed:
            twins = [h for j in rounds if solved.model.size[j] == size_class and (h := _hole(solved, pads[j]))]
            found[i] = Round(value, _drill(solved, twins[0], options), "thru_hole", quantity)
        else:
            bare = bool(holed) or len(rounds) < len(pads)  # the others have copper: this one is for a peg
            found[i] = Round(None, value, "np_thru_hole" if bare else "thru_hole", quantity)
    return found


def are_balls(solved: Solved) -> bool:
    """Whether all pads are round and the page speaks of balls, not of holes."""
    words = " ".join(w.text for w in solved.drawing.lines)
    told = BALLS.search(words) and not re.search(r"\bhole", words, re.IGNORECASE)
    return bool(told) and all(is_round(p) for p in solved.pattern.pads) and len(solved.pattern.pads) >= 4


def _hole(solved: Solved, pad: Shape) -> Shape | None:
    """The disc in the middle of a pad."""
    for s in solved.pattern.inner:
        if is_round(s) and pad.box.holds(s.box) and abs(s.box.cx - pad.box.cx) + abs(s.box.cy - pad.box.cy) < MIDDLE_PT:
            return s
    return None


def _drill(solved: Solved, hole: Shape, options: list[Quantity]) -> float | None:
    quantity = _printed(hole.box.width / solved.scale.x, len(solved.pattern.pads), options)
    return quantity.target if quantity is not None else None
