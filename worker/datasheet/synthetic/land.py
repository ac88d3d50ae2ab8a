"""Draws the recommended land pattern of a made-up part: pads, dimensions, pin numbers, and figures that only look like it."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace

from worker.datasheet.synthetic.canvas import SheetCanvas
from worker.datasheet.synthetic.dimension import Area, Dimensions, DrawnSpan, meets
from worker.datasheet.synthetic.part import MIDDLE, Edge, Link, PadSpec, SyntheticPart
from worker.datasheet.synthetic.printing import land_lines
from worker.datasheet.synthetic.style import Style


@dataclass(frozen=True, slots=True)
class SheetFrame:
    """Where millimetres of a figure lie on the page."""

    x: float
    y: float
    sx: float
    sy: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A place in millimetres as points from the page's top left."""
        return self.x + x * self.sx, self.y + y * self.sy

    def area(self, x: float, y: float, w: float, h: float) -> Area:
        """A rectangle by centre and size in millimetres as low x, low y, high x, high y in points of the page, y down."""
        return (
            self.x + (x - w / 2) * self.sx,
            self.y + (y - h / 2) * self.sy,
            self.x + (x + w / 2) * self.sx,
            self.y + (y + h / 2) * self.sy,
        )


def fitted(
    middle: tuple[float, float], size: tuple[float, float], room: tuple[float, float], stretch: float
) -> SheetFrame:
    """A frame that fits a figure of `size` millimetres around `middle` into `room` points."""
    scale = min(room[0] / size[0], room[1] / (size[1] * stretch), 60.0)
    return SheetFrame(middle[0], middle[1], scale, scale * stretch)


def extent(pads: list[PadSpec]) -> tuple[float, float, float, float]:
    """Low and high edges along x and y in millimetres."""
    return (
        min(p.edge(0, -1) for p in pads),
        min(p.edge(1, -1) for p in pads),
        max(p.edge(0, 1) for p in pads),
        max(p.edge(1, 1) for p in pads),
    )


def turned(part: SyntheticPart) -> tuple[list[PadSpec], list[Link]]:
    """Pads and links a quarter turn clockwise: (x, y) goes to (-y, x)."""
    pads = [replace(p, x=-p.y + 0.0, y=p.x, w=p.h, h=p.w, drill=p.drill[::-1] if p.drill else None) for p in part.pads]
    links = []
    for link in part.links:
        if link.axis == 0:
            links.append(replace(link, axis=1))
        else:
            a, b = link.a, link.b
            links.append(replace(link, axis=0, a=(b[0], _flip(b[1])), b=(a[0], _flip(a[1]))))
    return pads, links


def _flip(edge: Edge) -> Edge:
    return -edge


