"""Draws the outline of a made-up part: top, side and bottom views with their dimensions, and the table of symbols."""

from __future__ import annotations

from dataclasses import dataclass

from worker.datasheet.synthetic.canvas import SheetCanvas
from worker.datasheet.synthetic.dimension import Area, Dimensions, DrawnSpan
from worker.datasheet.synthetic.land import SheetFrame
from worker.datasheet.synthetic.part import BodyDim, Spread, SyntheticPart
from worker.datasheet.synthetic.printing import counted, number, printed
from worker.datasheet.synthetic.style import Style


@dataclass(frozen=True, slots=True)
class Places:
    """Where the views of an outline stand on the page and how much room a view has, in points."""

    top: tuple[float, float]
    side: tuple[float, float]
    bottom: tuple[float, float]
    room: tuple[float, float]
    table: tuple[float, float]


FULL = Places((170, 235), (170, 440), (425, 235), (125, 135), (90, 540))
HALF = Places((150, 205), (150, 365), (420, 205), (90, 85), (330, 320))


class OutlineFigure:
    """The views of one part; what they state is collected in `stated`, by the name of the dimension."""

    def __init__(self, canvas: SheetCanvas, style: Style, part: SyntheticPart, places: Places) -> None:
        self.canvas, self.style, self.part, self.places = canvas, style, part, places
        self.stated: dict[str, tuple[BodyDim, Spread, str]] = {}
        reach_x = max([part.size[0], *(2 * abs(r.x) + r.w for r in part.leads)])
        reach_y = max([part.size[1], *(2 * abs(r.y) + r.h for r in part.leads)])
        scale = min(places.room[0] / reach_x, places.room[1] / (reach_y * style.stretch), 45.0)
        self.scale = (scale, scale * style.stretch)
        self.reach = (reach_x, reach_y)

    def draw(self) -> None:
        """Draw the views that the part's style shows, and its table of letters where the style has one."""
        self._top()
        self._side()
        if self.part.feet and not self.part.through:
            self._bottom()
        if self.style.outline == "table":
            self._table()

    def _frame(self, middle: tuple[float, float]) -> SheetFrame:
        return SheetFrame(*middle, *self.scale)

    def _top(self) -> None:
        frame = self._frame(self.places.top)
        part = self.part
        self.canvas.rect(*frame.area(0, 0, *part.size))
        for r in part.leads:
            self.canvas.rect(*frame.area(r.x, r.y, r.w, r.h))
        dims = Dimensions(self.canvas, self.style, frame.area(0, 0, *self.reach))
        if part.pin1 is not None and self.style.dot:
            self.canvas.circle(*frame.at(*part.pin1), 2.5)
        for text, x, y in part.labels:
            dims.texts.append(self.canvas.text(*frame.at(x, y), text, self.style.text_pt - 1, f"pin {text}"))
        self._dimension(dims, frame, "top")
        self._caption(dims, "TOP VIEW")

    def _side(self) -> None:
        """The body from the front, standing on its seating plane at y = 0."""
        part, height = self.part, self.part.height.target
        stretch = self.scale[0] if height * self.scale[0] < 70 else 70 / height
        frame = SheetFrame(self.places.side[0], self.places.side[1], self.scale[0], stretch)
        stand = 0.0 if part.feet else 0.08 * height
        self.canvas.rect(*frame.area(0, -(height + stand) / 2, part.size[0], height - stand))
        reach = max([part.size[0], *(2 * abs(r.x) + r.w for r in part.leads)])
        left, right = frame.at(-reach / 2 - 0.1, 0), frame.at(reach / 2 + 0.1, 0)
        self.canvas.line(*left, *right, pen=0.4)
        for sign in (-1, 1):
            if reach > part.size[0] + 0.05:
                long = (reach - part.size[0]) / 2
                self.canvas.rect(*frame.area(sign * (part.size[0] + long) / 2, -0.06 * height, long, 0.12 * height))
        dims = Dimensions(self.canvas, self.style, (left[0], frame.at(0, -height)[1], right[0], left[1]))
        self._dimension(dims, frame, "side")
        self._caption(dims, "SIDE VIEW")

    def _bottom(self) -> None:
        """Seen from below: mirrored left to right."""
        frame = self._frame(self.places.bottom)
        self.canvas.rect(*frame.area(0, 0, *self.part.size))
        for r in self.part.feet:
            if self.part.round_feet:
                self.canvas.circle(*frame.at(-r.x, r.y), r.w / 2 * frame.sx)
            else:
                self.canvas.rect(*frame.area(-r.x, r.y, r.w, r.h))
        dims = Dimensions(self.canvas, self.style, frame.area(0, 0, *self.part.size))
        self._dimension(dims, frame, "bottom")
        self._caption(dims, "BOTTOM VIEW")

    def _caption(self, dims: Dimensions, text: str) -> None:
        area = dims.figure
        low = max([area[3], *(t[3] for t in dims.texts + dims.lines)])
        self.canvas.text((area[0] + area[2]) / 2, low + 12, text, 7.0)

    def _dimension(self, dims: Dimensions, frame: SheetFrame, view: str) -> None:
        own = [d for d in self.part.dims if d.view == view]
        for dim in sorted(own, key=lambda d: abs(d.b - d.a)):
            lines, stated = self._lines(dim)
            if dim.name not in self.stated:
                self.stated[dim.name] = (dim, stated, "/".join(lines) if self.style.outline != "table" else dim.symbol)
            dims.add(_span(dim, frame), lines, dim.name)

    def _lines(self, dim: BodyDim) -> tuple[list[str], Spread]:
        if self.style.outline == "table":
            return counted([dim.symbol], dim.count if self.style.count == "x_before" else 1, self.style), _tabled(dim)
        lines, stated = printed(dim.value, self.style, self.style.outline, dim.tag)
        return counted(lines, dim.count, self.style), stated

    def _table(self) -> None:
        rows = sorted((d for d, _, _ in self.stated.values()), key=lambda d: d.symbol)
        cells = [[d.symbol, *_limits(_tabled(d), self.style, d.tag)] for d in rows]
        draw_table(self.canvas, self.places.table, ["SYMBOL", "MIN", "NOM", "MAX"], cells, "MILLIMETERS")


