"""Diameters that a leader ties to a hole: of holes drawn alike each takes that of the leader to it or to its row."""

from __future__ import annotations

from worker.datasheet.land import leaders
from worker.datasheet.land.pads import Solved
from worker.datasheet.text.quantities import Quantity
from worker.datasheet.thresholds.land import HOLE_NOT_TO_SCALE, HOLE_TIP_PT


def labelled(solved: Solved, rounds: list[int], printed: list[Quantity]) -> dict[int, Quantity]:
    """The diameter of every round pad that a leader speaks of, by index: of one it ends at, else of one drawn equal."""
    pointed = _pointed(solved, rounds, printed)
    found = dict(pointed)
    for i in rounds:
        alike = [k for k in pointed if solved.model.size[k] == solved.model.size[i]]
        in_line = [k for k in alike if _in_line(solved, i, k)]
        values = {pointed[k].target for k in in_line or alike}
        if i not in found and len(values) == 1:
            found[i] = pointed[(in_line or alike)[0]]
    return found


def _pointed(solved: Solved, rounds: list[int], printed: list[Quantity]) -> dict[int, Quantity]:
    best: dict[int, tuple[float, Quantity]] = {}
    for quantity in printed:
        near = [
            (solved.pattern.pads[i].box.distance(x, y), i)
            for x, y in leaders.ends(quantity.box, solved.drawing.sheet.lines) for i in rounds
        ]  # fmt: skip
        gap, i = min(near, default=(HOLE_TIP_PT, -1))
        drawn = solved.size(i)[0] if i >= 0 else 0.0
        fits = drawn and 1 / HOLE_NOT_TO_SCALE < quantity.target / drawn < HOLE_NOT_TO_SCALE
        if gap < HOLE_TIP_PT and fits and (i not in best or gap < best[i][0]):
            best[i] = (gap, quantity)
    return {i: quantity for i, (_, quantity) in best.items()}


def _in_line(solved: Solved, i: int, k: int) -> bool:
    return any(a == b for a, b in zip(solved.model.centre[i], solved.model.centre[k], strict=True))
