"""Says between which lines of which pads a printed dimension of a solved pattern runs."""

from __future__ import annotations

from typing import Literal

from db.documents.kinds.datasheet import End
from worker.datasheet.drawing.dimensions import DimensionReading
from worker.datasheet.land import pads, variables
from worker.datasheet.land.pads import Solved
from worker.datasheet.land.variables import Feature

EDGES: dict[float, Literal["low", "high"]] = {-0.5: "low", 0.5: "high"}
WORDS = {
    "x": {"low": "left edge", "centre": "centre", "high": "right edge"},
    "y": {"low": "upper edge", "centre": "centre", "high": "lower edge"},
}


def ends(reading: DimensionReading, solved: Solved, places: dict[int, int]) -> tuple[End, End] | None:
    """Both ends by pad; None where one is no line of a pad, or where the dimension sizes a pad from a detail.

    `places` tells where in the result a pad of the pattern stands.
    """
    found = pads.ends_of(reading, solved.model, solved.drawing)
    if found is None:
        return None
    row = next((row for r, row in solved.fit.rows if r is reading), None)
    if row is not None and row != variables.row_of(found):
        return None
    options = [_pads_at(feature, reading.span.axis, solved) for feature in found]
    if not options[0] or not options[1]:
        return None
    both = set(options[0]) & set(options[1])
    chosen = [_nearest([*both] or own, reading, solved) for own in options]
    at = [_at(feature) for feature in found]
    return End(pad=places[chosen[0]], at=at[0]), End(pad=places[chosen[1]], at=at[1])


def _pads_at(feature: Feature, axis: int, solved: Solved) -> list[int]:
    """The pads that have this line as an edge or a centre."""
    centre, *size = feature.row
    if centre[1] != 1.0:
        return []
    own = [i for i, c in enumerate(solved.model.centre) if c[axis] == centre[0]]
    return [i for i in own if not size or solved.model.size[i][axis] == size[0][0]]


def _at(feature: Feature) -> Literal["low", "centre", "high"]:
    return EDGES[feature.row[1][1]] if len(feature.row) > 1 else "centre"


def _nearest(options: list[int], reading: DimensionReading, solved: Solved) -> int:
    boxes = [p.box for p in solved.pattern.pads]
    along = reading.span.axis == 0
    return min(options, key=lambda i: abs((boxes[i].cy if along else boxes[i].cx) - reading.span.at))


def words(axis: Literal["x", "y"], told: tuple[End, End] | None, numbers: list[str]) -> str:
    """What the dimension measures, for people."""
    if told is None:
        return f"{axis} distance"
    first, last = told
    if first.pad == last.pad:
        return f"size of pad {numbers[first.pad]} along {axis}"
    ends_told = [f"{WORDS[axis][end.at]} of pad {numbers[end.pad]}" for end in told]
    return f"{' to '.join(ends_told)} along {axis}"[:200]
