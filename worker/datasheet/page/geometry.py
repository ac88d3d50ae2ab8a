"""Points and matrices of PDF pages."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]  # 3 x 3, row vectors: [x y 1] @ m
Point = tuple[float, float]


def placed(m: Matrix, x: float, y: float) -> Point:
    """A point moved by a PDF matrix, which multiplies row vectors from the right."""
    return (float(x * m[0, 0] + y * m[1, 0] + m[2, 0]), float(x * m[0, 1] + y * m[1, 1] + m[2, 1]))


def pen(width: float, m: Matrix, a: Point, b: Point) -> float:
    """How wide a stroke from a to b, in page points, is drawn across itself by a pen of a width in the matrix's own space.

    width * |det m| / |u m| with u the direction of the stroke before m: scaling that differs along x and y makes an upright
    stroke and a level one of the same pen differ.
    """
    det = float(m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0])
    dx, dy = b[0] - a[0], b[1] - a[1]
    long = float(np.hypot(dx, dy))
    if det == 0.0 or long == 0.0:
        return width * float(abs(det) ** 0.5)
    ux, uy = dx * m[1, 1] - dy * m[1, 0], dy * m[0, 0] - dx * m[0, 1]  # times det: the direction before m
    return width * float(np.hypot(ux, uy)) / long