def _tabled(dim: BodyDim) -> Spread:
    """What a min/nom/max table states: all three where there are limits."""
    return dim.value


def _limits(value: Spread, style: Style, tag: str) -> list[str]:
    if tag in ("BSC", "REF", "TYP"):
        return ["", f"{number(value.target, style)} {tag}", ""]
    return ["-" if v is None else number(v, style) for v in (value.min, value.nom, value.max)]


def _span(dim: BodyDim, frame: SheetFrame) -> DrawnSpan:
    """The measured span on the page; a bottom view is drawn mirrored, which its own coordinates already are."""
    a, b = frame.at(dim.a, dim.a), frame.at(dim.b, dim.b)
    feature = frame.at(dim.at, dim.at)[1 - dim.axis]
    low, high = sorted((a[dim.axis], b[dim.axis]))
    return DrawnSpan(dim.axis, low, high, (feature, feature), (feature, feature))


def draw_table(
    canvas: SheetCanvas, at: tuple[float, float], head: list[str], rows: list[list[str]], over: str, size: float = 7.0
) -> Area:
    """A ruled table; the unit stands over the value columns. The first column is as wide as its longest text."""
    first = max(canvas.text_width(r[0], size) for r in [head, *rows]) + 10
    widths = [first] + [52.0] * (len(head) - 1)
    tall = size + 4.5
    x0, y0 = at
    total = sum(widths)
    canvas.text(x0 + first + (total - first) / 2, y0 + tall / 2, over, size)
    for i, row in enumerate([head, *rows], start=1):
        x = x0
        for text, wide in zip(row, widths, strict=True):
            if text:
                canvas.text(x + wide / 2, y0 + (i + 0.5) * tall, text, size, f"table {row[0]}" if i > 1 else "")
            x += wide
    end = y0 + (len(rows) + 2) * tall
    for i in range(len(rows) + 3):
        canvas.line(x0, y0 + i * tall, x0 + total, y0 + i * tall, pen=0.4)
    x = x0
    for wide in [0.0, *widths]:
        x += wide
        canvas.line(x, y0, x, end, pen=0.4)
    return x0, y0, x0 + total, end
