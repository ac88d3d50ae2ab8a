"""Signs and digits that a drawing program draws instead of printing them: the circle that means a diameter, zeros."""

from __future__ import annotations

import re
from dataclasses import replace

from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.geometry.primitives import Box, around
from worker.datasheet.text.phrases import frame
from worker.datasheet.text.quantities import Quantity
from worker.datasheet.thresholds.drawing import SIGN_GAP, SIGN_HIGH, SIGN_LEVEL, SIGN_ROUND, SIGN_SLACK_PT


def marked(numbers: list[Quantity], shapes: list[Shape]) -> list[Quantity]:
    """The numbers, those with a drawn circle of their height right before them as diameters that include it."""
    circles = [s.box for s in shapes if s.kind == "circle"]
    return [_marked(q, circles) if q.kind == "length" else q for q in numbers]


def _marked(q: Quantity, circles: list[Box]) -> Quantity:
    sign = next((c for c in circles if before(c, q.box, q.turn, q.size)), None)
    return q if sign is None else replace(q, kind="diameter", box=around([sign, q.box]))


def before(sign: Box, number: Box, turn: int, size: float) -> bool:
    """Whether a circle, or a square, as high as letters of `size` points stands in the line of a number where it begins."""
    begin, _, top, bottom = frame(number, turn)
    _, end, over, under = frame(sign, turn)
    high = SIGN_HIGH[0] * size < under - over < SIGN_HIGH[1] * size
    upright = abs(sign.width - sign.height) < SIGN_ROUND * sign.height
    level = abs((over + under) - (top + bottom)) / 2 < SIGN_LEVEL * size
    return high and upright and level and -SIGN_LEVEL * size < begin - end < SIGN_GAP * size


def without_digits(shapes: list[Shape], numbers: list[Quantity]) -> list[Shape]:
    """The shapes but for the closed digits of numbers with a point that were read from strokes."""
    drawn = [q for q in numbers if q.confidence < 1.0 and re.search(r"\d[.,]|[.,]\d", q.printed)]
    return [s for s in shapes if not any(q.box.holds(s.box, SIGN_SLACK_PT) for q in drawn)]
