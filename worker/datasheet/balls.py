"""Names the discs of a ball grid by row letter and column number."""

from __future__ import annotations

import numpy as np

from worker.datasheet.shapes import Shape

BALL_ROWS = "ABCDEFGHJKLMNPRTUVWY"


def ball_names(pads: list[Shape]) -> list[str] | None:
    """Grid names (A1 at the upper left) when the pads fill a grid of at least three rows and columns of discs."""
    if len(pads) < 4 or any(p.kind != "circle" for p in pads):
        return None
    step = min(p.box.width for p in pads) * 0.5
    xs = _levels([p.box.cx for p in pads], step)
    ys = _levels([p.box.cy for p in pads], step)
    if max(xs) < 1 or max(ys) < 1 or max(ys) >= len(BALL_ROWS) or len(pads) < 0.5 * (max(xs) + 1) * (max(ys) + 1):
        return None
    return [f"{BALL_ROWS[y]}{x + 1}" for x, y in zip(xs, ys, strict=True)]


def _levels(values: list[float], step: float) -> list[int]:
    levels: list[float] = []
    for v in sorted(values):
        if not levels or v - levels[-1] > step:
            levels.append(v)
    return [int(np.argmin([abs(v - level) for level in levels])) for v in values]
