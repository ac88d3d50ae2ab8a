"""The body of a connector from its front view and the side view beside it: they share the height."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from worker.datasheet.body.edge_coverage import covered
from worker.datasheet.body.found import Found
from worker.datasheet.drawing import scale
from worker.datasheet.drawing.dimensions import DimensionReading
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.geometry.primitives import around
from worker.datasheet.text.quantities import Quantity
from worker.datasheet.thresholds.drawing import END_PT, FACE_PART, VIEW_AT_SPAN


def read(drawing: Drawing) -> Found | None:
    """Length by the longest letter or formula along x, height by the longest dimension along y, depth from the side view."""
    near = [r for r in drawing.readings if r.cost < VIEW_AT_SPAN and r.quantity.kind == "length"]
    lengths = [r for r in near if r.span.axis == 0 and (r.quantity.symbol or r.quantity.formula)]
    plain = [r for r in near if not (r.quantity.symbol or r.quantity.formula)]
    drawn = scale.solve(plain)
    if not lengths or drawn is None:
        return None
    bound = scale.assign(plain, drawn)
    heights = [r for r in bound if r.span.axis == 1 and not r.quantity.reference]
    if not heights:
        return None
    length = max(lengths, key=lambda r: (r.quantity.target, -r.cost))
    height = max(heights, key=lambda r: (r.span.length, -r.cost))
    ends = length.span
    beside = [
        r for r in bound if r.span.axis == 0 and not r.quantity.reference and not ends.start < _middle(r) < ends.end
    ]
    depths = [d for d in _chains(beside) if all(_face(x, height, drawing) for x in (d[0].span.start, d[-1].span.end))]
    if not depths:
        return None
    depth = _sum(max(depths, key=lambda d: d[-1].span.end - d[0].span.start))
    return Found([length.quantity, depth], height.quantity, how="front view and side view")


def _chains(readings: list[DimensionReading]) -> list[tuple[DimensionReading, ...]]:
    """Single dimensions, and pairs of which one begins where the other ends."""
    pairs = product(readings, readings)
    return [(r,) for r in readings] + [(a, b) for a, b in pairs if abs(a.span.end - b.span.start) < END_PT]


def _middle(reading: DimensionReading) -> float:
    return (reading.span.start + reading.span.end) / 2


def _face(x: float, height: DimensionReading, drawing: Drawing) -> bool:
    """Whether the view has an upright edge there, within its height."""
    low, high = height.span.start, height.span.end
    return covered(drawing.grid.near(1, x, END_PT), low, high) > FACE_PART


def _sum(chain: tuple[DimensionReading, ...]) -> Quantity:
    if len(chain) == 1:
        return chain[0].quantity
    parts = [r.quantity for r in chain]
    printed = [q.printed for q in parts]
    return replace(
        parts[0], value=round(sum(q.target for q in parts), 6), low=None, high=None, printed=" ".join(printed),
        box=around([q.box for q in parts]), confidence=min(q.confidence for q in parts), formula=" + ".join(printed),
    )  # fmt: skip
