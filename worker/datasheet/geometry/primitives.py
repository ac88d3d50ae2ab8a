"""What a page is made of once read: straight strokes, closed outlines and words, in points, x right and y down."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle: x0 <= x1, y0 <= y1."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Along x, in points."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Along y, in points."""
        return self.y1 - self.y0

    @property
    def cx(self) -> float:
        """The middle along x, in points from the left."""
        return (self.x0 + self.x1) / 2

    @property
    def cy(self) -> float:
        """The middle along y, in points from the top."""
        return (self.y0 + self.y1) / 2

    @property
    def area(self) -> float:
        """Square points."""
        return self.width * self.height

    def grown(self, by: float) -> Box:
        """This box with `by` points more on every side."""
        return Box(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)

    def holds(self, other: Box, slack: float = 0.0) -> bool:
        """Whether another box lies in this one, or at most `slack` points outside."""
        return (
            self.x0 - slack <= other.x0
            and self.y0 - slack <= other.y0
            and self.x1 + slack >= other.x1
            and self.y1 + slack >= other.y1
        )

    def holds_point(self, x: float, y: float) -> bool:
        """Whether a point of the page, y down, lies in this box or on its edge."""
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1

    def quarter(self, page_height: float) -> Box:
        """This box on the page turned a quarter clockwise."""
        return Box(page_height - self.y1, self.x0, page_height - self.y0, self.x1)

    def meets(self, other: Box) -> bool:
        """Whether both boxes share some area; boxes that only touch do not."""
        return self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1

    def gap(self, other: Box) -> float:
        """Distance between the nearest edges, 0 where the boxes meet."""
        dx = max(other.x0 - self.x1, self.x0 - other.x1, 0.0)
        dy = max(other.y0 - self.y1, self.y0 - other.y1, 0.0)
        return math.hypot(dx, dy)

    def distance(self, x: float, y: float) -> float:
        """From a point of the page to the nearest edge in points, 0 inside."""
        return math.hypot(max(self.x0 - x, x - self.x1, 0.0), max(self.y0 - y, y - self.y1, 0.0))


def area_of(points: tuple[tuple[float, float], ...]) -> float:
    """Area of a closed polygon in square points, whichever way round it is drawn (shoelace formula)."""
    xy = np.asarray(points, dtype=float)
    x, y = xy[:, 0], xy[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def around(boxes: list[Box]) -> Box:
    """The smallest box that holds all of these, of which there must be one at least."""
    return Box(min(b.x0 for b in boxes), min(b.y0 for b in boxes), max(b.x1 for b in boxes), max(b.y1 for b in boxes))


@dataclass(frozen=True, slots=True)
class Word:
    """A run of text on one line; `turn`: reading direction in quarter turns counter-clockwise (1: upwards)."""

    text: str
    box: Box
    turn: int = 0
    confidence: float = 1.0
    size: float = 0.0  # height of the letters, across the reading direction

    @property
    def across(self) -> float:
        """Height of the letters in points, across the reading direction; of the box where the letters' own is unknown."""
        return self.size or (self.box.height if self.turn % 2 == 0 else self.box.width)


@dataclass(frozen=True, slots=True)
class ClosedOutline:
    """A closed path: its corner points, whether it is painted, and how it was drawn."""

    points: tuple[tuple[float, float], ...]
    filled: bool
    stroked: bool
    curved: bool
    color: tuple[int, int, int] = (0, 0, 0)
    pen: float = 0.0  # stroke width
    dashed: bool = False

    def moved(self, points: tuple[tuple[float, float], ...]) -> ClosedOutline:
        """The same outline with other corner points, in page points, y down."""
        return replace(self, points=points)

    @property
    def box(self) -> Box:
        """The smallest upright rectangle around its corner points, in page points, y down."""
        xs = [p[0] for p in self.points]
        ys = [p[1] for p in self.points]
        return Box(min(xs), min(ys), max(xs), max(ys))


@dataclass(frozen=True, slots=True)
class Tip:
    """Where a dimension line ends. `dx`, `dy` say where the arrow points; both 0 for a dot or a tick, which ends both sides."""

    x: float
    y: float
    dx: int
    dy: int


NO_LINES: NDArray[np.float64] = np.zeros((0, 7))


@dataclass
class Sheet:
    """One page as read. `lines` has a row per straight stroke: x0, y0, x1, y1, stroke width, colour key, sub-path number."""

    number: int
    width: float
    height: float
    words: list[Word] = field(default_factory=list)
    lines: NDArray[np.float64] = field(default_factory=lambda: NO_LINES)
    outlines: list[ClosedOutline] = field(default_factory=list)
    arrowheads: list[Tip] = field(default_factory=list)  # arrow heads found in pixels; drawn ones follow from `lines`
    images: list[Box] = field(default_factory=list)
    turned: int = 0  # quarter turns clockwise applied to bring the text upright
    raster: bool = False  # whether anything here comes from pixels, which are never exact
