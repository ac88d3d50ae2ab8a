"""Follows the leader from the words "pin 1" to the pad it points at."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.drawing import Drawing
from worker.datasheet.marks import Box
from worker.datasheet.shapes import Shape

_FIRST = re.compile(
    r"^(?=.*[A-Za-z#])(?:(?:circuit|contact|pin|terminal|position|pos\.?|pole|lead)\s*)?(?:no\.?|#|number)?\s*1"
    r"(?:\s*(?:mark|id|index|identification|corner))?$",
    re.IGNORECASE,
)
AT_TEXT_PT, JOINT_PT, TIP_PT = 4.0, 1.2, 8.0
PIECES = 3


def first_pad(pads: list[Shape], drawing: Drawing) -> Shape | None:
    """The pad that the leader of a first pin's name ends at."""
    best: tuple[float, Shape] | None = None
    for line in drawing.lines:
        if not _FIRST.match(line.text):
            continue
        for x, y in _ends(line.box, drawing.sheet.lines):
            pad = min(pads, key=lambda p: p.box.distance(x, y))
            gap = pad.box.distance(x, y)
            if gap < TIP_PT and gap < pad.box.gap(line.box) and (best is None or gap < best[0]):
                best = (gap, pad)
    return best[1] if best else None


def _ends(text: Box, lines: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Where the strokes end that start at a text, followed over a few joints."""
    if not len(lines):
        return []
    ends = np.concatenate([lines[:, [0, 1, 2, 3]], lines[:, [2, 3, 0, 1]]])
    near = text.grown(AT_TEXT_PT)
    x, y = ends[:, 0], ends[:, 1]
    reached = ends[(x > near.x0) & (x < near.x1) & (y > near.y0) & (y < near.y1)][:, 2:4]
    found = list(map(tuple, reached))
    for _ in range(PIECES - 1):
        reached = np.concatenate([ends[np.hypot(x - a, y - b) < JOINT_PT][:, 2:4] for a, b in reached] or [reached])[
            :40
        ]
        found += list(map(tuple, reached))
    return [(float(a), float(b)) for a, b in found if not near.holds_point(a, b)]
