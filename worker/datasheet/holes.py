"""Tells holes and balls from pads, and gives round shapes the diameters printed beside leaders."""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.datasheet.pads import Solved
from worker.datasheet.quantities import Quantity
from worker.datasheet.shapes import ROUND, Shape

NEAR_PT = 160.0
WRONG = 0.22  # a printed diameter farther from the drawn one is of something else
BALLS = re.compile(r"\bBGA\b|ball|\bCSP\b|WLCSP|DSBGA|bump|solder\s*mask\s*(?:opening|defined)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Round:
    """What is known of a round pad: copper and drill diameter in mm, null where not printed."""

    copper: float | None
    drill: float | None
    smd: bool
    source: Quantity | None


def is_round(shape: Shape) -> bool:
    return (
        shape.kind in ROUND and shape.box.width < 1.08 * shape.box.height and shape.box.height < 1.08 * shape.box.width
    )


def diameters(solved: Solved) -> list[Quantity]:
    box = solved.pattern.box.grown(NEAR_PT)
    return [q for q in solved.drawing.quantities if q.kind == "diameter" and box.holds_point(q.box.cx, q.box.cy)]


def _printed(size_mm: float, count: int, options: list[Quantity]) -> Quantity | None:
    """The printed diameter nearest the drawn one; the right count decides between near ones."""
    fit = [q for q in options if abs(q.target / size_mm - 1) < WRONG]
    return min(
        fit, key=lambda q: abs(q.target / size_mm - 1) + (0.0 if q.count in (None, count) else 0.1), default=None
    )


def read(solved: Solved) -> dict[int, Round]:
    """Every round pad of the pattern by index."""
    pads = solved.pattern.pads
    rounds = [i for i, p in enumerate(pads) if is_round(p)]
    if not rounds:
        return {}
    words = " ".join(w.text for w in solved.drawing.lines)
    balls = (
        bool(BALLS.search(words))
        and len(rounds) == len(pads)
        and len(pads) >= 4
        and not re.search(r"\bhole", words, re.IGNORECASE)
    )
    options = diameters(solved)
    classes = {solved.model.size[i] for i in rounds}
    found: dict[int, Round] = {}
    for i in rounds:
        count = sum(solved.model.size[j] == solved.model.size[i] for j in rounds)
        size = solved.size(i)[0]
        quantity = _printed(size, count, options)
        if quantity is None and len(classes) == 1 and len(options) == 1:
            quantity = options[0]
        value = quantity.target if quantity is not None else size if solved.settled(i)[1] else None
        inner = [s for s in solved.pattern.inner if is_round(s) and pads[i].box.holds(s.box)]
        drill = _inner_drill(solved, inner, options) if inner else None
        if balls:
            found[i] = Round(value, None, True, quantity)
        elif inner:
            found[i] = Round(value, drill, False, quantity)
        else:
            found[i] = Round(None, value, False, quantity)
    return found


def _inner_drill(solved: Solved, inner: list[Shape], options: list[Quantity]) -> float | None:
    size = inner[0].box.width / solved.scale.x
    quantity = _printed(size, len(solved.pattern.pads), options)
    return quantity.target if quantity is not None else None
