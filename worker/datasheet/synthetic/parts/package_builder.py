"""Puts a made-up part together: terminals, body, dimensions of its outline, and pin numbers beside it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from worker.datasheet.synthetic.part import Axis, BodyDim, Edge, Link, Oblong, PadSpec, Spread, SyntheticPart
from worker.datasheet.synthetic.parts.shapes import body_dims, rounded, stacked

Place = tuple[float, float]


class PackageBuilder:
    """One part while its family declares it; millimetres, y down, origin in the middle.

    Terminals are numbered from 1 in the order in which they are added; dimensions are printed in the order of their
    calls. `pads`, `leads`, `feet`, `links` and `labels` are what the part has so far.
    """

    def __init__(self, family: str) -> None:
        self.family = family
        self.pads: list[PadSpec] = []
        self.links: list[Link] = []
        self.leads: list[Oblong] = []
        self.feet: list[Oblong] = []
        self.labels: list[tuple[str, float, float]] = []
        self.vias: list[tuple[float, float, float]] = []
        self._sides = Spread(), Spread()
        self._height = Spread()
        self._dims: list[BodyDim] = []

    def body(self, x: Spread, y: Spread, height: Spread, symbols: tuple[str, str, str] = ("D", "E", "A")) -> None:
        """The sides of the body along x and y and its height, printed with these symbols."""
        self._sides, self._height = (x, y), height
        self._dims += body_dims(self._sides, height, symbols)

    def terminals(self, at: Sequence[Place], w: float, h: float, look: tuple[str, float] = ("rect", 0.0)) -> None:
        """Pads of one size at these places; `look` is their shape and the radius of their corners."""
        shape, radius = look
        self.pads += [PadSpec(str(i), x, y, w, h, shape=shape, radius=radius) for i, (x, y) in self._numbered(at)]

    def holes(self, at: Sequence[Place], copper: float, drill: float) -> None:
        """Plated holes in round pads of the diameter `copper`."""
        shape = "thru_hole", "circle", (drill, drill)
        self.pads += [PadSpec(str(i), x, y, copper, copper, *shape) for i, (x, y) in self._numbered(at)]

    def exposed(self, w: float, h: float) -> None:
        """The pad in the middle, numbered after the last terminal, with its dimensions."""
        i = len(self.pads)
        self.pads.append(PadSpec(str(i + 1), 0.0, 0.0, w, h, role="exposed"))
        self.link(0, (i, -1), (i, 1), "ep_w", symbol="W2")
        self.link(1, (i, -1), (i, 1), "ep_h", symbol="T2")

    def centre(self) -> None:
        """Moves the pads so that the middle of the extents of their centres is the origin."""
        self.pads = stacked(self.pads)

    def _numbered(self, at: Sequence[Place]) -> list[tuple[int, Place]]:
        return list(enumerate(at, start=len(self.pads) + 1))

    def link(
        self, axis: Axis, a: tuple[int, Edge], b: tuple[int, Edge], what: str, count: int = 1, symbol: str = ""
    ) -> None:
        """A dimension of the land pattern between edges of two pads, which are counted from 0."""
        self.links.append(Link(axis, a, b, what, count, symbol=symbol))

    def drilled(self, hole: int, copper: int, count: int) -> None:
        """The diameters of `count` alike holes and of their copper, each shown at one pad."""
        self.links.append(Link(0, (hole, -1), (hole, 1), "hole", count, hole=True, symbol="H"))
        self.link(0, (copper, -1), (copper, 1), "copper", count, "X")

    def dim(
        self,
        view: str,
        axis: Axis,
        ends: Place,
        value: Spread,
        symbol: str,
        name: str,
        count: int = 1,
        at: float = 0.0,
        tag: str = "",
    ) -> None:
        """A dimension of an outline view between two ends along `axis`."""
        self._dims.append(BodyDim(view, axis, *ends, value, symbol, name, count, at, tag))

    def extent(
        self,
        view: str,
        axis: Axis,
        length: float,
        tolerance: float,
        symbol: str,
        name: str,
        count: int = 1,
        at: float = 0.0,
        middle: float = 0.0,
    ) -> None:
        """A length around `middle`, printed with its tolerance."""
        ends = middle - length / 2, middle + length / 2
        self.dim(view, axis, ends, Spread.around(length, tolerance), symbol, name, count, at)

    def pitch(
        self, view: str, axis: Axis, ends: Place, count: int, at: float, tag: str = "BSC", symbol: str = "e"
    ) -> None:
        """The step between two terminals next to each other."""
        self.dim(view, axis, ends, Spread(nom=rounded(ends[1] - ends[0])), symbol, "pitch", count, at, tag)

    def label(self, at: Sequence[Place], pins: Collection[int] | None = None) -> None:
        """Pin numbers at one place for each terminal; `pins`, counted from 0, are those that show theirs."""
        shown = range(len(at)) if pins is None else pins
        self.labels += [(str(i + 1), x, y) for i, (x, y) in enumerate(at) if i in shown]

    def build(
        self, code: str, title: str, pin1: Place | None = None, *, through: bool = False, round_feet: bool = False
    ) -> SyntheticPart:
        """The part; `pin1` is where its mark stands on the body."""
        return SyntheticPart(
            self.family,
            code,
            title,
            self._sides,
            self._height,
            self.pads,
            self.links,
            self.leads,
            self.feet,
            self._dims,
            vias=self.vias,
            pin1=pin1,
            labels=self.labels,
            through=through,
            round_feet=round_feet,
        )
