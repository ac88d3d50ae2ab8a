"""Moves the ends of spans onto what they mean: the lines that arrow heads stop short of, and the edge beyond a jog."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.drawing.dimensions import DimensionSpan
from worker.datasheet.geometry.grid import StrokeGrid
from worker.datasheet.thresholds.drawing import (
    JOG_JOINT_PT,
    JOG_LEAST_PT,
    JOG_LINE_PT,
    JOG_MOST_PT,
    TIP_ALIKE_PT,
    TIP_ON_LINE_PT,
    TIP_SHORT_PART,
    TIP_SHORT_PT,
)


def onto_lines(span: DimensionSpan, grid: StrokeGrid) -> DimensionSpan:
    """The span between the lines that its arrows point at, where both stop short of one alike."""
    outward = 1.0 if span.inside else -1.0
    start, end = (_short(span, at, way, grid) for at, way in ((span.start, -outward), (span.end, outward)))
    if start is None or end is None or abs(start - end) > TIP_ALIKE_PT:
        return span
    moved = replace(span, start=span.start - outward * start, end=span.end + outward * end)
    return moved if max(start, end) < TIP_SHORT_PART * span.length else span


def _short(span: DimensionSpan, at: float, way: float, grid: StrokeGrid) -> float | None:
    """How far a tip stops short of the line it points at; None where it points at none."""
    rows = grid.near(1 - span.axis, at, TIP_SHORT_PT)
    crossing = rows[(rows[:, 1] < span.at + TIP_ON_LINE_PT) & (rows[:, 2] > span.at - TIP_ON_LINE_PT)]
    ahead = [float(v) for v in (crossing[:, 0] - at) * way if v > -TIP_ON_LINE_PT]
    return min((max(v, 0.0) for v in ahead), default=None)


def jogs_of(lines: NDArray[np.float64]) -> NDArray[np.float64]:
    """The short oblique strokes of a pen among those of a sheet, either way round: rows of x, y at one end and at the other."""
    if not len(lines):
        return np.zeros((0, 4))
    drawn = lines[lines[:, 4] > 0]
    run = np.abs(drawn[:, 2:4] - drawn[:, :2])
    chosen = drawn[(run > JOG_LEAST_PT).all(axis=1) & (run < JOG_MOST_PT).all(axis=1), :4]
    return np.vstack([chosen, chosen[:, [2, 3, 0, 1]]])


def past_jogs(span: DimensionSpan, jogs: NDArray[np.float64], grid: StrokeGrid) -> DimensionSpan:
    """The span between the edges it measures where its extension lines give way to each other by a jog on their way there."""
    start, end = (_past_jog(span, at, jogs, grid) for at in (span.start, span.end))
    return replace(span, start=start, end=end) if end > start else span


def _past_jog(span: DimensionSpan, at: float, jogs: NDArray[np.float64], grid: StrokeGrid) -> float:
    """Where an extension line at `at` goes on beyond its jog; `at` itself where it has none."""
    along, across = span.axis, 1 - span.axis
    for jog in jogs[np.abs(jogs[:, along] - at) < JOG_JOINT_PT]:
        near, far, on = float(jog[across]), float(jog[2 + across]), float(jog[2 + along])
        before, after = grid.near(across, at, JOG_JOINT_PT), grid.near(across, on, JOG_JOINT_PT)
        after = after[after[:, 2] - after[:, 1] > JOG_LINE_PT]  # longer than the back of an arrow head
        comes = (before[:, 1] < min(near, span.at) + 2 * JOG_JOINT_PT) & (
            before[:, 2] > max(near, span.at) - 2 * JOG_JOINT_PT
        )
        ends = after[:, 1] if far > near else after[:, 2]
        if comes.any() and (far - near) * (near - span.at) > 0 and (np.abs(ends - far) < JOG_JOINT_PT).any():
            return on
    return at
