"""Drops the gaps between dimensions on one level that only look like dimensions with their arrows outside."""

from __future__ import annotations

import math

from worker.datasheet.drawing.dimensions import DimensionReading, DimensionSpan
from worker.datasheet.geometry.grid import StrokeGrid
from worker.datasheet.thresholds.drawing import CHANCE_OWN, CHANCE_SCALE, SPAN_SAME_PT, SPAN_SKEW_PT


def without(
    spans: list[DimensionSpan], readings: list[DimensionReading], grid: StrokeGrid
) -> tuple[list[DimensionSpan], list[DimensionReading]]:
    """The spans and readings without those of gaps: two drawn dimensions end there, and no number stands at one as theirs do."""
    own = _own_costs(readings)
    drawn = [s for s in spans if s.inside]
    chance = {
        id(s) for s in spans if not s.inside
        and (beside := _beside(s, drawn, grid)) and (_is_gap(s, beside, own) or _off_scale(s, beside, readings))
    }  # fmt: skip
    return [s for s in spans if id(s) not in chance], [r for r in readings if id(r.span) not in chance]


def _own_costs(readings: list[DimensionReading]) -> dict[int, float]:
    """How near its number stands to each span, of those that stand about as near to no other one."""
    least: dict[int, float] = {}
    for r in readings:
        least[id(r.quantity)] = min(r.cost, least.get(id(r.quantity), r.cost))
    own: dict[int, float] = {}
    for r in readings:
        if r.cost <= least[id(r.quantity)] + CHANCE_OWN:
            own[id(r.span)] = min(r.cost, own.get(id(r.span), r.cost))
    return own


def _beside(span: DimensionSpan, drawn: list[DimensionSpan], grid: StrokeGrid) -> list[DimensionSpan]:
    """The drawn dimensions of the same line that end at the ends of a span; none where one end has none."""
    level = [s for s in drawn if s.axis == span.axis and abs(s.at - span.at) < SPAN_SKEW_PT]
    before = [s for s in level if abs(s.end - span.start) < SPAN_SAME_PT]
    after = [s for s in level if abs(s.start - span.end) < SPAN_SAME_PT]
    return [*before, *after] if before and after and not _drawn_across(span, grid) else []


def _is_gap(span: DimensionSpan, beside: list[DimensionSpan], own: dict[int, float]) -> bool:
    """Whether the number of a span between drawn dimensions is none of its own."""
    most = max((own[id(s)] for s in beside if id(s) in own), default=0.0)
    return own.get(id(span), math.inf) > most + CHANCE_OWN


def _off_scale(span: DimensionSpan, beside: list[DimensionSpan], readings: list[DimensionReading]) -> bool:
    """Whether no number at a span is of the scale of any at the dimensions beside it."""
    scales = [_scales(s, readings) for s in beside]
    near = [v for own in scales for v in own]
    return all(scales) and all(max(a / b, b / a) > CHANCE_SCALE for a in _scales(span, readings) for b in near)


def _scales(span: DimensionSpan, readings: list[DimensionReading]) -> list[float]:
    """Points per millimetre by every number at a span."""
    return [span.length / r.quantity.target for r in readings if r.span is span and r.quantity.target > 0]


def _drawn_across(span: DimensionSpan, grid: StrokeGrid) -> bool:
    """Whether the line goes on through the middle of a span: short dimensions part a longer one there."""
    rows, middle = grid.near(span.axis, span.at), (span.start + span.end) / 2
    return bool(((rows[:, 1] < middle) & (rows[:, 2] > middle)).any())
