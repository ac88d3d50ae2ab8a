"""Groups shapes into land patterns: equal shapes in rows, what lies between them, and what belongs to another figure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from worker.datasheet.drawing.dimensions import DimensionSpan, box_of
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.drawing.shapes import ROUND, Shape
from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.land import leaders
from worker.datasheet.land.candidates import candidates, centred, holds
from worker.datasheet.search import titles

GOOD = re.compile(
    r"land\s*pattern|solder(?:ing)?\s*(?:foot\s*print|pad|land)|foot\s*print|board\s*layout|pad\s*layout|layout|p\.?\s?c\.?\s?b|"
    r"mounting\s*pad|solder\s*land|recommended|suggested|reflow|mounting\s*pattern|hole\s*layout|pads?\b",
    re.IGNORECASE,
)
BAD = re.compile(
    r"stencil|paste|wave\s*solder|package\s*outline|bottom\s*view|side\s*view|front\s*view|end\s*view|marking|mask\s*detail|"
    r"solder\s*mask|detail|connection|tape|reel|carrier|top\s*view|schematic|circuit\b|via\s*(?:pattern|layout)|mechanical",
    re.IGNORECASE,
)
STRONG = re.compile(
    r"land\s*pattern|foot\s*print|board\s*layout|pad\s*layout|suggested|recommend|solder\s*land|p\.?\s?c\.?\s?b",
    re.IGNORECASE,
)
VETO = re.compile(r"stencil|paste|wave\s*solder|solder\s*mask\s*detail", re.IGNORECASE)
GAP = 2.0  # sizes of the smaller shape: closer shapes belong to one figure
TITLE_PT = 170.0
END_PT, REACH_PT = 0.9, 250.0  # how far an extension line may end from what it means, and how long it may be
MARK_PART = 0.4
MAX_PEGS = 4
ALIKE_AREA = 4.0  # times the area of the smaller one: what a pad of another kind may have
FAR_PAD, FAR_HOLE = 7.0, 14.0  # the same for equal shapes in line


@dataclass
class Pattern:
    """Shapes that may be the pads of one land pattern, with vias and shapes lying inside others set apart."""

    pads: list[Shape]
    vias: list[Shape] = field(default_factory=list)
    inner: list[Shape] = field(default_factory=list)
    titles: list[Word] = field(default_factory=list)
    first: Shape | None = None  # the pad that a leader names as the first
    extent: Box = field(default_factory=lambda: Box(0, 0, 0, 0))

    @property
    def box(self) -> Box:
        return around([p.box for p in self.pads])


def _linked(a: Shape, b: Shape) -> bool:
    gap = a.box.gap(b.box)
    smaller = min(max(a.box.width, a.box.height), max(b.box.width, b.box.height))
    if gap <= GAP * smaller:
        return True
    level = abs(a.box.cx - b.box.cx) < 0.8 or abs(a.box.cy - b.box.cy) < 0.8
    far = FAR_HOLE if a.kind in ROUND and b.kind in ROUND else FAR_PAD
    return level and a.same_size(b) and gap <= far * smaller


def _measured(shapes: list[Shape], spans: list[DimensionSpan]) -> list[tuple[int, int]]:
    """Pairs of shapes of about one size, or of a hole and another one, that a dimension line runs between: they are of one
    figure however far apart they stand.
    """
    if not shapes:
        return []
    boxes = np.array([[s.box.x0, s.box.y0, s.box.x1, s.box.y1] for s in shapes])
    found = []
    for span in spans:
        a, b = (_reached(boxes, span, at) for at in (span.start, span.end))
        if a is not None and b is not None and a != b and _of_one_figure(shapes[a], shapes[b]):
            found.append((a, b))
    return found


def _of_one_figure(a: Shape, b: Shape) -> bool:
    alike = max(a.box.area, b.box.area) < ALIKE_AREA * min(a.box.area, b.box.area)
    return alike or "circle" in (a.kind, b.kind)


def _reached(boxes: NDArray[np.float64], span: DimensionSpan, at: float) -> int | None:
    """The shape an extension line at `at` reaches first: one with an edge or its centre there."""
    low, high = (boxes[:, 0], boxes[:, 2]) if span.axis == 0 else (boxes[:, 1], boxes[:, 3])
    near, far = (boxes[:, 1], boxes[:, 3]) if span.axis == 0 else (boxes[:, 0], boxes[:, 2])
    off = np.minimum(np.minimum(np.abs(low - at), np.abs(high - at)), np.abs((low + high) / 2 - at))
    away = np.maximum(np.maximum(near - span.at, span.at - far), 0.0)
    away[(off > END_PT) | (away > REACH_PT)] = np.inf
    best = int(np.argmin(away))
    return best if np.isfinite(away[best]) else None


def _groups(shapes: list[Shape], spans: list[DimensionSpan]) -> list[list[Shape]]:
    parent = list(range(len(shapes)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, a in enumerate(shapes):
        for j in range(i + 1, len(shapes)):
            if root(i) != root(j) and _linked(a, shapes[j]):
                parent[root(i)] = root(j)
    for i, j in _measured(shapes, spans):
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


def _sort_out(group: list[Shape]) -> Pattern | None:
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
    return Pattern(pads, vias, [s for s in inner if s not in vias])


def _is_via(disc: Shape, pad: Shape) -> bool:
    """Whether a disc is a via of the pad around it; the one in the middle of a round pad is its hole."""
    return holds(pad, disc) and pad.box.area > 4 * disc.box.area and not (centred(disc, pad) and pad.kind in ROUND)


def _drilled(discs: list[Shape], pads: list[Shape]) -> bool:
    """Whether discs are the holes of several pads: each alone in the middle of its own."""
    homes = [own for p in pads if (own := [d for d in discs if holds(p, d)])]
    return len(homes) > 1 and all(len(own) == 1 and any(centred(own[0], p) for p in pads) for own in homes)


def _is_frame(shape: Shape, group: list[Shape]) -> bool:
    """A body or silk outline: it holds or cuts several shapes that are no mere vias or openings of it."""
    others = [s for s in group if s is not shape and s.box.meets(shape.box)]
    cut = [s for s in others if not shape.box.holds(s.box, 0.3) and s.box.area < shape.box.area]
    held = [s for s in others if holds(shape, s)]
    twins = [s for s in held if centred(s, shape)]
    if len(cut) >= 2:
        return True
    solid = [s for s in held if s.kind != "circle" and s not in twins]
    return len(solid) >= 2 or (len(held) >= 2 and shape.kind in ("circle", "oval") and len(twins) == 0)


def _without_crossing(pads: list[Shape]) -> list[Shape]:
    """Drops shapes that overlap a smaller kept one: pads of one pattern never touch."""
    kept: list[Shape] = []
    for shape in sorted(pads, key=lambda s: s.box.area):
        if not any(k.box.grown(-0.3).meets(shape.box) for k in kept):
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


def _give_titles(drawing: Drawing, patterns: list[Pattern]) -> None:
    """Gives each telling line of text to the figure it most likely names: the nearest one over or under it."""
    for line in drawing.lines:
        if len(line.text) < 4 or not (GOOD.search(line.text) or BAD.search(line.text) or titles.names_land(line.text)):
            continue
        near = sorted(patterns, key=lambda p: title_distance(p.extent, line.box))
        if near and title_distance(near[0].extent, line.box) < TITLE_PT:
            near[0].titles.append(line)


def title_distance(figure: Box, line: Box) -> float:
    aside = max(figure.x0 - line.cx, line.cx - figure.x1, 0.0)
    apart = max(figure.y0 - line.y1, line.y0 - figure.y1, 0.0)
    return apart + 1.3 * aside + 0.05 * abs(figure.cx - line.cx)


def find(drawing: Drawing) -> list[Pattern]:
    """Every group of shapes on the page that might be a land pattern."""
    found = []
    for group in _groups(candidates(drawing), drawing.spans):
        pattern = _sort_out(group)
        if pattern is None or len(pattern.pads) < 2 or len(pattern.pads) > 1500:
            continue
        found.append(pattern)
    for pattern in found:
        pattern.extent = _extent(pattern, drawing)
        pattern.first = leaders.first_pad(pattern.pads, drawing)
    _give_titles(drawing, found)
    return found


def _extent(pattern: Pattern, drawing: Drawing) -> Box:
    """The figure with its dimension lines: spans that end at edges or centres of its pads."""
    boxes = [pattern.box]
    places = (
        {round(v) for p in pattern.pads for v in (p.box.x0, p.box.cx, p.box.x1)},
        {round(v) for p in pattern.pads for v in (p.box.y0, p.box.cy, p.box.y1)},
    )
    around_it = pattern.box.grown(110)
    for span in drawing.spans:
        ends = {round(span.start), round(span.end)}
        if ends <= places[span.axis] and around_it.holds(box_of(span)):
            boxes.append(box_of(span))
    return around(boxes)


def title_score(pattern: Pattern) -> float:
    """How much the words around a figure speak for a land pattern, less those that speak against it."""
    score = 0.0
    for word in pattern.titles:
        weight = 1.0 / (1.0 + title_distance(pattern.extent, word.box) / 60.0)
        if VETO.search(word.text):
            score -= 2.5 * weight
        elif STRONG.search(word.text) or titles.names_land(word.text):
            score += 1.5 * weight
        elif GOOD.search(word.text):
            score += 0.7 * weight
        elif BAD.search(word.text):
            score -= 0.6 * weight
    return max(-3.0, min(3.0, score))
