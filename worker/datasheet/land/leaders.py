"""Finds the pad that a leader from the words "pin 1", or a dot, marks as the first."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Box
from worker.datasheet.thresholds.land import (
    LEADER_AT_TEXT_PT,
    LEADER_JOINT_PT,
    LEADER_TIP_PT,
    PIN1_DOT_LEAST_PT,
    PIN1_DOT_MORE_PT,
    PIN1_DOT_POINTS,
    PIN1_DOT_REACH,
    PIN1_DOT_REACH_LEAST_PT,
    PIN1_DOT_ROUND,
)

_FIRST = re.compile(
    r"^(?=.*[A-Za-z#])(?:(?:circuit|contact|pin|terminal|position|pos\.?|pole|lead)\s*)?(?:no\.?|#|number)?\s*1"
    r"(?:\s*(?:mark|id|index|identification|corner))?$",
    re.IGNORECASE,
)
PIECES = 3


def first_pad(pads: list[Shape], drawing: Drawing) -> Shape | None:
    """The pad that the leader of a first pin's name ends at."""
    best: tuple[float, Shape] | None = None
    for line in drawing.lines:
        if not _FIRST.match(line.text):
            continue
        for x, y in ends(line.box, drawing.sheet.lines):
            pad = min(pads, key=lambda p: p.box.distance(x, y))
            gap = pad.box.distance(x, y)
            if gap < LEADER_TIP_PT and gap < pad.box.gap(line.box) and (best is None or gap < best[0]):
                best = (gap, pad)
    return best[1] if best else None


def ends(text: Box, lines: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Page points where the strokes end that start at a text, followed over a few joints."""
    if not len(lines):
        return []
    ends = np.concatenate([lines[:, [0, 1, 2, 3]], lines[:, [2, 3, 0, 1]]])
    near = text.grown(LEADER_AT_TEXT_PT)
    x, y = ends[:, 0], ends[:, 1]
    reached = ends[(x > near.x0) & (x < near.x1) & (y > near.y0) & (y < near.y1)][:, 2:4]
    found = list(map(tuple, reached))
    for _ in range(PIECES - 1):
        reached = np.concatenate(
            [ends[np.hypot(x - a, y - b) < LEADER_JOINT_PT][:, 2:4] for a, b in reached] or [reached]
        )[:40]
        found += list(map(tuple, reached))
    return [(float(a), float(b)) for a, b in found if not near.holds_point(a, b)]


def dot_near(pads: list[Shape], drawing: Drawing) -> int | None:
    """The pad beside a filled dot outside all pads, the usual mark of pin 1."""
    small = min(min(p.box.width, p.box.height) for p in pads)
    best: tuple[float, int] | None = None
    for outline in drawing.sheet.outlines:
        b = outline.box
        if (
            not outline.filled
            or not PIN1_DOT_LEAST_PT < b.width < 2.0 * small + PIN1_DOT_MORE_PT
            or abs(b.width - b.height) > PIN1_DOT_ROUND * b.width
            or len(outline.points) < PIN1_DOT_POINTS
        ):
            continue
        if any(p.box.meets(b) for p in pads):
            continue
        gaps = [p.box.gap(b) for p in pads]
        i = int(np.argmin(gaps))
        if gaps[i] < PIN1_DOT_REACH * max(b.width, PIN1_DOT_REACH_LEAST_PT) and (best is None or gaps[i] < best[0]):
            best = (gaps[i], i)
    return best[1] if best else None
