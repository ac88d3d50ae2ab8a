"""Numbers tied to dimension lines by where they stand alone, as a figure that is not to scale means them."""

from __future__ import annotations

from worker.datasheet.drawing import scale
from worker.datasheet.drawing.dimensions import DimensionReading
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.scale import Scale
from worker.datasheet.thresholds.drawing import PLACED_LEAST, PLACED_NEAR


def least_costs(drawing: Drawing) -> dict[int, float]:
    """How near each number, by its id, stands to the dimension line nearest to it."""
    least: dict[int, float] = {}
    for r in drawing.readings:
        least[id(r.quantity)] = min(r.cost, least.get(id(r.quantity), r.cost))
    return least


def of(
    readings: list[DimensionReading], chosen: list[DimensionReading], drawing: Drawing, found: Scale
) -> list[DimensionReading] | None:
    """One number for each dimension line, the nearest one, instead of those `chosen` by the scale.

    None unless that gives lines to more numbers than the scale does and to all of its numbers, each the nearest one of the
    page: letters, and pixels, of which numbers are missed, say too little of that.
    """
    placed, least = scale.by_place(readings, found), least_costs(drawing)
    own, before = {id(r.quantity) for r in placed}, {id(r.quantity) for r in chosen}
    near = all(r.cost < least[id(r.quantity)] + PLACED_NEAR and not r.quantity.symbol for r in placed)
    told = len(placed) >= PLACED_LEAST and before < own
    return placed if told and near and not drawing.sheet.raster else None
