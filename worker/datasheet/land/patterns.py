"""What a land pattern is made of: pads, vias and holes in them, frames around them; shapes that stand together as groups."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from worker.datasheet.drawing.dimensions import DimensionSpan
from worker.datasheet.drawing.shapes import ROUND, Shape
from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.segmentation.candidates import centred, holds
from worker.datasheet.segmentation.links import dimension_pairs, linked
from worker.datasheet.thresholds.land import MARK_PART, PADS_TOUCH_PT, VIA_SMALLER

MAX_PEGS = 4


@dataclass
class Pattern:
    """Shapes that may be the pads of one land pattern, with vias and shapes lying inside others set apart."""

    pads: list[Shape]
    vias: list[Shape] = field(default_factory=list)
    inner: list[Shape] = field(default_factory=list)
    frames: list[Shape] = field(default_factory=list)  # bodies and silk screen around pads
    left: list[Shape] = field(default_factory=list)  # shapes of the figure that this pattern does not explain
    others: list[Shape] = field(default_factory=list)  # pads of the patterns of other parts in the same figure
    added: list[Shape] = field(default_factory=list)  # pads that no shape was found for, as mirror images of others
    titles: list[Word] = field(default_factory=list)  # captions of the figure, nearest first
    kind: str = ""  # of the figure, see `segmentation.captions`
    first: Shape | None = None  # the pad that a leader names as the first
    extent: Box = field(default_factory=lambda: Box(0, 0, 0, 0))

    @property
    def box(self) -> Box:
        """The smallest upright rectangle around its pads, in page points, y down."""
        return around([p.box for p in self.pads])


def groups(shapes: list[Shape], spans: list[DimensionSpan]) -> list[list[Shape]]:
    """Shapes joined into figures: near each other, equal in line, or tied by a dimension."""
    parent = list(range(len(shapes)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, a in enumerate(shapes):
        for j in range(i + 1, len(shapes)):
            if root(i) != root(j) and linked(a, shapes[j]):
                parent[root(i)] = root(j)
    for i, j in dimension_pairs(shapes, spans):
        parent[root(i)] = root(j)
    found: dict[int, list[Shape]] = {}
    for i, shape in enumerate(shapes):
        found.setdefault(root(i), []).append(shape)
    return _with_holes(list(found.values()))


def _with_holes(groups: list[list[Shape]]) -> list[list[Shape]]:
    """Equal round holes that stand apart, but within the extents of other pads, belong to them: pegs of a connector."""
    result = sorted(groups, key=len, reverse=True)
    for group in result[::-1]:
        if not (2 <= len(group) <= MAX_PEGS and all(s.kind == "circle" and s.same_size(group[0]) for s in group)):
            continue
        box = around([s.box for s in group])
        home = next((g for g in result if len(g) > len(group) and around([s.box for s in g]).holds(box)), None)
        if home is not None:
            home.extend(group)
            result.remove(group)
    return result


def sort_out(group: list[Shape]) -> Pattern | None:
    """Pads are the shapes that neither hold others of the pattern nor lie in one of them."""
    frames = [s for s in group if _is_frame(s, group)]
    rest = [s for s in group if s not in frames]
    inner = [s for s in rest if any(holds(o, s) for o in rest)]
    pads = [s for s in rest if s not in inner]
    pads = _without_marks(_without_crossing(pads))
    if not pads:
        return None
    discs = [s for s in inner if s.kind == "circle" and any(_is_via(s, p) for p in pads)]
    vias = [] if _drilled(discs, pads) else discs
    return Pattern(pads, vias, [s for s in inner if s not in vias], frames)


def _is_via(disc: Shape, pad: Shape) -> bool:
    """Whether a disc is a via of the pad around it; the one in the middle of a round pad is its hole."""
    return (
        holds(pad, disc)
        and pad.box.area > VIA_SMALLER * disc.box.area
        and not (centred(disc, pad) and pad.kind in ROUND)
    )


def _drilled(discs: list[Shape], pads: list[Shape]) -> bool:
    """Whether discs are the holes of several pads: each alone in the middle of its own."""
    homes = [own for p in pads if (own := [d for d in discs if holds(p, d)])]
    return len(homes) > 1 and all(len(own) == 1 and any(centred(own[0], p) for p in pads) for own in homes)


def _is_frame(shape: Shape, group: list[Shape]) -> bool:
    """A body or silk outline: it holds or cuts several shapes that are no mere vias or openings of it."""
    others = [s for s in group if s is not shape and s.box.meets(shape.box)]
    cut = [s for s in others if not shape.box.holds(s.box, PADS_TOUCH_PT) and s.box.area < shape.box.area]
    held = [s for s in others if holds(shape, s)]
    concentric = [s for s in held if centred(s, shape)]
    if len(cut) >= 2:
        return True
    solid = [s for s in held if s.kind != "circle" and s not in concentric]
    return len(solid) >= 2 or (len(held) >= 2 and shape.kind in ("circle", "oval") and len(concentric) == 0)


def _without_crossing(pads: list[Shape]) -> list[Shape]:
    """Drops shapes that overlap a smaller kept one: pads of one pattern never touch."""
    kept: list[Shape] = []
    for shape in sorted(pads, key=lambda s: s.box.area):
        if not any(k.box.grown(-PADS_TOUCH_PT).meets(shape.box) for k in kept):
            kept.append(shape)
    return kept


def _without_marks(pads: list[Shape]) -> list[Shape]:
    """Drops a lone solid disc much smaller than the pads, or beside open ones: the mark of pin 1."""
    if len(pads) < 3:
        return pads
    usual = float(np.median([p.box.area for p in pads]))
    solid = [p for p in pads if p.kind == "circle" and p.filled]
    marks = [p for p in solid if p.box.area < MARK_PART * usual]
    if len(solid) == 1 and all(p.kind in ROUND and p.box.area >= solid[0].box.area for p in pads):
        marks = solid
    return [p for p in pads if p is not marks[0]] if len(marks) == 1 else pads
