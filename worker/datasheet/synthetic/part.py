"""What a synthetic drawing shows: a made-up part with body, leads and pads; millimetres, y down, origin in the middle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Axis = Literal[0, 1]  # 0: x, 1: y
Edge = Literal[-1, 0, 1]  # the low edge, the centre or the high edge of a pad along an axis
MIDDLE = -1  # in place of a pad: the centre line of a symmetric pattern


@dataclass(frozen=True, slots=True)
class Spread:
    """One printed quantity; a limit that is not printed is None."""

    min: float | None = None
    nom: float | None = None
    max: float | None = None

    @classmethod
    def around(cls, nom: float, tolerance: float) -> Spread:
        """The limits of a nominal with an equal tolerance up and down, all rounded to six places."""
        return cls(round(nom - tolerance, 6), round(nom, 6), round(nom + tolerance, 6))

    @property
    def target(self) -> float:
        """The nominal, else the mean of the limits that are given, in mm."""
        if self.nom is not None:
            return self.nom
        known = [v for v in (self.min, self.max) if v is not None]
        return sum(known) / len(known)


@dataclass(frozen=True, slots=True)
class Oblong:
    """An upright rectangle by centre and size."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class PadSpec:
    """One pad of the land pattern. Copper without a stated size has `w` None but is still drawn with `shown` millimetres."""

    number: str
    x: float
    y: float
    w: float
    h: float
    type: str = "smd"
    shape: str = "rect"
    drill: tuple[float, float] | None = None
    radius: float = 0.0
    role: str = "signal"

    @property
    def kind(self) -> tuple[str, str, str, float, float]:
        """What pads have in common that a drawing sizes together, however they are turned."""
        return self.type, self.shape, self.role, min(self.w, self.h), max(self.w, self.h)

    def at(self, axis: Axis) -> float:
        """The centre along x (0) or y (1) in mm."""
        return round(self.x if axis == 0 else self.y, 4) + 0.0

    def edge(self, axis: Axis, which: Edge, hole: bool = False) -> float:
        """A place along an axis; of the hole in the pad when `hole` is set."""
        centre, size = (self.x, self.w) if axis == 0 else (self.y, self.h)
        return centre + which * (self.drill[axis] if hole and self.drill else size) / 2


@dataclass(frozen=True, slots=True)
class Link:
    """A dimension of the land pattern: the distance along `axis` from an edge or centre of one pad (or MIDDLE) to one of another.

    `count` is how often the drawing prints it applies; `what` names it; a diameter links the two edges of one round pad or hole.
    """

    axis: Axis
    a: tuple[int, Edge]
    b: tuple[int, Edge]
    what: str
    count: int = 1
    hole: bool = False
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class BodyDim:
    """A dimension of an outline view: from `a` to `b` along `axis` in the view's own millimetres, printed as `value`."""

    view: str  # top, side, bottom
    axis: Axis
    a: float
    b: float
    value: Spread
    symbol: str
    name: str  # length, width, height, pitch, lead_width, foot_length, overall, standoff, ep_x, ep_y, thickness
    count: int = 1
    at: float = 0.0  # where the measured feature stands across the axis
    tag: str = ""  # BSC, REF, TYP, MAX


@dataclass
class SyntheticPart:
    """A made-up part; `leads` are seen from the top beside the body, `feet` from below."""

    family: str
    code: str
    title: str
    body: tuple[Spread, Spread]  # along x and y of the top view
    height: Spread
    pads: list[PadSpec]
    links: list[Link]
    leads: list[Oblong] = field(default_factory=list)
    feet: list[Oblong] = field(default_factory=list)
    dims: list[BodyDim] = field(default_factory=list)
    terminals: dict[str, Spread] = field(default_factory=dict)
    vias: list[tuple[float, float, float]] = field(default_factory=list)
    pin1: tuple[float, float] | None = None
    labels: list[tuple[str, float, float]] = field(default_factory=list)  # pin numbers of the top view: text and place
    round_feet: bool = False
    through: bool = False
    decimals: int = 2  # that its numbers need
    footprint: str | None = None  # of a library, that it was drawn after

    @property
    def size(self) -> tuple[float, float]:
        """Length along x and width along y of the body in mm."""
        return self.body[0].target, self.body[1].target
