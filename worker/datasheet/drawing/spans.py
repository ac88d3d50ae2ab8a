"""Finds dimension lines: the spans between arrow tips on one line."""

from __future__ import annotations

from itertools import pairwise

from worker.datasheet.drawing.dimensions import DimensionSpan
from worker.datasheet.geometry.grid import StrokeGrid
from worker.datasheet.geometry.primitives import Box, Tip
from worker.datasheet.thresholds.drawing import (
    BROKEN_ACROSS_PT,
    GAP_MIDDLE,
    HEAD_COVER_PART,
    HEAD_COVER_PT,
    SPAN_SAME_PT,
    SPAN_SKEW_PT,
    TEXT_MARGIN_PT,
    UNDRAWN_MOST,
    WIDE_GAP,
)


def spans_of(tips: list[Tip], grid: StrokeGrid, texts: list[Box]) -> list[DimensionSpan]:
    """Distances between neighbouring tips on one line."""
    found: dict[tuple[int, int, int, int], DimensionSpan] = {}
    for axis in (0, 1):
        chosen = [t for t in tips if (t.dx if axis == 0 else t.dy) or (t.dx == 0 and t.dy == 0)]
        rows = sorted(chosen, key=lambda t: t.y if axis == 0 else t.x)
        for group in _same_line(rows, axis):
            for span in _pairs(group, axis):
                if not span.inside or _drawn(span, grid, texts):
                    key = (
                        axis,
                        round(span.at / SPAN_SAME_PT),
                        round(span.start / SPAN_SAME_PT),
                        round(span.end / SPAN_SAME_PT),
                    )
                    found[key] = span
    return list(found.values())


def _same_line(tips: list[Tip], axis: int) -> list[list[Tip]]:
    groups: list[list[Tip]] = []
    for tip in tips:
        at = tip.y if axis == 0 else tip.x
        last = groups[-1][-1] if groups else None
        if last is not None and at - (last.y if axis == 0 else last.x) < SPAN_SKEW_PT:
            groups[-1].append(tip)
        else:
            groups.append([tip])
    return groups


def _pairs(group: list[Tip], axis: int) -> list[DimensionSpan]:
    nodes: list[tuple[float, float, set[int]]] = []
    for tip in sorted(group, key=lambda t: t.x if axis == 0 else t.y):
        along, at = (tip.x, tip.y) if axis == 0 else (tip.y, tip.x)
        step = tip.dx if axis == 0 else tip.dy
        ways = {step} if step else {-1, 1}
        if nodes and along - nodes[-1][0] < SPAN_SAME_PT:
            nodes[-1][2].update(ways)
        else:
            nodes.append((along, at, ways))
    spans = []
    for (a, at, ways), (b, _, ways2) in pairwise(nodes):
        if -1 in ways and 1 in ways2:
            spans.append(DimensionSpan(axis, at, a, b, True))
        elif 1 in ways and -1 in ways2:
            spans.append(DimensionSpan(axis, at, a, b, False))
    return spans


def _drawn(span: DimensionSpan, grid: StrokeGrid, texts: list[Box]) -> bool:
    """Whether the dimension line between the tips is really there, its own text may interrupt it."""
    head = min(HEAD_COVER_PT, HEAD_COVER_PART * span.length)
    pieces = [(r[1], r[2]) for r in grid.near(span.axis, span.at)]
    pieces += [(span.start, span.start + head), (span.end - head, span.end)]
    roomy = [gap for gap in _gaps(span, pieces) if _middle(*gap, span, texts)]
    pieces += roomy if len(roomy) == 1 else []
    for box in texts:
        across = (box.y0, box.y1) if span.axis == 0 else (box.x0, box.x1)
        if across[0] - BROKEN_ACROSS_PT < span.at < across[1] + BROKEN_ACROSS_PT:
            pieces.append(
                (box.x0 - TEXT_MARGIN_PT, box.x1 + TEXT_MARGIN_PT)
                if span.axis == 0
                else (box.y0 - TEXT_MARGIN_PT, box.y1 + TEXT_MARGIN_PT)
            )
    return sum(high - low for low, high in _gaps(span, pieces)) < UNDRAWN_MOST * span.length


def _gaps(span: DimensionSpan, pieces: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The parts of a span that nothing covers."""
    gaps, reach = [], span.start
    for low, high in sorted(pieces):
        if low > reach:
            gaps.append((reach, min(low, span.end)))
        reach = max(reach, high)
        if reach >= span.end:
            return gaps
    return [*gaps, (reach, span.end)]


def _middle(low: float, high: float, span: DimensionSpan, texts: list[Box]) -> bool:
    """Whether a gap of a dimension line has a text in its middle, as wide gaps around numbers have."""
    if high - low > WIDE_GAP * span.length:
        return False
    for box in texts:
        at, across = (box.cx, (box.y0, box.y1)) if span.axis == 0 else (box.cy, (box.x0, box.x1))
        if across[0] < span.at < across[1] and abs(at - (low + high) / 2) < GAP_MIDDLE * (high - low):
            return True
    return False
