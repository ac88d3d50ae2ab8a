"""Dimension lines of synthetic drawings: arrows, extension lines, and numbers placed where nothing else stands."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from worker.datasheet.synthetic.canvas import CAP, SheetCanvas
from worker.datasheet.synthetic.part import Axis
from worker.datasheet.synthetic.style import Style

Area = tuple[float, float, float, float]
ARROW_PT, HALF_ARROW_PT, TAIL_PT = 5.0, 1.5, 11.0
STEP_PT = 5.0
TIERS = 26
LINE_SKIP = 1.18


def meets(a: Area, b: Area, slack: float = 0.0) -> bool:
    """Whether two areas (x0, y0, x1, y1) come nearer than `slack`."""
    return a[0] < b[2] + slack and b[0] < a[2] + slack and a[1] < b[3] + slack and b[1] < a[3] + slack


@dataclass(frozen=True, slots=True)
class DrawnSpan:
    """What is measured along `axis`: ends `a` < `b` in points, and how far across each feature reaches (low and high side)."""

    axis: Axis
    a: float
    b: float
    reach_a: tuple[float, float]
    reach_b: tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Plan:
    """One way to draw a dimension, in coordinates along and across the measured axis."""

    across: float
    text: Area
    outside: bool
    upwards: bool
    low_side: bool
    after: bool  # the number stands behind the far end


@dataclass
class Dimensions:
    """Draws the dimensions of one figure; `figure` is the area of its shapes."""

    canvas: SheetCanvas
    style: Style
    figure: Area
    texts: list[Area] = field(default_factory=list)
    lines: list[Area] = field(default_factory=list)

    def block(self, lines: list[str]) -> tuple[float, float]:
        """Width and height in points of lines set below each other."""
        size = self.style.text_pt
        wide = max(self.canvas.text_width(t, size) for t in lines)
        return wide, size * (CAP + LINE_SKIP * (len(lines) - 1))

    def add(self, span: DrawnSpan, lines: list[str], what: str) -> None:
        """Draws one dimension at the first free place, nearest side first."""
        plan = self._choose(span, lines)
        self._extend(span, plan)
        self._measure(span, plan)
        self._print(plan, lines, what)
        self.texts.append(plan.text)
        self.lines.append(self._line_area(span, plan))

    # --- choosing a place ---

    def _choose(self, span: DrawnSpan, lines: list[str]) -> _Plan:
        """The nearest free place; failing that one whose extension lines cross a number, as crowded drawings have them."""
        plans = self._plans(span, lines)
        for crossing in (False, True):
            for plan in plans:
                if self._free(plan, span) and (crossing or not self._crosses(plan, span)):
                    return plan
        raise ValueError("no free place for a dimension")

    def _plans(self, span: DrawnSpan, lines: list[str]) -> list[_Plan]:
        low, high = (self.figure[1], self.figure[3]) if span.axis == 0 else (self.figure[0], self.figure[2])
        to_low = min(span.reach_a[0], span.reach_b[0]) - low
        to_high = high - max(span.reach_a[1], span.reach_b[1])
        sides = (True, False) if to_low < to_high - 0.5 else (False, True)
        found = []
        for tier in range(TIERS):
            for low_side in sides:
                off = 12.0 + tier * STEP_PT
                across = low - off if low_side else high + off
                found.extend(self._at(span, lines, across, low_side))
        return found

    def _at(self, span: DrawnSpan, lines: list[str], across: float, low_side: bool) -> list[_Plan]:
        wide, tall = self.block(lines)
        upwards = span.axis == 1 and not self.style.level_text
        along, thick = (wide, tall) if span.axis == 0 or upwards else (tall, wide)
        middle = (span.a + span.b) / 2
        on_line = self.style.text_on_line and (span.axis == 0 or upwards)
        centre = across - (thick / 2 + 1.8) if on_line else across
        if span.b - span.a > along + 2 * ARROW_PT + 5:
            return [_Plan(across, self._area(span, middle, centre, along, thick), False, upwards, low_side, False)]
        gap = TAIL_PT + along / 2 + 2.5
        beyond = [(span.b + gap, True), (span.a - gap, False)]
        return [
            _Plan(across, self._area(span, m, across, along, thick), True, upwards, low_side, after)
            for m, after in beyond
        ]

    @staticmethod
    def _area(span: DrawnSpan, along: float, across: float, long: float, thick: float) -> Area:
        if span.axis == 0:
            return along - long / 2, across - thick / 2, along + long / 2, across + thick / 2
        return across - thick / 2, along - long / 2, across + thick / 2, along + long / 2

    def _line_area(self, span: DrawnSpan, plan: _Plan) -> Area:
        more = TAIL_PT if plan.outside else 0.0
        low, high = span.a - more, span.b + more
        if span.axis == 0:
            return low, plan.across - HALF_ARROW_PT, high, plan.across + HALF_ARROW_PT
        return plan.across - HALF_ARROW_PT, low, plan.across + HALF_ARROW_PT, high

    def _extensions(self, span: DrawnSpan, plan: _Plan) -> list[tuple[float, float, float]]:
        """Position along the axis, start and end across it, of both extension lines."""
        found = []
        for at, reach in ((span.a, span.reach_a), (span.b, span.reach_b)):
            start, end = (reach[0] - 1.5, plan.across - 2.5) if plan.low_side else (reach[1] + 1.5, plan.across + 2.5)
            found.append((at, start, end))
        return found

    def _free(self, plan: _Plan, span: DrawnSpan) -> bool:
        own = self._line_area(span, plan)
        if (
            plan.text[0] < 22
            or plan.text[2] > self.canvas.width - 22
            or plan.text[1] < 30
            or plan.text[3] > self.canvas.height - 25
        ):
            return False
        if meets(plan.text, self.figure, 2.0) or any(meets(plan.text, t, 3.0) for t in self.texts):
            return False
        if any(meets(plan.text, line, 1.5) for line in self.lines) or any(meets(own, t, 1.5) for t in self.texts):
            return False
        return not any(meets(own, line, 1.0) for line in self.lines)

    def _crosses(self, plan: _Plan, span: DrawnSpan) -> bool:
        """Whether an extension line would run through a number."""
        for at, start, end in self._extensions(span, plan):
            low, high = min(start, end), max(start, end)
            stroke = (at - 0.5, low, at + 0.5, high) if span.axis == 0 else (low, at - 0.5, high, at + 0.5)
            if any(meets(stroke, t, 0.5) for t in self.texts):
                return True
        return False

    # --- drawing ---

    def _stroke(self, span: DrawnSpan, a: float, b: float, across: float) -> None:
        ends = (a, across, b, across) if span.axis == 0 else (across, a, across, b)
        self.canvas.line(*ends, pen=0.5)

    def _extend(self, span: DrawnSpan, plan: _Plan) -> None:
        for at, start, end in self._extensions(span, plan):
            ends = (at, start, at, end) if span.axis == 0 else (start, at, end, at)
            self.canvas.line(*ends, pen=0.4)
            self.lines.append(_around(ends))

    def _measure(self, span: DrawnSpan, plan: _Plan) -> None:
        if plan.outside:
            self._stroke(span, span.a - TAIL_PT, span.a, plan.across)
            self._stroke(span, span.b, span.b + TAIL_PT, plan.across)
            self._arrow(span, span.a, plan.across, 1)
            self._arrow(span, span.b, plan.across, -1)
            return
        low, high = (plan.text[0], plan.text[2]) if span.axis == 0 else (plan.text[1], plan.text[3])
        middle = plan.text[1] + plan.text[3] if span.axis == 0 else plan.text[0] + plan.text[2]
        if abs(middle / 2 - plan.across) > 1.0:
            self._stroke(span, span.a, span.b, plan.across)
        else:
            self._stroke(span, span.a, low - 1.5, plan.across)
            self._stroke(span, high + 1.5, span.b, plan.across)
        self._arrow(span, span.a, plan.across, -1)
        self._arrow(span, span.b, plan.across, 1)

    def _arrow(self, span: DrawnSpan, tip: float, across: float, sign: int) -> None:
        """An arrow head with its point at `tip`, pointing along +axis for sign 1."""
        point = (tip, across) if span.axis == 0 else (across, tip)
        draw_arrow(self.canvas, point, (sign, 0) if span.axis == 0 else (0, sign), self.style.arrow)

    def _print(self, plan: _Plan, lines: list[str], what: str) -> None:
        print_block(self.canvas, plan.text, lines, self.style.text_pt, what, plan.upwards)

    def leader(self, point: tuple[float, float], lines: list[str], what: str) -> None:
        """A number outside the figure with an arrow to the point it is about. Raises ValueError where no place is free."""
        wide, tall = self.block(lines)
        up = point[1] - self.figure[1] < self.figure[3] - point[1]
        near, far = (-1, 1) if up else (1, -1)
        for tier in range(TIERS):
            for sx, sy in ((1, near), (-1, near), (1, far), (-1, far)):
                y = (self.figure[1] if sy < 0 else self.figure[3]) + sy * (14 + tier * STEP_PT)
                x = point[0] + sx * (abs(y - point[1]) * 0.6)
                end = x + sx * (6 + wide)
                area = (min(x + sx * 8, end + sx * 2), y - tall / 2, max(x + sx * 8, end + sx * 2), y + tall / 2)
                if (
                    not any(meets(area, t, 3.0) for t in self.texts + self.lines)
                    and area[0] > 22
                    and area[2] < self.canvas.width - 22
                ):
                    self._lead(point, (x, y), sx, area, lines, what)
                    return
        raise ValueError("no free place for a leader")

    def _lead(
        self, point: tuple[float, float], elbow: tuple[float, float], sx: int, area: Area, lines: list[str], what: str
    ) -> None:
        d = (point[0] - elbow[0], point[1] - elbow[1])
        long = math.hypot(*d) or 1.0
        self.canvas.line(*point, *elbow, pen=0.5)
        self.canvas.line(*elbow, elbow[0] + sx * 6, elbow[1], pen=0.5)
        draw_arrow(self.canvas, point, (d[0] / long, d[1] / long), self.style.arrow)
        centre = (area[0] + area[2]) / 2
        wide, tall = self.block(lines)
        area = (centre - wide / 2, elbow[1] - tall / 2, centre + wide / 2, elbow[1] + tall / 2)
        print_block(self.canvas, area, lines, self.style.text_pt, what, False)
        self.texts.append(area)


def _around(ends: tuple[float, float, float, float]) -> Area:
    x0, y0, x1, y1 = ends
    return min(x0, x1) - 0.3, min(y0, y1) - 0.3, max(x0, x1) + 0.3, max(y0, y1) + 0.3


def print_block(canvas: SheetCanvas, area: Area, lines: list[str], size: float, what: str, upwards: bool) -> None:
    """Lines of text filling an area from its top (from its left when they read upwards)."""
    half = CAP * size / 2
    for i, line in enumerate(lines):
        off = i * LINE_SKIP * size
        x, y = (
            ((area[0] + half + off), (area[1] + area[3]) / 2)
            if upwards
            else ((area[0] + area[2]) / 2, area[1] + half + off)
        )
        canvas.text(x, y, line, size, what, upwards)


def draw_arrow(canvas: SheetCanvas, tip: tuple[float, float], direction: tuple[float, float], kind: str) -> None:
    """An arrow head whose point is at `tip`; `direction` is where it points, of length 1."""
    dx, dy = direction
    base = (tip[0] - ARROW_PT * dx, tip[1] - ARROW_PT * dy)
    left = (base[0] - HALF_ARROW_PT * dy, base[1] + HALF_ARROW_PT * dx)
    right = (base[0] + HALF_ARROW_PT * dy, base[1] - HALF_ARROW_PT * dx)
    if kind == "filled":
        canvas.polygon([tip, left, right])
    elif kind == "open":
        canvas.polygon([tip, left, right], filled=False)
    else:
        canvas.line(*tip, *left, pen=0.5)
        canvas.line(*tip, *right, pen=0.5)
