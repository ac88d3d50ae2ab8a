"""Made-up datasheets of real footprints: one of a library index, the libraries taken in turn so that chips do not prevail."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

from worker.datasheet.synthetic.guard import lanes
from worker.datasheet.synthetic.part import Oblong, PadSpec, Spread, SyntheticPart
from worker.datasheet.synthetic.parts.plan import plan
from worker.datasheet.synthetic.parts.shapes import body_dims, heights, rounded, stacked
from worker.datasheet.synthetic.style import Style

NOT_PARTS = re.compile(r"Symbol|Scale|NetTie|Fiducial|TestPoint|MountingHole|Mounting_|Jumper|Connector_Wire|Heatsink")
SHAPES = ("rect", "roundrect", "circle", "oval")
TYPES = ("smd", "thru_hole", "np_thru_hole")
MOST_PADS, PICKS = 120, 400
SIGNAL = re.compile(r"\d+|[A-Z]\d{1,2}")
ROUNDED_PART = 0.25  # of the drawings that show rounded corners


@dataclass(frozen=True, slots=True)
class Library:
    """Lines of an index, by the library they are from."""

    lines: dict[str, list[str]]

    @classmethod
    def read(cls, path: Path) -> Library:
        """One JSON object a line: lib, name, fab [x0, y0, x1, y1] and pads, each of them number, type, shape, x, y,
        rotation, w, h, drill, rounding and whether it is copper.
        """
        lines = defaultdict(list)
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                lib = json.loads(line)["lib"]
                if not NOT_PARTS.search(lib):
                    lines[lib].append(line)
        return cls(dict(sorted(lines.items())))

    def part(self, rng: random.Random, style: Style) -> SyntheticPart:
        """A footprint that a land pattern can be drawn of. Raises ValueError when none was found."""
        for _ in range(PICKS):
            row = json.loads(rng.choice(self.lines[rng.choice(list(self.lines))]))
            pads = _pads(row, rng.random() < ROUNDED_PART)
            if pads is not None and row["fab"] is not None:
                return _part(row, pads, style, rng)
        raise ValueError("the index holds no footprint that can be drawn")


def _pads(row: dict[str, Any], corners: bool) -> list[PadSpec] | None:
    """The copper of a footprint, pin 1 first; None when it has other than upright pads, or pads that touch."""
    copper = [p for p in row["pads"] if p[10]]
    if not 2 <= len(copper) <= MOST_PADS or not all(
        p[1] in TYPES and p[2] in SHAPES and p[5] % 90 == 0 for p in copper
    ):
        return None
    pads = stacked(_pad(p, corners) for p in copper)
    pads = [p for p in pads if not any(_is_via(p, o) for o in pads)]
    if sum(p.role == "signal" for p in pads) < 2 or any(_touch(a, b) for a, b in combinations(pads, 2)):
        return None
    return sorted(stacked(_alike(pads)), key=lambda p: (p.role != "signal", len(p.number), p.number))


def _pad(entry: list[Any], corners: bool) -> PadSpec:
    number, kind, shape, x, y, turn, w, h, drill, part, _ = entry
    if turn % 180:
        w, h, drill = h, w, drill[::-1] if drill else None
    if kind == "np_thru_hole":
        w, h = drill
    role = "locating_peg" if kind == "np_thru_hole" else "signal" if SIGNAL.fullmatch(str(number)) else "mechanical"
    radius = min(0.25, (part or 0) * min(w, h)) if corners else 0.0
    shape = (
        "oval"
        if shape == "oval" and w != h
        else "circle"
        if shape in ("circle", "oval")
        else "roundrect"
        if radius
        else "rect"
    )
    name = "MP" if role == "mechanical" else "" if role == "locating_peg" else str(number)
    return PadSpec(name, x, y, w, h, kind, shape, tuple(drill) if drill else None, round(radius, 2), role)


def _is_via(pad: PadSpec, other: PadSpec) -> bool:
    """Whether a hole lies in the larger pad of its own net."""
    inside = all(abs(pad.at(a) - other.at(a)) < other.edge(a, 1) - other.at(a) for a in (0, 1))
    return pad.type == "thru_hole" and other.type == "smd" and pad.w < 0.5 * max(other.w, other.h) and inside


def _touch(a: PadSpec, b: PadSpec) -> bool:
    return all(a.edge(k, -1) < b.edge(k, 1) + 0.02 and b.edge(k, -1) < a.edge(k, 1) + 0.02 for k in (0, 1))


def _alike(pads: list[PadSpec]) -> list[PadSpec]:
    """Makers draw the first hole like the others, where libraries mark it by a square."""
    holes = [p for p in pads if p.type == "thru_hole"]
    round_ = next((p for p in holes if p.shape in ("circle", "oval")), None)
    if round_ is None:
        return pads
    return [
        replace(p, shape=round_.shape, radius=0.0) if p.type == "thru_hole" and (p.w, p.h) == (round_.w, round_.h) else p
        for p in pads
    ]  # fmt: skip


def _part(row: dict[str, Any], exact: list[PadSpec], style: Style, rng: random.Random) -> SyntheticPart:
    """Numbers to two decimals, to three where two would make equal steps unequal."""
    decimals = 2
    pads = [_to(p, decimals) for p in exact]
    if _steps(pads) != _steps(exact):
        decimals = 3
        pads = [_to(p, decimals) for p in exact]
    x0, y0, x1, y1 = row["fab"]
    sides = _side(x1 - x0, rng), _side(y1 - y0, rng)
    through = any(p.type == "thru_hole" for p in pads)
    height = heights(rng, 0.6, 3.0) if not through else heights(rng, 3.0, 12.0)
    count = sum(p.role == "signal" for p in pads)
    return SyntheticPart(
        "library",
        f"{row['lib'].split('_')[:2][-1].upper()}-{count}",
        f"{row['lib'].replace('_', ' ')}, {count} terminals",
        sides,
        height,
        pads,
        plan(pads, style, rng),
        feet=[] if through else _feet(pads, (sides[0].target, sides[1].target)),
        dims=body_dims(sides, height, ("A", "B", "H")),
        through=through,
        decimals=decimals,
        footprint=f"{row['lib']}:{row['name']}",
    )


def _side(length: float, rng: random.Random) -> Spread:
    nom = round(length, 2)
    return Spread.around(nom, rng.choice((0.05, 0.1, 0.2))) if rng.random() < 0.6 and nom > 0.5 else Spread(nom=nom)


def _to(pad: PadSpec, decimals: int) -> PadSpec:
    """Sizes in twice the last decimal, so that edges have no more; places to it, or a tenth of it where steps need three."""
    grid = 5 * 10 ** (decimals - 1)
    drill = (round(pad.drill[0], decimals), round(pad.drill[1], decimals)) if pad.drill else None
    x, y = (round(v, 2 * decimals - 2) + 0.0 for v in (pad.x, pad.y))
    w, h = (round(round(v * grid) / grid, 4) for v in (pad.w, pad.h))
    return replace(pad, x=x, y=y, w=w, h=h, drill=drill)


def _steps(pads: list[PadSpec]) -> list[tuple[bool, ...]]:
    """Which neighbouring steps along the rows are equal."""
    kinds = dict.fromkeys(p.kind for p in pads)
    rows = [[pads[i].at(axis) for i in row] for kind in kinds for axis in (0, 1) for row in lanes(pads, kind, axis)]
    gaps = [[b - a for a, b in pairwise(row)] for row in rows]
    return [tuple(abs(b - a) < 1e-3 for a, b in pairwise(own)) for own in gaps]


def _feet(pads: list[PadSpec], body: tuple[float, float]) -> list[Oblong]:
    """Terminals under the body: what of the pads it covers, in the middle of both."""
    inside = (p for p in pads if abs(p.x) < body[0] / 2 and abs(p.y) < body[1] / 2)
    return [
        Oblong(p.x, p.y, rounded(2 * min(0.4 * p.w, body[0] / 2 - abs(p.x))), rounded(2 * min(0.4 * p.h, body[1] / 2 - abs(p.y))))
        for p in inside
    ]  # fmt: skip
