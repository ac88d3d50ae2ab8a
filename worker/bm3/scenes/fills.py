"""What shapes are painted with: a colour, or two in a pattern, so that an outline is known whatever fills it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from worker.bm3.scenes.world import Fill, Rgb

Share = NDArray[np.float64]

# Where in the unit square (x to the right, y down) the second colour lies.
FIGURES: dict[str, Callable[[Share, Share], NDArray[np.bool_]]] = {
    "halves": lambda x, y: x + y < 1,
    "stripes": lambda x, y: (4 * (x + y)) % 1 < 0.5,
    "band": lambda _, y: abs(y - 0.5) < 0.1,
    "spots": lambda x, y: ((4 * x) % 1 < 0.4) & ((4 * y) % 1 < 0.4),
}


def painted(fill: Fill, side_px: int) -> NDArray[np.uint8]:
    """uint8 RGB (side, side, 3)."""
    pixels = np.full((side_px, side_px, 3), fill.ground, np.uint8)
    if fill.pattern:
        y, x = (np.mgrid[:side_px, :side_px] + 0.5) / side_px
        pixels[FIGURES[fill.pattern](x, y)] = fill.figure
    return pixels


def mixed(start: Fill, end: Fill, share: float) -> Fill:
    """The first fill on its way to the ground colour of the second."""
    return Fill(_mix(start.ground, end.ground, share), _mix(start.figure, end.ground, share), start.pattern)


def _mix(start: Rgb, end: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(start, end, strict=True))
    return red, green, blue