class LandFigure:
    """One land pattern on a sheet."""

    def __init__(
        self,
        canvas: SheetCanvas,
        style: Style,
        pads: list[PadSpec],
        middle: tuple[float, float],
        room: tuple[float, float],
    ) -> None:
        x0, y0, x1, y1 = extent(pads)
        frame = fitted(middle, (x1 - x0, y1 - y0), room, style.stretch)
        self.frame = replace(frame, x=frame.x - (x0 + x1) / 2 * frame.sx, y=frame.y - (y0 + y1) / 2 * frame.sy)
        drawn = 1.0 - style.scribble
        self.canvas, self.style, self.printed = canvas, style, pads
        self.pads = [replace(p, w=p.w * drawn, h=p.h * drawn) for p in pads] if style.scribble else pads
        low, high = self.frame.at(x0, y0), self.frame.at(x1, y1)
        self.figure: Area = (*low, *high)
        self.dimensions = Dimensions(canvas, style, self.figure)

    def draw(self, sized: list[bool]) -> None:
        """The pads; copper whose size is not stated is left out, only its hole is drawn."""
        for pad, known in zip(self.pads, sized, strict=True):
            self._pad(pad, known)
        if self.style.centre_lines:
            x, y = (self.figure[0] + self.figure[2]) / 2, (self.figure[1] + self.figure[3]) / 2
            dash = (8.0, 2.0, 2.0, 2.0)
            self.canvas.line(self.figure[0] - 4, y, self.figure[2] + 4, y, dash, 0.3)
            self.canvas.line(x, self.figure[1] - 4, x, self.figure[3] + 4, dash, 0.3)

    def _pad(self, pad: PadSpec, known: bool) -> None:
        area = self.frame.area(pad.x, pad.y, pad.w, pad.h)
        fill_style = self.style.fill_style if pad.drill is None else "outline"
        if pad.drill is not None:
            self._rounded(pad, *pad.drill)
        if pad.type == "np_thru_hole" or (pad.drill is not None and not known):
            return
        if pad.shape in ("circle", "oval"):
            self._rounded(pad, pad.w, pad.h, fill_style)
        elif pad.shape == "d_shape":
            self.canvas.d_shape(*area, round_end=inner_end(pad), fill_style=fill_style)
        else:
            self.canvas.rect(*area, radius=pad.radius * self.frame.sx, fill_style=fill_style)

    def _rounded(self, pad: PadSpec, w: float, h: float, fill_style: str = "outline") -> None:
        """A circle, or a slot with round ends, in the middle of a pad."""
        if w == h:
            self.canvas.circle(*self.frame.at(pad.x, pad.y), w / 2 * self.frame.sx, fill_style)
        else:
            self.canvas.rect(
                *self.frame.area(pad.x, pad.y, w, h), radius=min(w, h) / 2 * self.frame.sx, fill_style=fill_style
            )

    def number(self, names: set[str]) -> None:
        """Pin numbers in their pads or beside them, on the outer side. Raises ValueError where one would cover another thing."""
        size = self.style.text_pt - 1
        middle = ((self.figure[0] + self.figure[2]) / 2, (self.figure[1] + self.figure[3]) / 2)
        done: set[str] = set()
        for pad in self.pads:
            if pad.number not in names:
                continue
            area = self.frame.area(pad.x, pad.y, pad.w, pad.h)
            at = self._beside(area, middle, pad, size)
            if pad.number in done:
                raise ValueError(f"two pads have number {pad.number}")
            done.add(pad.number)
            half = self.canvas.text_width(pad.number, size) / 2, 0.36 * size
            box = (at[0] - half[0], at[1] - half[1], at[0] + half[0], at[1] + half[1])
            pads = (self.frame.area(p.x, p.y, p.w, p.h) for p in self.pads if p is not pad)
            if any(meets(box, other) for other in [*pads, *self.dimensions.texts]):
                raise ValueError(f"no free place for number {pad.number}")
            self.dimensions.texts.append(self.canvas.text(*at, pad.number, size, f"number {pad.number}"))

    def _beside(self, area: Area, middle: tuple[float, float], pad: PadSpec, size: float) -> tuple[float, float]:
        x, y = (area[0] + area[2]) / 2, (area[1] + area[3]) / 2
        wide, tall = self.canvas.text_width(pad.number, size), 0.72 * size
        if area[2] - area[0] > wide + 3 and area[3] - area[1] > tall + 3 and pad.drill is None:
            return x, y
        if pad.w >= pad.h:
            out = wide / 2 + 3
            return (area[2] + out, y) if x > middle[0] else (area[0] - out, y)
        out = tall / 2 + 3
        return (x, area[3] + out) if y > middle[1] else (x, area[1] - out)

    def dot(self, pad: PadSpec) -> None:
        """A filled dot outside the pattern beside pin 1. Raises ValueError where it would cover another pad."""
        area = self.frame.area(pad.x, pad.y, pad.w, pad.h)
        r = 2.2
        x = area[0] - 7 if pad.x < 0 else area[2] + 7
        y = (area[1] + area[3]) / 2
        if any(meets((x - r, y - r, x + r, y + r), self.frame.area(p.x, p.y, p.w, p.h), 1.0) for p in self.pads):
            raise ValueError("no free place for the dot")
        self.canvas.circle(x, y, r, "filled", dark=True)
        self.dimensions.texts.append((x - r, y - r, x + r, y + r))

    def dimension(self, links: list[Link], symbols: dict[int, str]) -> None:
        """All links as dimension lines or leaders; `symbols` replaces numbers by letters of a table."""
        for i in sorted(range(len(links)), key=lambda k: self._size_of(links[k])):
            link = links[i]
            value = self.value(link)
            lines = [symbols[i]] if i in symbols else land_lines(value, link.count, self.style)
            if link.what in ("hole", "copper", "diameter"):
                self._round(link, lines, i in symbols)
            else:
                self.dimensions.add(self._span(link), lines, link.what)

    def value(self, link: Link) -> float:
        """Millimetres between the two ends, as printed; the drawing itself may be off scale."""
        a, b = (
            0.0 if i == MIDDLE else self.printed[i].edge(link.axis, edge, link.hole) for i, edge in (link.a, link.b)
        )
        return round(abs(b - a), 6)

    def _size_of(self, link: Link) -> float:
        return (1000.0 if link.what in ("hole", "copper", "diameter") else 0.0) + self.value(link)

    def _span(self, link: Link) -> DrawnSpan:
        ends = []
        for pad_index, edge in (link.a, link.b):
            if pad_index == MIDDLE:
                area, at = self.figure, self.frame.at(0.0, 0.0)[link.axis]
            else:
                pad = self.pads[pad_index]
                area = self.frame.area(pad.x, pad.y, pad.w, pad.h)
                at = self.frame.at(pad.edge(0, edge, link.hole), pad.edge(1, edge, link.hole))[link.axis]
            ends.append((at, (area[1], area[3]) if link.axis == 0 else (area[0], area[2])))
        ends.sort()
        return DrawnSpan(link.axis, ends[0][0], ends[1][0], ends[0][1], ends[1][1])

    def _round(self, link: Link, lines: list[str], symbol: bool) -> None:
        """A diameter with a leader to its circle."""
        pad = self.pads[link.a[0]]
        across = (pad.drill[0] if link.hole and pad.drill else pad.w) / 2
        x, y = self.frame.at(pad.x, pad.y)
        side = 1 if y < (self.figure[1] + self.figure[3]) / 2 else -1
        r = across * self.frame.sx * 0.7071
        text = lines if symbol else [_with_sign(lines[0]), *lines[1:]]
        self.dimensions.leader((x + r, y - side * r), text, link.what)


def _with_sign(text: str) -> str:
    """The diameter sign right before the number, behind a count that stands first."""
    count = re.match(r"\d+(?:X |x|-)", text)
    at = count.end() if count else 0
    return f"{text[:at]}Ø{text[at:]}"


def inner_end(pad: PadSpec) -> str:
    """The side of a pad that looks to the middle of the pattern."""
    if pad.w >= pad.h:
        return "right" if pad.x < 0 else "left"
    return "bottom" if pad.y < 0 else "top"


def stencil_of(pads: list[PadSpec], rng: random.Random) -> list[PadSpec]:
    """Openings a little smaller than the pads, which must not be taken for them."""
    less = rng.choice((0.04, 0.06, 0.1))
    return [replace(p, w=round(p.w - less, 4), h=round(p.h - less, 4)) for p in pads]
